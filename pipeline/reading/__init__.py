"""Reading: images, lattice, search, calibration, reader."""
