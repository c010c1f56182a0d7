"""The part of a run's page about its calibration: sentences and power curves."""

from markupsafe import Markup

from xaudit.records import Calibration
from xaudit.report.html.check_part import CheckPart
from xaudit.report.pictures.check_picture import CheckPicture
from xaudit.report.pictures.power_curve import strength_curve
from xaudit.report.sections.calibration.in_run import calibration_summary

_CAPTION = (
    "Share of audits that catch a plant, by the share of the answer that it carries; bars are 95 % intervals."
)


def calibration_part(calibration: Calibration | None) -> CheckPart | None:
    """Return the part; None for a run without a calibration."""
    if calibration is None:
        return None
    models = dict.fromkeys(one.model_id for one in calibration.effects)
    pictures = tuple(
        CheckPicture(
            f"Audits of {model} that catch a plant",
            _CAPTION,
            # Texts of a run are escaped where the picture is drawn.
            Markup(strength_curve([one for one in calibration.effects if one.model_id == model])),  # noqa: S704
        )
        for model in models
    )
    return CheckPart("calibration", calibration_summary(calibration), pictures)
