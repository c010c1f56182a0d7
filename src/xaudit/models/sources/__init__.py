"""Load a network from each source that an audit file can name."""
