"""The tokens of a transformer that xaudit does not know."""

from typing import Annotated

from pydantic import Field

from xaudit.config.sections.section import Section
from xaudit.records import TokenGrid

_Side = Annotated[int, Field(ge=2, le=1024)]


class TokensSection(Section):
    """The picture that the tokens of `layer` make: some tokens before it, then its places row by row."""

    prefix: int = Field(
        0, ge=0, le=1024, description="tokens before the picture: class, distillation and register tokens"
    )
    grid: tuple[_Side, _Side] = Field(description="rows and columns of the picture, such as [14, 14]")

    @property
    def token_grid(self) -> TokenGrid:
        """The same as a record."""
        return TokenGrid(self.prefix, *self.grid)
