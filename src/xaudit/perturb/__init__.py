"""Changed copies of an image: what replaces pixels, in which order, and how a model is asked about them quickly."""
