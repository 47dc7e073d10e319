"""Commands that make weights, adapt, judge and export them."""
