"""Match the names in annotation files, tables and masks with the images of the data set."""
