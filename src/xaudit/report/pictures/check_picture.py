"""A picture that belongs to a check of the data: inline SVG, or WebP images, with a caption."""

import base64
from dataclasses import dataclass

from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class CheckPicture:
    """A picture of the page of a data audit.

    Attributes:
        title: stands above it.
        caption: says what is seen, below it.
        body: its markup, made of escaped values only; it holds no ``style`` attribute, which the page's policy refuses.
        wide: True if it takes the whole width of the page.
    """

    title: str
    caption: str
    body: Markup
    wide: bool = False


def webp_image(data: bytes, alt: str) -> Markup:
    """Return an image element that holds a WebP picture."""
    address = "data:image/webp;base64," + base64.b64encode(data).decode()
    return Markup('<img src="{}" alt="{}">').format(address, alt)
