"""Choose the cases of a finished run that get a picture, and collect what it shows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xaudit.catalog import explainer_row
from xaudit.config import ExplainerSpec
from xaudit.geometry import fit_geometry, map_to_original
from xaudit.records import BoolArray, Case, FloatArray, Prediction, SaliencyMap, Score, ScoreResult
from xaudit.store.parts import MAPS, iter_parts, part_keys
from xaudit.store.run_folder import RunFolder

if TYPE_CHECKING:
    from xaudit.cases.dataset import Dataset
    from xaudit.geometry import Fit

_RANKED_BY = ("relevance-mass-accuracy", "pixel-flipping")


@dataclass(frozen=True, eq=False)
class Picture:
    """An image, a map and the readers' marks, all (H, W) of the original frame.

    Attributes:
        marks: by reader, and after them the regions that the audit file names.
        name: of the file, without a suffix.
    """

    name: str
    pixels: FloatArray
    saliency: FloatArray
    marks: Mapping[str, BoolArray]
    signed: bool
    caption: str


def pick_cases(
    pairs: Sequence[tuple[Case, Prediction]], scores: Sequence[ScoreResult], *, n_pictures: int
) -> list[tuple[Case, Prediction]]:
    """Misclassified cases first, then from the worst-scored to the best at even steps.

    Args:
        pairs: the explained cases of one model.
        scores: of the same model.
    """
    wrong = [pair for pair in pairs if not pair[1].correct][: (n_pictures + 1) // 2]
    values: dict[str, list[float]] = {}
    for metric_id in _RANKED_BY:
        sign = 1.0 if metric_id == "relevance-mass-accuracy" else -1.0
        for result in scores:
            if isinstance(result, Score) and result.key.metric_id == metric_id:
                values.setdefault(result.key.case_id, []).append(sign * result.value)
        if values:
            break
    taken = {case.case_id for case, _ in wrong}
    rest = sorted(
        (pair for pair in pairs if pair[0].case_id not in taken),
        key=lambda pair: (sum(values.get(pair[0].case_id, [0.0])), pair[0].case_id),
    )
    room = min(n_pictures - len(wrong), len(rest))
    steps = [0] if room == 1 else [round(i * (len(rest) - 1) / (room - 1)) for i in range(room)]
    return wrong + [rest[step] for step in steps]


def pictures(
    run: RunFolder,
    dataset: "Dataset",
    chosen: Sequence[tuple[Case, Prediction]],
    *,
    explainers: Sequence[ExplainerSpec],
    model_id: str,
    fit: "Fit",
) -> Iterator[Picture]:
    """The pictures of one model, read one by one; none where the run kept no maps."""
    specs = {spec.id: spec for spec in explainers}
    wanted = {case.case_id: (case, prediction) for case, prediction in chosen}
    for part in iter_parts(run, MAPS, part_keys(run, MAPS)):
        for saliency in part.rows or ():
            if (
                saliency.model_id == model_id
                and saliency.explainer_id in specs
                and saliency.case_id in wanted
            ):
                case, prediction = wanted[saliency.case_id]
                spec = specs[saliency.explainer_id]
                yield _picture(dataset, case, prediction, saliency, spec, fit)


def _picture(
    dataset: "Dataset",
    case: Case,
    prediction: Prediction,
    saliency: SaliencyMap,
    spec: ExplainerSpec,
    fit: "Fit",
) -> Picture:
    height, width = saliency.values.shape
    geometry = fit_geometry((case.height, case.width), (height, width), fit)
    carried, _ = map_to_original(saliency.values, geometry)
    name = "".join(sign if sign.isalnum() or sign in "-_." else "_" for sign in case.case_id)
    target = prediction.class_names.index(saliency.target)
    caption = (
        f"{saliency.model_id} · {saliency.explainer_id} · is {case.label}, called {prediction.predicted} · "
        f"P({saliency.target}) {prediction.probabilities[target]:.2f}"
    )
    return Picture(
        f"{saliency.model_id}/{name}--{saliency.explainer_id}",
        dataset.pixels(case),
        carried,
        _outlines(dataset, case),
        explainer_row(spec.name).signed,
        caption,
    )


def _outlines(dataset: "Dataset", case: Case) -> dict[str, BoolArray]:
    """Return what is outlined: the readers' marks, then the regions that the audit file names."""
    marks = {reader: mask for reader, mask in dataset.reader_masks(case).items() if mask.any()}
    regions = {name: mask for name, mask in dataset.own_regions(case).items() if mask.any()}
    return marks | {f"region {name}" if name in marks else name: mask for name, mask in regions.items()}
