"""Sections about maps: the mean maps of a model, and groups of its maps."""
