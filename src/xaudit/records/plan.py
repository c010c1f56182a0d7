"""How many patients a wanted precision takes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """How many annotated patients one gate needs for an interval as narrow as wanted.

    Attributes:
        rule: the gate as written.
        half_width: half the interval reached, None where there is none.
        wanted: half the interval wanted.
        n_needed: patients, None where nothing can be said.
    """

    rule: str
    model_id: str
    explainer_id: str
    reader: str
    half_width: float | None
    wanted: float
    n_patients: int
    n_needed: int | None
