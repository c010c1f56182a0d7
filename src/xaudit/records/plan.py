"""The number of patients needed for a wanted precision."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """The number of annotated patients that one gate needs for an interval of the wanted width.

    Attributes:
        rule: the gate as written.
        half_width: half the width of the interval reached, None if there is none.
        wanted: half the width of the interval wanted.
        n_needed: number of patients, None if it cannot be estimated.
    """

    rule: str
    model_id: str
    explainer_id: str
    reader: str
    half_width: float | None
    wanted: float
    n_patients: int
    n_needed: int | None
