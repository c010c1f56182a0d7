"""Sections of the data audit, one file for each check."""
