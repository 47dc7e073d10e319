"""What surrounds a number in a picture that somebody cut out or photographed."""
