"""The weights, made again from the data; the networks of the book."""
