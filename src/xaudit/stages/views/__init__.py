"""Collect what a page, a picture or a screen shows of a finished run."""
