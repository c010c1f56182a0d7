"""Sections of the report as words and tables, the same for terminal, Markdown and page."""
