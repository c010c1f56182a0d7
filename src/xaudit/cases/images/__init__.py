"""Image files: recognised by content, decoded to pixels between 0 and 1, placed in the patient."""
