"""Sources of networks."""
