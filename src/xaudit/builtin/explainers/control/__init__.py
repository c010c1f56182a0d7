"""Controls: maps that know nothing of the model, as levels to beat."""
