"""The first reader: a field as a lattice of spans; its paths, its texts, and the search for both."""
