"""Sentences and tables about the rate at which an audit of its own data would be right."""
