"""The crop network on a user's pictures: their lattices and crops, and the training on paths that spell the text."""
