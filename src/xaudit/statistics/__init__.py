"""How sure the numbers are: patients are resampled, never images; NumPy and SciPy only."""
