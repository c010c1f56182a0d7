"""Files as folders, names and text: walked, decoded and spelled in the same way everywhere."""
