"""The page of a calibration: one file, no network, no script."""

from dataclasses import dataclass

from markupsafe import Markup

from xaudit.records import Calibration
from xaudit.report.grid import Section
from xaudit.report.html.render import page_text
from xaudit.report.pictures.power_curve import patients_curve, strength_curve
from xaudit.report.sections.calibration.tables import by_plant, calibration_section
from xaudit.report.wording import duration

NAME = "calibration.html"


@dataclass(frozen=True, slots=True)
class _Page:
    name: str
    facts: tuple[tuple[str, str], ...]
    section: Section
    pictures: tuple[tuple[str, Markup], ...]


def calibration_page(calibration: Calibration) -> str:
    """Return the page: sentences, tables and power curves."""
    models = dict.fromkeys(one.model_id for one in calibration.effects)
    pictures = [
        (f"Audits of {model} that catch a plant", strength_curve(own))
        for model in models
        if (own := [one for one in calibration.effects if one.model_id == model])
    ]
    for model, plant in by_plant(calibration):
        points = [one for one in calibration.power if (one.model_id, one.plant) == (model, plant)]
        if points:
            pictures.append((f"Patients that it takes to catch {plant} on {model}", patients_curve(points)))
    page = _Page(
        name=calibration.name,
        facts=(
            ("run", calibration.run_id),
            ("evaluations", str(calibration.n_evals)),
            ("time", duration(calibration.seconds)),
        ),
        section=calibration_section(calibration),
        # Texts of a run are escaped where the pictures are drawn.
        pictures=tuple((title, Markup(picture)) for title, picture in pictures),  # noqa: S704
    )
    return page_text("calibration.html.j2", page, styles=("report.css",))
