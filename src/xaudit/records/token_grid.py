"""The layout of a transformer's tokens: some that stand before the picture, then the picture row by row."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TokenGrid:
    """Tokens of shape (N, prefix + height * width, C) as a picture.

    Attributes:
        prefix: tokens before the picture: class, distillation and register tokens.
        height: rows of the picture.
        width: columns of the picture.

    Example:
        >>> TokenGrid(1, 14, 14).n_tokens
        197
    """

    prefix: int
    height: int
    width: int

    @property
    def n_tokens(self) -> int:
        """Number of tokens of one image, prefix and picture together."""
        return self.prefix + self.height * self.width
