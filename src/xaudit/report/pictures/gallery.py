"""The overlays of a run, written as PNG files into its folder."""

import io
from collections.abc import Iterable
from pathlib import Path

from xaudit.report.pictures.figures import overlay
from xaudit.stages.views.pictures import Picture
from xaudit.store.run_folder import RunFolder


def draw(pictures: Iterable[Picture], folder: Path) -> int:
    """Writes one PNG per picture under ``figures/``, and returns how many.

    Raises:
        OutputError: where the folder refuses.
    """
    run = RunFolder.open_run(folder)
    n_drawn = 0
    for picture in pictures:
        image = overlay(
            picture.pixels, picture.saliency, picture.marks, signed=picture.signed, caption=picture.caption
        )
        data = io.BytesIO()
        image.save(data, format="PNG", optimize=False)
        run.save_bytes(f"figures/{picture.name}.png", data.getvalue())
        n_drawn += 1
    return n_drawn
