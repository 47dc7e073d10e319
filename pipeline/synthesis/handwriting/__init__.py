"""A writer at work: the hand, its digits and marks, one after the other on the line."""
