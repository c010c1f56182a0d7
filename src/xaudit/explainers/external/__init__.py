"""Maps of a model that is not here: which file belongs to which image, what is in it, and how it lies on the image."""
