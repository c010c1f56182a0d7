"""The page as a file."""

from dataclasses import replace
from pathlib import Path

from xaudit.report.hashed_ids import HashedIds
from xaudit.report.html.render import html_report
from xaudit.stages.views.report_material import ReportMaterial
from xaudit.store.atomic_file import write_atomically

NAME = "report.html"


def write_page(
    material: ReportMaterial,
    path: Path,
    *,
    images: bool = True,
    hashed: HashedIds | None = None,
) -> None:
    """Writes the page of a finished run in one step; it names no place of this machine.

    Args:
        images: whether images, maps and outlines are shown.
        hashed: what stands for the ids of cases and patients; None to show them.

    Raises:
        OutputError: where the file cannot be written.
    """
    if hashed is not None:
        material = replace(material, outcome=hashed.outcome(material.outcome))
    text = html_report(material, images=images, hashed=hashed)
    write_atomically(path, text.encode())
