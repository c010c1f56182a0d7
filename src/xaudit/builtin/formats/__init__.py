"""Formats of readers' marks."""
