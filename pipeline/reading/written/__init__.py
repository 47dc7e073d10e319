"""What is written about the digits of an amount, and what it is worth: by the line network and by the ink's shapes."""
