"""Files of masks: pictures and NIfTI volumes, matched with cases."""
