"""The line network on a user's pictures: all its layers with PyTorch, the last one without."""
