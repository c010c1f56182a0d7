"""Two finished runs side by side: their mean reliance maps, and the cases whose answers moved."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from xaudit.catalog import MARGIN
from xaudit.changes.cases import common_cases
from xaudit.geometry import Fit, Geometry, fit_geometry
from xaudit.records import Case, FloatArray, Outcome, Prediction, Preview
from xaudit.stages.outcome.stored_run import StoredRun
from xaudit.stages.views.case_reliance import reliance_of_cases
from xaudit.stages.views.reliance_view import RelianceView, reliance_views
from xaudit.store.tables import read_previews

MOST_CASES = 24
"""Cases shown for each model; the page says how many there are."""

Turn = Literal["became wrong", "became right", "another answer", "the same answer"]
_TURNS: tuple[Turn, ...] = ("became wrong", "became right", "another answer", "the same answer")


@dataclass(frozen=True, slots=True, eq=False)
class CaseInRun:
    """A case as one model sees it in one of the runs.

    Attributes:
        probability: of the case's true class; None if the model does not know the class.
        values: (h, w) reliance map in the model's frame; None if the run kept none, or none is wanted.
        geometry: from the case's original frame to the map; None without a map.
    """

    prediction: Prediction
    probability: float | None
    values: FloatArray | None = None
    geometry: Geometry | None = None


@dataclass(frozen=True, slots=True, eq=False)
class MovedCase:
    """A case whose answer differs between the runs, or whose probability does by more than the margin.

    Attributes:
        preview: its picture; None if neither run kept one, or none is wanted.
    """

    case: Case
    base: CaseInRun
    head: CaseInRun
    preview: Preview | None

    @property
    def turn(self) -> Turn:
        """The change of the answer."""
        return _turn(self.base.prediction, self.head.prediction)


@dataclass(frozen=True, slots=True, eq=False)
class MovedModel:
    """The cases of one model that moved, those that became wrong first.

    Attributes:
        n_cases: cases that both runs hold and the model classified in both.
        n_moved: cases that moved, of which the worst are listed.
    """

    model_id: str
    n_cases: int
    n_moved: int
    cases: tuple[MovedCase, ...]


@dataclass(frozen=True, slots=True, eq=False)
class RunInPair:
    """A run of the two."""

    outcome: Outcome
    reliance: tuple[RelianceView, ...]


@dataclass(frozen=True, slots=True, eq=False)
class RunPair:
    """Two finished runs and what moved between them."""

    base: RunInPair
    head: RunInPair
    moved: tuple[MovedModel, ...]


def run_pair(base_path: Path, head_path: Path, *, images: bool) -> RunPair:
    """See :func:`xaudit.stages.load_run_pair`."""
    runs = StoredRun(base_path), StoredRun(head_path)
    previews = [{one.case_id: one for one in read_previews(run.folder)} if images else {} for run in runs]
    base, head = (
        RunInPair(run.outcome, reliance_views(run, own)) for run, own in zip(runs, previews, strict=True)
    )
    return RunPair(base, head, _moved_models(runs, {**previews[0], **previews[1]}, images=images))


def _moved_models(
    runs: tuple[StoredRun, StoredRun], previews: Mapping[str, Preview], *, images: bool
) -> tuple[MovedModel, ...]:
    cases = {case.case_id: case for case in runs[1].cases}
    common = common_cases(runs[0].cases, runs[1].cases)
    before = {(one.model_id, one.case_id): one for one in runs[0].predictions if one.case_id in common}
    pairs: dict[str, list[tuple[Prediction, Prediction]]] = defaultdict(list)
    for after in runs[1].predictions:
        if (earlier := before.get((after.model_id, after.case_id))) is not None:
            pairs[after.model_id].append((earlier, after))
    moved = {model: sorted(filter(_has_moved, own), key=_rank) for model, own in pairs.items()}
    wanted = {model: {after.case_id for _, after in own[:MOST_CASES]} for model, own in moved.items()}
    maps = [_maps(run, wanted, cases) if images else {} for run in runs]
    return tuple(
        MovedModel(
            model,
            len(pairs[model]),
            len(own),
            tuple(
                MovedCase(
                    cases[after.case_id],
                    _in_run(earlier, after.label, maps[0]),
                    _in_run(after, after.label, maps[1]),
                    previews.get(after.case_id),
                )
                for earlier, after in own[:MOST_CASES]
            ),
        )
        for model, own in sorted(moved.items())
    )


def _maps(
    run: StoredRun, wanted: Mapping[str, Collection[str]], cases: Mapping[str, Case]
) -> dict[tuple[str, str], tuple[FloatArray, Geometry]]:
    fits: dict[str, Fit] = {model["id"]: model["fit"] for model in run.settings["models"]}
    found = {}
    for one in reliance_of_cases(run.folder, wanted):
        case, values = cases[one.case_id], one.values
        frame = (values.shape[0], values.shape[1])
        geometry = fit_geometry((case.height, case.width), frame, fits[one.model_id])
        found[one.model_id, one.case_id] = values, geometry
    return found


def _in_run(
    prediction: Prediction, label: str, maps: Mapping[tuple[str, str], tuple[FloatArray, Geometry]]
) -> CaseInRun:
    values, geometry = maps.get((prediction.model_id, prediction.case_id), (None, None))
    return CaseInRun(prediction, _probability(prediction, label), values, geometry)


def _probability(prediction: Prediction, label: str) -> float | None:
    names: Sequence[str] = prediction.class_names
    return prediction.probabilities[names.index(label)] if label in names else None


def _turn(earlier: Prediction, after: Prediction) -> Turn:
    if earlier.correct != after.correct:
        return "became right" if after.correct else "became wrong"
    return "the same answer" if earlier.predicted == after.predicted else "another answer"


def _change(earlier: Prediction, after: Prediction) -> float:
    """Return how far the probability of the true class moved, 0 if a run does not know the class."""
    old, new = (_probability(one, after.label) for one in (earlier, after))
    return 0.0 if old is None or new is None else abs(new - old)


def _has_moved(pair: tuple[Prediction, Prediction]) -> bool:
    return _turn(*pair) != "the same answer" or _change(*pair) > MARGIN


def _rank(pair: tuple[Prediction, Prediction]) -> tuple[int, float, str]:
    return _TURNS.index(_turn(*pair)), -_change(*pair), pair[1].case_id
