"""The check of what predicts the label without the organ."""
