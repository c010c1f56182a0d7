"""Resize and crop images as the network's own library does."""
