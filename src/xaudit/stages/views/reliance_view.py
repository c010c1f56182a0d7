"""Mean reliance maps of a finished run, each with the case that stands behind it."""

from dataclasses import dataclass

from xaudit.geometry import Fit, Geometry, fit_geometry
from xaudit.records import Case, MeanReliance, Preview
from xaudit.stages.outcome.stored_run import StoredRun


@dataclass(frozen=True, slots=True)
class RelianceView:
    """A mean reliance map and its typical case.

    Attributes:
        geometry: from the case's original frame to the model's.
        preview: the case's image; None where the run kept no picture of it, or none is wanted.
    """

    mean: MeanReliance
    case: Case
    geometry: Geometry
    preview: Preview | None


def reliance_views(run: StoredRun, previews: dict[str, Preview]) -> tuple[RelianceView, ...]:
    """Return every stored mean map whose typical case the run lists.

    Args:
        previews: pictures by case; empty to leave them out.
    """
    fits: dict[str, Fit] = {model["id"]: model["fit"] for model in run.settings["models"]}
    cases = {case.case_id: case for case in run.cases}
    return tuple(
        RelianceView(
            mean,
            cases[mean.typical],
            fit_geometry(
                (cases[mean.typical].height, cases[mean.typical].width), mean.frame_hw, fits[mean.model_id]
            ),
            previews.get(mean.typical),
        )
        for mean in run.outcome.mean_reliance
        if mean.typical in cases
    )
