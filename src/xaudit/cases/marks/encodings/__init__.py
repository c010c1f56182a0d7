"""Write readers' marks, a file for each format."""
