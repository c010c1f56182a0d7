"""Check of the data ``attributes``: what goes along with the label, what models encode, and what their answers differ by."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from xaudit.cases.dataset import Dataset
from xaudit.config import AttributesSection
from xaudit.counts import counted
from xaudit.records import (
    AssociationRow,
    Attribute,
    DataCheck,
    EncodingRow,
    GapRow,
    Interval,
    ModelAnswers,
    Progress,
    SubgroupRow,
)
from xaudit.screening.attributes.associations import associations
from xaudit.screening.attributes.encodes import encodings
from xaudit.screening.attributes.gaps import gaps
from xaudit.screening.attributes.subgroups import subgroups
from xaudit.screening.attributes.tested_images import (
    SENSITIVITY,
    SPECIFICITY,
    TestedImages,
    tested_images,
)
from xaudit.screening.attributes.verdicts import attribute_verdicts

ATTRIBUTE_METRICS = ("attribute-association", "attribute-gap-sensitivity", "attribute-gap-specificity")
"""Values that gates can be set on."""

_SHOWN = 5


@dataclass(slots=True)
class _Tables:
    """The rows of all models."""

    associations: list[AssociationRow] = field(default_factory=list)
    encodings: list[EncodingRow] = field(default_factory=list)
    gaps: list[GapRow] = field(default_factory=list)
    subgroups: list[SubgroupRow] = field(default_factory=list)


def check_attributes(
    data: Dataset,
    answers: Sequence[ModelAnswers],
    settings: AttributesSection,
    *,
    seed: int,
    on_progress: Callable[[Progress], None],
) -> DataCheck:
    """Compare every attribute with the label, with each model's features, and with each model's answers at equal label."""
    attributes, skipped = _comparable(data, settings)
    tables = _Tables()
    tables.associations += associations(data, attributes, least_patients=settings.least_patients)
    clusters = {case.case_id: case.cluster for case in data.cases}
    values: dict[str, Mapping[str, float | Interval]] = {}
    undecided: dict[tuple[str, str], str] = {}
    for number, one in enumerate(answers):
        on_progress(Progress("attributes", number, len(answers), one.model_id))
        if not attributes or not one.predictions:
            skipped += [] if one.predictions else [f"attributes: {one.model_id} answered no test image"]
            continue
        if one.features is None:
            skipped.append(
                f"attributes that {one.model_id} encodes: {one.no_features or 'it has no features'}"
            )
        classes = tested_images(one.predictions, data.positive, clusters)
        tables.encodings += encodings(
            one, attributes, clusters, least_patients=settings.least_patients, seed=seed
        )
        own = gaps(one.model_id, classes, attributes, settings, seed=seed)
        tables.gaps += own
        tables.subgroups += subgroups(one.model_id, classes, attributes, settings, seed=seed)
        reasons = _undecided_gaps(own, classes, attributes, settings.least_patients)
        undecided |= reasons
        values[one.model_id] = dict(_values(own, reasons))
    if answers:
        on_progress(Progress("attributes", len(answers), len(answers)))
    skipped += [] if answers else ["attributes: no model was asked, so only the label was compared"]
    skipped += _too_small(tables.subgroups, settings)
    skipped += _never_judged(tables.gaps, {name for name, _ in undecided})
    return DataCheck(
        id="attributes",
        title="Attributes",
        dataset_id=data.id,
        n_patients=len(set(clusters.values())),
        verdicts=attribute_verdicts(data, tables.associations, tables.gaps, tables.subgroups, undecided),
        values=_association_value(tables.associations),
        model_values=values,
        tables={
            "attributes_association": tables.associations,
            "attributes_encoding": tables.encodings,
            "attribute_gaps": tables.gaps,
            "subgroups": tables.subgroups,
        },
        skipped=(*_unmeasured(undecided), *skipped),
    )


def _comparable(data: Dataset, settings: AttributesSection) -> tuple[list[Attribute], list[str]]:
    """Return the attributes that have several levels, and sentences that name the others."""
    everything = [*_columns(data), *data.attributes.values()]
    constant = [one.name for one in everything if len(one.levels) == 1 and one.source == "table"]
    unknown = [one.name for one in everything if not one.levels]
    many = [one for one in everything if len(one.levels) > settings.most_levels]
    skipped = [
        f"attributes with one value only, so there is nothing to compare: {', '.join(constant)}"
    ] * bool(constant)
    skipped += [f"attributes that are known for no image: {', '.join(unknown)}"] * bool(unknown)
    skipped += [
        f"attribute '{one.name}' has {len(one.levels)} levels, and more than {settings.most_levels} are not compared"
        for one in many
    ]
    skipped += [f"attributes: {text}; data.attributes takes columns" for text in data.unread]
    if not data.patients_known:
        skipped.append("attributes: the data names no patients, so each image counts as a patient of its own")
    return [one for one in everything if 1 < len(one.levels) <= settings.most_levels], skipped


def _columns(data: Dataset) -> Iterator[Attribute]:
    """Yield the columns that a table may have without being named: the site, and whether an image is augmented."""
    sites = {case.case_id: case.site for case in data.cases if case.site is not None}
    if sites:
        yield Attribute("site", "table", tuple(sorted(set(sites.values()))), False, sites)
    words = {
        case.case_id: "yes" if case.augmented else "no" for case in data.cases if case.augmented is not None
    }
    if words:
        yield Attribute("augmented", "table", tuple(sorted(set(words.values()))), False, words)


def _undecided_gaps(
    rows: Sequence[GapRow], classes: Sequence[TestedImages], attributes: Sequence[Attribute], least: int
) -> dict[tuple[str, str], str]:
    """Return why the gap of a measure cannot be told, by attribute and measure.

    Attributes of which only one level has enough patients at all are left out: they are too small, whatever the label.
    """
    reasons: dict[tuple[str, str], str] = {}
    for attribute in attributes:
        patients = [
            sum(images.n_patients(images.is_level(attribute, level)) for images in classes)
            for level in attribute.levels
        ]
        if sum(n >= least for n in patients) < 2:
            continue
        for measure in (SENSITIVITY, SPECIFICITY):
            own = [row for row in rows if (row.attribute, row.measure) == (attribute.name, measure)]
            if own and all(row.gap is None for row in own):
                largest = max(own, key=lambda row: min(row.n_patients, row.n_patients_other))
                reasons[attribute.name, measure] = largest.reason
    return reasons


def _values(
    rows: Sequence[GapRow], undecided: Mapping[tuple[str, str], str]
) -> Iterator[tuple[str, Interval]]:
    """Yield the largest gap of each measure, in size: the one whose interval reaches furthest from 0.

    There is none if the gap of some attribute cannot be told, since that one may be larger.
    """
    for measure in (SENSITIVITY, SPECIFICITY):
        if any(name == measure for _, name in undecided):
            continue
        sizes = [
            _size(row.gap, row.low, row.high)
            for row in rows
            if row.measure == measure and row.gap is not None and row.low is not None and row.high is not None
        ]
        if sizes:
            yield f"attribute-gap-{measure}", max(sizes, key=lambda one: one.high or 0.0)


def _size(gap: float, low: float, high: float) -> Interval:
    """Return the size of a gap, whatever its sign.

    Example:
        >>> _size(-0.2, -0.3, -0.1), _size(0.1, -0.1, 0.3)
        (Interval(estimate=0.2, low=0.1, high=0.3, method='newcombe', n_replicates_dropped=0), \
Interval(estimate=0.1, low=0.0, high=0.3, method='newcombe', n_replicates_dropped=0))
    """
    nearest = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
    return Interval(abs(gap), nearest, max(abs(low), abs(high)), "newcombe")


def _association_value(rows: Sequence[AssociationRow]) -> dict[str, float | Interval]:
    """Return the association whose interval reaches highest."""
    known = [row for row in rows if row.v_high is not None]
    if not known:
        return {}
    highest = max(known, key=lambda row: row.v_high or 0.0)
    return {"attribute-association": Interval(highest.v, highest.v_low, highest.v_high, "noncentral")}


def _unmeasured(undecided: Mapping[tuple[str, str], str]) -> list[str]:
    """Say which values gates cannot be held against, and why."""
    return [
        f"attribute-gap-{measure} has no value: the gap by {' and '.join(names)} cannot be told"
        for measure in (SENSITIVITY, SPECIFICITY)
        if (names := [f"'{name}'" for name, one in undecided if one == measure])
    ]


def _never_judged(rows: Sequence[GapRow], undecided: Collection[str]) -> list[str]:
    """Name the attributes of which no two levels could be compared on images of any class, and that no finding names."""
    compared = {row.attribute for row in rows if row.gap is not None} | set(undecided)
    never = list(dict.fromkeys(row.attribute for row in rows if row.attribute not in compared))
    if not never:
        return []
    return [f"attributes without enough patients of two levels with one label: {', '.join(never)}"]


def _too_small(rows: Sequence[SubgroupRow], settings: AttributesSection) -> list[str]:
    """Name the subgroups that are not judged."""
    least = settings.least_patients
    small = list(dict.fromkeys(row.subgroup for row in rows if not row.judged and row.n_patients < least))
    beyond = {row.subgroup for row in rows if not row.judged and row.n_patients >= least}
    sentences = []
    if small:
        more = f" and {len(small) - _SHOWN} more" if len(small) > _SHOWN else ""
        sentences.append(
            f"{counted(len(small), 'subgroup is', 'subgroups are')} too small to be judged, with fewer than {least} "
            f"patients of a class: {', '.join(small[:_SHOWN])}{more}"
        )
    if beyond:
        sentences.append(
            f"{counted(len(beyond), 'subgroup was', 'subgroups were')} not tested: fewer than {least} patients of the class "
            f"are outside, or {settings.most_subgroups} larger ones were (data_audit.attributes.most_subgroups)"
        )
    return sentences
