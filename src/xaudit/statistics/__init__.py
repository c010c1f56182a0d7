"""Uncertainty of the numbers: patients are resampled, never images; NumPy and SciPy only."""
