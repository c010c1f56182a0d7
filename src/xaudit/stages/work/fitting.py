"""The numbers of images that fitted into memory, kept with the run: continued work begins with them, and the report names them."""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress

from xaudit.models.classifier import Classifier
from xaudit.store.run_folder import RunFolder

MEMORY_FILE = "memory.json"


def recall_fits(folder: RunFolder, classifiers: Iterable[Classifier]) -> None:
    """Let classifiers begin with the numbers that an earlier process of the run came to."""
    stored = _stored(folder)
    for classifier in classifiers:
        fits = stored.get(classifier.id)
        if fits is not None:
            classifier.explained.take_at_most(fits)


def keep_fits(folder: RunFolder, classifiers: Iterable[Classifier], of_crew: Mapping[str, int]) -> None:
    """Take over what worker processes came to, and store each model's smallest number.

    Args:
        of_crew: the smallest number of any worker, by the model's id.
    """
    stored = _stored(folder)
    smallest = dict(stored)
    for classifier in classifiers:
        if classifier.id in of_crew:
            classifier.explained.take_at_most(of_crew[classifier.id])
        fits = classifier.fits
        if fits is not None:
            smallest[classifier.id] = min(fits, stored.get(classifier.id, fits))
    if smallest != stored:
        folder.save_json(MEMORY_FILE, smallest)


def _stored(folder: RunFolder) -> dict[str, int]:
    with suppress(OSError, ValueError):
        plain = json.loads((folder.path / MEMORY_FILE).read_bytes())
        if isinstance(plain, dict):
            return {name: fits for name, fits in plain.items() if isinstance(fits, int) and fits > 0}
    return {}
