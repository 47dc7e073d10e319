"""What training learns from: downloads and converters."""
