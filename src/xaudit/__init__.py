"""Audit whether an image classifier looks where the radiologist looks, and whether its explanations hold."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("xaudit")
except PackageNotFoundError:  # run from its source folder, never installed
    __version__ = "0+unknown"
