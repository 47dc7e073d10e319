"""The second reader: the whole line at once, as columns of log-probabilities (classifier/line/line_network.py).

grey (H, W) ── along the number line, or whole ──> ColumnReader ──> columns (T, K) ──> digits and blank (T, 11)
"""
