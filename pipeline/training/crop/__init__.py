"""The crop network: its examples, its loss over whole strings, its training."""
