"""Sections of the audit file as typed models."""
