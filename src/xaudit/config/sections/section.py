"""What every part of the audit file has in common."""

from pydantic import (
    BaseModel,
    ConfigDict,
)


class Section(BaseModel):
    """A part of the audit file: frozen, and closed to keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())
