"""Probabilities that are honest: fitted on strings that nothing was trained on."""
