"""Nielsen's networks: perceptrons, sigmoid neurons, and their training by gradient descent."""
