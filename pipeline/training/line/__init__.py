"""The line network: what it learns from, its model in PyTorch, its training."""
