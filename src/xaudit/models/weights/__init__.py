"""Read weights from disk without running code, and match them with a network."""
