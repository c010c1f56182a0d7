"""In-fills: what a region of an image is replaced by."""
