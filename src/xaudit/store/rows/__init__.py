"""Columns of each table, and the conversion between records and rows."""
