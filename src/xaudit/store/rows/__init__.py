"""Columns of each table, and how records become rows."""
