"""The steps from a grey picture to its ink, one after the other; `segmenter.ink` calls them."""
