"""Masks of lungs, body and thorax: read from files or segmented from the image."""
