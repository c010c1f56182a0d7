"""Check of the data: images that are copies of each other, or slices of one scan, within and across the splits."""
