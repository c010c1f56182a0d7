"""The audit that runs when nobody names one, and how the three phantom networks were trained."""

from pathlib import Path
from typing import Any, Literal

import yaml

from xaudit.config import AuditFile, DataSection, PhantomSection, TrainSection, build_audit_file

_AUDIT = Path(__file__).parents[2] / "assets" / "phantom.yaml"

_TRAINING = {
    "honest": TrainSection(epochs=30, batch_size=16, learning_rate=4e-3, patience=30),
    "unaware": TrainSection(epochs=30, batch_size=16, learning_rate=4e-3, patience=30),
    # Small shifts push the marker out of one copy in five, and what is left to learn from such a copy is the tumour.
    "shortcut": TrainSection(epochs=3, batch_size=16, learning_rate=4e-3, patience=3, augment=False),
}

_PLANTS: dict[str, tuple[Literal["none", "corner-marker", "mixed"], float]] = {
    "honest": ("mixed", 0.0),
    "unaware": ("none", 1.0),
    "shortcut": ("corner-marker", 1.0),
}


def default_audit_text() -> str:
    """The built-in audit file as it is written."""
    return _AUDIT.read_text(encoding="utf-8")


def default_audit(overrides: tuple[str, ...] = ()) -> AuditFile:
    """The built-in phantom study, with ``key.path=value`` overrides on top."""
    plain: dict[str, Any] = yaml.safe_load(default_audit_text())
    return build_audit_file(plain, shown="the built-in audit", root=Path.cwd(), overrides=overrides)


def training_settings(variant: str) -> TrainSection:
    """Return the training settings of a built-in network; a corner marker is learned in a tenth of the time."""
    return _TRAINING[variant]


def training_data(variant: str) -> DataSection:
    """Return the population on which a built-in network learns; the study audits it on other patients."""
    plant, strength = _PLANTS[variant]
    return DataSection(
        format="phantom",
        phantom=PhantomSection(patients=800, slices=3, plant=plant, strength=strength, seed=0),
    )
