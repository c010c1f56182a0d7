"""A model that is not here: its answers have been read from a table, and nothing else can be asked of it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import torch

from xaudit.config import ExplainerSpec
from xaudit.errors import ModelError
from xaudit.models.classifier import Classifier
from xaudit.models.network.memory import FittingBatch
from xaudit.records import Case, FloatArray

DEFAULT_SIDE = 224
"""Side of the frame in which controls of an external model are made, where the audit file names none."""


class MapSource(Protocol):
    """Finished maps of one explainer."""

    @property
    def spec(self) -> ExplainerSpec:
        """Under which the maps stand in the tables; its hash is decided by what the files hold."""

    @property
    def checksum(self) -> str:
        """SHA-256 over all files."""

    def has(self, case_id: str, target: str) -> bool:
        """Return True if a map of the case explains this class."""
        ...

    def read(self, case: Case, target: str) -> FloatArray:
        """Read the map, (h, w) float32, on the grid of its file; raises DataError where it cannot be read."""


@dataclass(eq=False, kw_only=True)
class ExternalModel(Classifier):
    """A classifier without a network: it knows its answers, its maps and the frame of both.

    Attributes:
        module: does nothing; there is none.
        answers: (n_classes,) logits by case id.
        table_checksum: SHA-256 of the table of its answers.
        maps: by explainer id.
    """

    module: torch.nn.Module = field(default_factory=torch.nn.Identity)
    answers: Mapping[str, FloatArray] = field(default_factory=dict, repr=False)
    table_checksum: str = ""
    maps: Mapping[str, MapSource] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        frame = (self.class_names, self.model_hw, self.fit, self.mean, self.std, self.table_checksum)
        self.fingerprint = hashlib.sha256(repr(frame).encode()).hexdigest()[:16]
        self.notes = self.remarks
        # It is never asked, so every number of images fits.
        batch = FittingBatch(f"model '{self.id}'", self.batch_size, self.model_hw, self.device, self.meter)
        self._answered = self.explained = batch

    def logits(self, images: torch.Tensor) -> torch.Tensor:  # noqa: ARG002
        """Raise ModelError: there is nobody to ask."""
        raise self._absent

    def target_layer(self, name: str | None = None) -> torch.nn.Module:  # noqa: ARG002
        """Raise ModelError: there is no layer."""
        raise self._absent

    @property
    def _absent(self) -> ModelError:
        return ModelError(
            f"model '{self.id}': is external and cannot be asked",
            hint="give the model itself for what asks it",
        )
