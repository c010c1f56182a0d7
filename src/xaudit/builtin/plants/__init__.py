"""Plants: evidence that can be put into an image, one record in one file."""
