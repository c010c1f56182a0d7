"""Attributes of the images: what goes along with the label, what each model encodes, and what its answers differ by."""

from xaudit.screening.attributes.check import ATTRIBUTE_METRICS, check_attributes

__all__ = ["ATTRIBUTE_METRICS", "check_attributes"]
