"""Adapting the shipped weights to a user's own pictures."""
