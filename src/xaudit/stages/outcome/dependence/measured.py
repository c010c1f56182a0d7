"""Everything that a run measured of its models' dependence, summarised for the outcome."""

from dataclasses import dataclass

from xaudit.config import AuditFile
from xaudit.records import InfillEffect, MapTest, PropertyEffect, RegionByClass
from xaudit.stages.outcome.dependence.by_class import reliance_by_class
from xaudit.stages.outcome.dependence.by_infill import reliance_by_infill
from xaudit.stages.outcome.dependence.image_properties import property_effects
from xaudit.stages.outcome.dependence.map_tests import map_tests
from xaudit.stages.outcome.results import Results


@dataclass(frozen=True, slots=True)
class Dependence:
    """The models' dependence on places, regions and properties of the image.

    Attributes:
        tests: of the reliance maps.
        by_class: effects of regions on the images of each true class.
        by_infill: effects of regions under each in-fill.
        properties: effects of properties of the whole image.
    """

    tests: tuple[MapTest, ...] = ()
    by_class: tuple[RegionByClass, ...] = ()
    by_infill: tuple[InfillEffect, ...] = ()
    properties: tuple[PropertyEffect, ...] = ()


def dependence_of(audit: AuditFile, results: Results, *, patients_known: bool) -> Dependence:
    """Summarise the effects that a run stored, over patients."""
    settings, seed = audit.statistics, audit.seed
    return Dependence(
        tests=map_tests(results.windows, settings=settings, seed=seed),
        by_class=reliance_by_class(
            results.reliances, patients_known=patients_known, settings=settings, seed=seed
        ),
        by_infill=reliance_by_infill(results.reliances, results.scores, settings=settings, seed=seed),
        properties=property_effects(
            results.image_changes, patients_known=patients_known, settings=settings, seed=seed
        ),
    )
