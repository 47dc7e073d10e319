"""Numbers on plain paper, in no boxes."""
