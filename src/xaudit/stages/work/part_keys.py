"""Keys of the parts that belong to a run."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields


@dataclass
class PartKeys:
    """Keys of the parts of some shards, each once, in the shards' order.

    Attributes:
        errors: of the maps of misclassified cases that are explained beside the others.
        asked_errors: of what the model was asked about those.
    """

    maps: dict[str, None] = field(default_factory=dict)
    scores: dict[str, None] = field(default_factory=dict)
    reliance: dict[str, None] = field(default_factory=dict)
    reliance_map: dict[str, None] = field(default_factory=dict)
    image_changes: dict[str, None] = field(default_factory=dict)
    problems: dict[str, None] = field(default_factory=dict)
    facts: dict[str, None] = field(default_factory=dict)
    tuning_maps: dict[str, None] = field(default_factory=dict)
    tuning: dict[str, None] = field(default_factory=dict)
    errors: dict[str, None] = field(default_factory=dict)
    asked_errors: dict[str, None] = field(default_factory=dict)

    @classmethod
    def together(cls, several: "Iterable[PartKeys]") -> "PartKeys":
        """Return the keys of several, in their order."""
        together = cls()
        for keys in several:
            for one in fields(cls):
                getattr(together, one.name).update(getattr(keys, one.name))
        return together
