"""The metric that a limit is about: its catalog row, once the names and parts of the limit are checked."""

import re
from collections.abc import Collection, Mapping

from xaudit.catalog import (
    AREA_METRICS,
    CHANGED_FAMILIES,
    DATA_FAMILY,
    METRICS,
    MODEL_FAMILIES,
    OWN_REGION,
    MetricRow,
    asks_model_of_change,
    metric_row,
)
from xaudit.config.sections.named import check_name
from xaudit.config.sections.section import SettingError
from xaudit.errors import did_you_mean, nearest


def row_of_gated(found: re.Match[str], text: str, metrics: Mapping[str, str]) -> MetricRow:
    """The catalog's row of the metric that a limit is about, once its names are checked."""
    known = {**{row.id: row.id for row in METRICS}, **metrics}
    if found["metric"] not in metrics:
        _check_changed(found["metric"], metrics)
    _check_named_region(found["metric"], known)
    check_name(found["metric"], list(known), kind="metric")
    row = metric_row(known[found["metric"]])
    if (row.family in MODEL_FAMILIES or asks_model_of_change(found["metric"])) and found[
        "subject"
    ] is not None:
        raise SettingError(f"'{text}': {found['metric']} asks the model itself and takes no @explainer")
    if row.family == DATA_FAMILY and found["subject"] is not None:
        raise SettingError(
            f"'{text}': {found['metric']} is a value of the data and takes no @explainer",
            hint=f"leave out `@{found['subject']}`",
        )
    if found["stratum"] is not None and (
        row.family == DATA_FAMILY or found["metric"] in AREA_METRICS or row.family == "image"
    ):
        raise SettingError(
            f"'{text}': {found['metric']} is measured on all images together, and not in strata",
            hint=f"leave out `%{found['stratum']}`",
        )
    return row


def direction_of_equality(row: MetricRow, found: re.Match[str]) -> bool:
    """Return True if ``== VALUE`` means at least, False if at most; only the best value may be asked for so.

    Raises:
        SettingError: if the metric has no direction, or better values than this one.
    """
    value = float(found["value"])
    if row.higher_is_better is False and row.range.startswith("0 ") and value == 0:
        return False
    if row.higher_is_better and row.is_share and value == 1:
        return True
    signs: dict[bool | None, str] = {True: ">=", False: "<=", None: "<= or >="}
    sign = signs[row.higher_is_better]
    raise SettingError(
        f"'{found.string.strip()}': a measured value is held against a limit, and is hardly ever equal to one",
        hint=f"write {found['metric']} {sign} {found['value']}; == is for the best value there is, such as leakage == 0",
    )


def _check_named_region(name: str, known: Collection[str]) -> None:
    """Raise SettingError for a measure of a region that the audit file does not name, unless another is nearly called so."""
    measure = next((one for one in ("reliance-logit-", "reliance-", "mass-") if name.startswith(one)), None)
    if measure is None or (name in known and name != f"{measure}{OWN_REGION}"):
        return
    region = name.removeprefix(measure)
    regions = {one.removeprefix(measure) for one in known if one.startswith(measure)} - {OWN_REGION}
    if region == OWN_REGION:
        own = sorted(one for one in known if one.startswith(measure) and one not in METRICS.by_id)
        raise SettingError(
            f"'{name}' stands for the regions that the audit file names",
            hint=f"name one of them, such as {own[0] if own else f'{measure}ruler'}",
        )
    if nearest(region, regions) is None:
        raise SettingError(
            f"'{name}': no region is called '{region}'",
            hint=f"name its masks in the audit file, such as data.regions.own.{region}: masks/{region}",
        )


def _check_changed(name: str, metrics: Mapping[str, str]) -> None:
    """Raise SettingError for a metric of changed images that is not measured, with the nearest that is."""
    family = name.partition("-")[0]
    if family not in CHANGED_FAMILIES:
        return
    own = [metric for metric in metrics if metric.startswith(f"{family}-")]
    if not own:
        raise SettingError(
            f"'{name}' asks about changed images, and the section `{family}` is off",
            hint=f"add `{family}: true` to the audit file",
        )
    raise SettingError(
        f"'{name}' is not measured",
        hint=did_you_mean(name, own, otherwise=f"there are {len(own)}, such as {own[0]}"),
    )
