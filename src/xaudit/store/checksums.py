"""SHA-256 digests, in hex, that tell if two runs used the same files."""

import dataclasses
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from xaudit.records import Annotation, Case


def file_checksum(path: Path) -> str:
    """Hash the bytes of a file, read piece by piece."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def images_checksum(cases: Iterable[Case]) -> str:
    """Hash the ids and file digests of a run's images, in any order."""
    return lines_checksum(f"{case.case_id}\t{case.sha256}" for case in cases)


def annotations_checksum(annotations: Iterable[Annotation]) -> str:
    """Hash the annotations of a run, in any order."""
    return lines_checksum(
        json.dumps([type(mark.region).__name__, dataclasses.asdict(mark)], sort_keys=True)
        for mark in annotations
    )


def lines_checksum(lines: Iterable[str]) -> str:
    """Hash texts, in any order."""
    digest = hashlib.sha256()
    for line in sorted(lines):
        digest.update(line.encode("utf-8", "surrogatepass") + b"\n")
    return digest.hexdigest()
