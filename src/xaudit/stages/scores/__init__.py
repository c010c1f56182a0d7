"""Scores that compare several maps: changed images, sanity, robustness, repeatability and controls."""
