"""Checks of the data: copies across splits, what gives the label away, attributes, calibration of the answers."""
