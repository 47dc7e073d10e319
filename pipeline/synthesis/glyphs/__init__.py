"""Single characters as ink: shapes of our own, pen strokes, MNIST's digits, fonts."""
