"""The request for a calibration."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from xaudit.catalog import INFILLS, PLANT_RECORDS, PLANTS
from xaudit.catalog.plugin_records import PlantPlugin
from xaudit.catalog.plugins import bring, offers
from xaudit.config import AuditFile
from xaudit.errors import UsageError, did_you_mean

SHARES = (0.0, 0.05, 0.1, 0.2, 0.5, 0.9)
"""Default shares of the answer that come from the plant."""

DEFAULT_PLANTS = ("corner-marker", "tag@opposite-lung")
REPEATS = 40
"""Default audits of resampled patients for each share."""


@dataclass(frozen=True, slots=True)
class NamedPlant:
    """A plant that a calibration asks about, with the region that it is put into; empty for others."""

    plant: PlantPlugin
    region: str

    @property
    def id(self) -> str:
        """The plant's id, with its region after ``@``."""
        return f"{self.plant.row.id}@{self.region}" if self.region else self.plant.row.id


@dataclass(frozen=True, slots=True)
class CalibrationRequest:
    """A request to find out how often an audit would be right.

    Attributes:
        out: the folder in which the folders of calibrations stand.
        plants: ids, those of plants over a region with the region after ``@``; ``all`` for every plant.
        shares: of the answer, 0 to 1.
        planted: share of the positive patients whose images show the plant.
        repeats: audits of resampled patients for each share.
        explain: ask the audit's explainers too.
        workers: processes that judge side by side.
    """

    audit: AuditFile
    out: Path
    plants: Sequence[str] = DEFAULT_PLANTS
    shares: Sequence[float] = SHARES
    planted: float = 1.0
    repeats: int = REPEATS
    explain: bool = False
    device: str = "auto"
    workers: int = 1
    fresh: bool = False
    command: tuple[str, ...] = ()

    @property
    def all_shares(self) -> tuple[float, ...]:
        """The shares with 0 among them, each once, rising: false alarms are counted without a plant in the answer."""
        return tuple(sorted({0.0, *self.shares}))


def check_request(request: CalibrationRequest) -> tuple[NamedPlant, ...]:
    """Return the plants of a request, each once.

    Raises:
        UsageError: for a share outside 0 to 1, fewer than 5 repeats, an unknown plant or region, or a model that cannot be
            asked.
    """
    for share in request.shares:
        if not 0 <= share <= 1:
            raise UsageError(
                f"--shares: {share:g} is not a share of the answer",
                hint="give numbers from 0 to 1, such as 0.05 0.2",
            )
    if not 0 < request.planted <= 1:
        raise UsageError(
            f"--planted: {request.planted:g} is not a share of the positive patients",
            hint="give a number above 0 and at most 1",
        )
    for model in request.audit.models:
        if model.is_external:
            raise UsageError(
                f"models: '{model.id}' is external: it cannot be asked about images with a plant",
                hint=f"leave it out: name the others in an audit file without '{model.id}'",
            )
    settings = request.audit.reliance
    if not (settings.enabled and settings.map.enabled):
        raise UsageError(
            "reliance: the audit does not ask what its models depend on, so it can catch nothing",
            hint="switch it on with --set reliance.enabled=true reliance.map.enabled=true",
        )
    if any(INFILLS[kind].drops_tokens for kind in (*settings.infills, *settings.map.infills)):
        raise UsageError(
            "reliance.infills: a plant is read from pixels, and 'drop-tokens' gives none",
            hint="name other in-fills with --set reliance.infills=[blur,noise] reliance.map.infills=[blur,noise]",
        )
    names = _every_plant() if tuple(request.plants) == ("all",) else request.plants
    return tuple({plant.id: plant for plant in (_named(name, request.audit) for name in names)}.values())


def _every_plant() -> list[str]:
    names: list[str] = []
    for row in [*PLANTS, *(_record(name).row for name in offers("plant"))]:
        if row.place == "region":
            names += [f"{row.id}@opposite-lung", f"{row.id}@same-lung"]
        else:
            names.append(row.id)
    return list(dict.fromkeys(names))


def _named(name: str, audit: AuditFile) -> NamedPlant:
    plant_id, _, region = name.partition("@")
    plant = _record(plant_id)
    if plant.row.place != "region":
        if region:
            raise UsageError(
                f"--plants: '{plant_id}' is put into no region, and '{name}' names one",
                hint=f"write {plant_id} alone",
            )
        return NamedPlant(plant, "")
    regions = ("opposite-lung", "same-lung", "thorax", "body", *audit.own_regions)
    if region not in regions:
        said = f"no region is called '{region}'" if region else f"'{plant_id}' needs a region"
        hint = did_you_mean(region, regions, otherwise=f"for example {plant_id}@{regions[0]}")
        raise UsageError(f"--plants: {said}", hint=hint)
    return NamedPlant(plant, region)


def _record(name: str) -> PlantPlugin:
    record = PLANT_RECORDS.get(name)
    if record is not None:
        return record
    brought = bring("plant", name)
    if brought is None:
        known = [*PLANT_RECORDS, *offers("plant"), "all"]
        hint = did_you_mean(name, known, otherwise="`xaudit list plants` shows all")
        raise UsageError(f"--plants: no plant is called '{name}'", hint=hint)
    plant: PlantPlugin = brought.plugin
    return plant
