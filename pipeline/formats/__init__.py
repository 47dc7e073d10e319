"""Formats: what a number may look like, as automata over its digits; checks and dates; the words that name them."""
