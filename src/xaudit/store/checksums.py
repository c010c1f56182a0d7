"""Digests by which one can tell that two runs saw the same files: SHA-256 in hex."""

import dataclasses
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from xaudit.records import Annotation, Case


def file_checksum(path: Path) -> str:
    """Of a file's bytes, read piece by piece."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def images_checksum(cases: Iterable[Case]) -> str:
    """Of all images of a run, whatever their order: their ids and the digests of their files."""
    return lines_checksum(f"{case.case_id}\t{case.sha256}" for case in cases)


def annotations_checksum(annotations: Iterable[Annotation]) -> str:
    """Of all marks of a run, whatever their order."""
    return lines_checksum(
        json.dumps([type(mark.region).__name__, dataclasses.asdict(mark)], sort_keys=True)
        for mark in annotations
    )


def lines_checksum(lines: Iterable[str]) -> str:
    """Hash texts, whatever their order."""
    digest = hashlib.sha256()
    for line in sorted(lines):
        digest.update(line.encode("utf-8", "surrogatepass") + b"\n")
    return digest.hexdigest()
