"""Methods that hide parts of the image."""
