"""Audit whether an image classifier looks where the radiologist looks, and whether its explanations hold."""

__version__ = "0.1.0"
