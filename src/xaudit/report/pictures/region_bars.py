"""On which regions a model's answer depends, beside where each explainer's map lies, as bars."""

from dataclasses import dataclass

from xaudit.records import NO_READER, Interval, Outcome
from xaudit.report.lookup import SummaryLookup
from xaudit.report.pictures.axis import Axis, axis_for
from xaudit.report.sections.explainers import state_of
from xaudit.report.sections.map_lines import explainers_of
from xaudit.report.wording import interval, percent, region_words


@dataclass(frozen=True, slots=True)
class RegionRow:
    """A region.

    Attributes:
        reliance: how far the answer depends on it beyond random areas; None where it was not measured.
        is_most: whether the answer depends on no region more.
        masses: share of each explainer's saliency there, None where there is none.
    """

    region: str
    reliance: Interval | None
    is_most: bool
    masses: tuple[float | None, ...]

    @property
    def reliance_text(self) -> str:
        """The dependence in numbers."""
        return "not measured" if self.reliance is None else interval(self.reliance)

    @property
    def mass_texts(self) -> tuple[str, ...]:
        """The shares in percent."""
        return tuple("–" if mass is None else percent(mass) for mass in self.masses)


@dataclass(frozen=True, slots=True)
class RegionBars:
    """A model.

    Attributes:
        is_here: whether there is a model to ask; of one that is not, the rows have no reliance.
        truths: of each explainer, whether it shows what the model uses, in words, and the tone of that.
    """

    model_id: str
    is_here: bool
    about: str
    explainers: tuple[str, ...]
    truths: tuple[tuple[str, str], ...]
    rows: tuple[RegionRow, ...]
    axis: Axis


def region_bars(outcome: Outcome) -> tuple[RegionBars, ...]:
    """The bars of each model and reader policy; none where nothing was measured."""
    lookup = SummaryLookup(outcome)
    found = []
    for model in outcome.model_ids:
        explainers = tuple(explainers_of(outcome, model))
        for reader in lookup.readers(model):
            rows = _rows(lookup, model, reader, explainers)
            if not rows:
                continue
            positive = outcome.positive.get(model, "")
            about = f"evidence for '{positive}'" if positive else ""
            if reader not in (NO_READER, "union"):
                about += f", marks: {reader}"
            truths = tuple(state_of(outcome, model, name) for name in explainers)
            axis = axis_for(row.reliance for row in rows if row.reliance is not None)
            is_here = model not in outcome.external_ids
            found.append(RegionBars(model, is_here, about.strip(", "), explainers, truths, rows, axis))
    return tuple(found)


def _rows(
    lookup: SummaryLookup, model: str, reader: str, explainers: tuple[str, ...]
) -> tuple[RegionRow, ...]:
    regions = lookup.regions(model)
    reliance = {region: lookup.model_level(model, f"reliance-{region}", reader) for region in regions}
    most = max((one.interval.estimate for one in reliance.values() if one is not None), default=0.0)
    lungs_known = lookup.lungs_known(model, reader, explainers)
    rows = []
    for region in regions:
        answer = reliance[region]
        masses = [lookup.find(model, name, f"mass-{region}", reader) for name in explainers]
        if answer is None and not any(masses):
            continue
        rows.append(
            RegionRow(
                region_words(region, lungs_known=lungs_known),
                None if answer is None else answer.interval,
                answer is not None and answer.interval.estimate == most > 0,
                tuple(None if mass is None else mass.interval.estimate for mass in masses),
            )
        )
    return tuple(rows)
