"""Intervals that hold wherever an audit stops, and the order in which it takes patients."""
