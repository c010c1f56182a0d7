"""Walking, decoding and spelling of files and names, in the same way everywhere."""
