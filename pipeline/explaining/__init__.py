"""The parts of the picture that explains a reading."""
