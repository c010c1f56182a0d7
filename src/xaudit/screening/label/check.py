"""The check ``label``: predict the label without the organ."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from io import BytesIO

import numpy as np
from PIL import Image

from xaudit.cases.dataset import Dataset
from xaudit.config import LabelSection
from xaudit.counts import counted
from xaudit.records import DataCheck, FloatArray, Interval, LabelProbe, Progress
from xaudit.screening.label.findings import Judged, interval_of, label_findings, too_few, unit_words, worst
from xaudit.screening.label.probe import Prober, Question
from xaudit.screening.label.properties import FILE, SIZE, Property, properties_of
from xaudit.screening.label.units import Division, divisions, large_classes, units_by_class
from xaudit.screening.label.values import label_values
from xaudit.screening.label.views import JUDGED_VIEWS, TITLES, pixel_views
from xaudit.seeds import seed_for
from xaudit.statistics.bootstrap import MIN_CLUSTERS, ClusterBootstrap

CHECK_ID, TITLE = "label", "What predicts the label without the organ"

LABEL_METRICS = (*(f"label-{view}-auroc" for view in JUDGED_VIEWS), "label-properties-auroc")
"""Ids of the values that gates can be set on."""

REPLICATES = 2000
CONFIDENCE = 0.95

_BY_CHANCE = 0.5


def check_label(
    data: Dataset,
    settings: LabelSection,
    *,
    seed: int,
    groups: Mapping[str, str] | None = None,
    with_images: bool = True,
    on_progress: Callable[[Progress], None],
) -> DataCheck:
    """Predict the label from parts of the image without the organ, from the image's size and file, and from attributes.

    The result depends on the data and the seed only, not on the order of files or the number of threads.

    Args:
        groups: case id: group of near copies; a case without one is alone. None if near copies were not looked for.
            They matter only where the data names no patients.
        with_images: True to keep the mean image of each class for the page.

    Raises:
        DataError: if an image can no longer be read.
    """
    if not settings.enabled:
        return DataCheck(
            CHECK_ID, TITLE, data.id, skipped=("turned off by `data_audit.label.enabled: false`",)
        )
    data = replace(data, cases=tuple(sorted(data.cases, key=lambda case: case.case_id)))
    labels = [case.label for case in data.cases]
    ways = divisions(data, groups)
    deciding = ways[-1]
    numbers = units_by_class(labels, deciding.clusters)
    classes = large_classes(labels, deciding.clusters)
    if len(classes) < 2:
        verdict = too_few(data.id, list(numbers.items()), deciding.unit, MIN_CLUSTERS)
        return DataCheck(CHECK_ID, TITLE, data.id, verdicts=(verdict,))
    left_out = [
        f"class '{name}': left out, since it has {unit_words(deciding.unit, n)} and {MIN_CLUSTERS} are needed"
        for name, n in numbers.items()
        if name not in classes
    ]
    views = pixel_views(data, settings.organ, on_progress)
    properties = properties_of(data)
    questions = [
        Question(view.id, "pixels", TITLES[view.id], view.id in JUDGED_VIEWS, view.rows, view.features)
        for view in views.views
    ] + [_question(one) for one in properties if not one.is_constant]
    questions = _with_families(questions)
    probes, unanswered = _probes(questions, labels, ways, (settings, seed), on_progress)
    values = label_values(properties, labels, deciding.clusters)
    can_decide = deciding.unit != "image"
    constant = [f"{one.title}: the same for all images" for one in properties if one.is_constant]
    return DataCheck(
        id=CHECK_ID,
        title=TITLE,
        dataset_id=data.id,
        verdicts=label_findings(Judged(data.id, settings, probes, values, can_decide)),
        values=_gated(probes, properties),
        tables={"label_probes": probes, "label_values": values},
        images={f"mean-{name}": _webp(mean) for name, mean in views.means.items()} if with_images else {},
        skipped=(*left_out, *views.skipped, *constant, *unanswered),
    )


def _question(one: Property) -> Question:
    features = one.features()
    return Question(one.id, one.kind, one.title, one.judged, np.arange(len(features)), features)


def _with_families(questions: Sequence[Question]) -> list[Question]:
    """Count the judged views of each family: parts of the image and properties of the file, and attributes."""
    attribute = [one.kind == "attribute" for one in questions]
    judged = [is_attribute for one, is_attribute in zip(questions, attribute, strict=True) if one.judged]
    return [
        replace(one, n_family=max(1, judged.count(is_attribute)))
        for one, is_attribute in zip(questions, attribute, strict=True)
    ]


def _probes(
    questions: Sequence[Question],
    labels: Sequence[str],
    ways: Sequence[Division],
    settings: tuple[LabelSection, int],
    on_progress: Callable[[Progress], None],
) -> tuple[tuple[LabelProbe, ...], list[str]]:
    """Return the answer to each question under each split, and a sentence for each question without one."""
    section, seed = settings
    seed = seed_for(seed, CHECK_ID)
    bootstrap = ClusterBootstrap(replicates=REPLICATES, confidence=CONFIDENCE, seed=seed)
    prober = Prober(labels, section.folds, section.gives_away, seed, bootstrap)
    probes: list[LabelProbe] = []
    unanswered = []
    for index, question in enumerate(questions):
        on_progress(Progress(CHECK_ID, index, len(questions), question.title))
        for way in ways:
            probe = prober.probe(question, way)
            if probe is not None:
                probes.append(probe)
            elif way.decides:
                n_images = counted(len(question.rows), "image")
                unanswered.append(
                    f"{question.title}: known for {n_images}, and fewer than two classes have {unit_words(way.unit, MIN_CLUSTERS)} there"
                )
    on_progress(Progress(CHECK_ID, len(questions), len(questions), "views tested"))
    return tuple(probes), unanswered


def _gated(probes: Sequence[LabelProbe], properties: Sequence[Property]) -> dict[str, float | Interval]:
    """Return the AUROC of each judged view by metric id; properties give their highest, .5 if they are constant."""
    deciding = [probe for probe in probes if probe.decides and probe.judged]
    values: dict[str, float | Interval] = {
        f"label-{probe.view}-auroc": interval_of(probe) for probe in deciding if probe.kind == "pixels"
    }
    own = [probe for probe in deciding if probe.kind == "property"]
    highest = worst(own)
    if highest is not None:
        values["label-properties-auroc"] = interval_of(highest)
    elif all(one.is_constant for one in properties if one.id in (SIZE, FILE)):
        values["label-properties-auroc"] = _BY_CHANCE
    return values


def _webp(grey: FloatArray) -> bytes:
    """Return a small grey picture as lossless WebP; grey values from 0 to 1."""
    buffer = BytesIO()
    levels = np.rint(255 * np.clip(grey, 0, 1)).astype(np.uint8)
    Image.fromarray(levels).save(buffer, "WEBP", lossless=True, exact=True)
    return buffer.getvalue()
