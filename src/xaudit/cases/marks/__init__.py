"""Readers' marks: found in files, read, checked against their images and combined."""
