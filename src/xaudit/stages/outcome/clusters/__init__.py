"""Groups of a run's maps that lie at the same place."""
