"""Checks that need the whole audit file."""
