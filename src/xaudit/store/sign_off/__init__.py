"""A sign-off: one zip of a finished run's page, manifest and tables, with the hash of each.

Equal content gives equal bytes, and every byte is checked when the file is verified.
"""
