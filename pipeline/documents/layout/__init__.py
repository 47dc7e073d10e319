"""What is printed and written where on a page."""
