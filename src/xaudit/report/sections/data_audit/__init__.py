"""Sections of the checks of the data: one file for each check, and the whole screen."""
