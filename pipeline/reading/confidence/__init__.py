"""How sure: two readers joined, calibration, thresholds of one's own, what is left open."""
