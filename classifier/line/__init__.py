"""The whole line at once: its picture, the network that reads it, and what its columns spell."""
