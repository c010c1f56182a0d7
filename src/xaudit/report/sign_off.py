"""The sign-off of a finished run: page, report as JSON, manifest, settings and tables in one zip that can be checked."""

import json
from dataclasses import replace
from pathlib import Path

import xaudit
from xaudit.report.files.json_report import outcome_as_json
from xaudit.report.grid import Block, Paragraph, Section, grid, row
from xaudit.report.hashed_ids import HashedIds
from xaudit.report.html.render import html_report
from xaudit.report.wording import count
from xaudit.stages.views.report_material import ReportMaterial
from xaudit.store.atomic_file import write_atomically
from xaudit.store.run_folder import RunFolder
from xaudit.store.sign_off.plain_zip import encode_zip
from xaudit.store.sign_off.run_tables import signed_tables
from xaudit.store.sign_off.seal import NAME as LIST
from xaudit.store.sign_off.seal import SealedList, SignedFile, encode_list, sha256_of
from xaudit.store.sign_off.verification import VerifiedSignOff
from xaudit.store.tables import read_errors

NAME = "sign-off.zip"
"""Name of the file in the run folder."""


def write_sign_off(
    material: ReportMaterial, run: Path, path: Path, *, images: bool = True, hashed: HashedIds | None = None
) -> str:
    """Write the sign-off of a finished run in one step, and return its SHA-256.

    Args:
        material: what the page shows; its ids are replaced here.
        run: the run folder.
        images: False to leave out images, maps and outlines of single cases.
        hashed: stands for the ids of cases and patients; None to show them.

    Raises:
        OutputError: if the file cannot be written.
        RunFolderError: if a file of the run cannot be read.
        SignOffError: if it would be larger than a zip file can be.
    """
    folder = RunFolder.open_run(run)
    tables = signed_tables(folder, images=images, names=hashed)
    outcome = material.outcome if hashed is None else hashed.outcome(material.outcome)
    page = html_report(replace(material, outcome=outcome), images=images, hashed=hashed)
    report = json.dumps(outcome_as_json(outcome), indent=2, ensure_ascii=False, allow_nan=False)
    files = {
        "report.html": page.encode(),
        "report.json": (report + "\n").encode(),
        **{path.name: _stored(path, hashed) for path in (folder.manifest_path, folder.audit_path)},
        **tables.files,
    }
    sealed = SealedList(
        xaudit=xaudit.__version__,
        run=folder.identity,
        hashed_ids=hashed is not None,
        images=images,
        files=tuple(SignedFile(name, len(data), sha256_of(data)) for name, data in files.items()),
        left_out=tables.left_out,
    )
    data = encode_zip({LIST: encode_list(sealed), **files})
    write_atomically(path, data)
    return sha256_of(data)


def _stored(path: Path, hashed: HashedIds | None) -> bytes:
    """Read a text of the run folder, without ids where they are hashed."""
    with read_errors(f"{path.parent.name}/{path.name}"):
        data = path.read_bytes()
    return data if hashed is None else hashed.text(data.decode("utf-8", "replace")).encode()


def verified_section(verified: VerifiedSignOff) -> Section:
    """Lay out a sign-off that was verified, and what that does not prove."""
    sealed = verified.sealed
    rows = [
        ("run", sealed.run["run_id"]),
        ("written by", f"xaudit {sealed.xaudit}"),
        ("files", f"{count(len(sealed.files) + 1, 'file')}, {verified.n_bytes / 1e6:.1f} MB"),
        ("ids", "hashed" if sealed.hashed_ids else "shown"),
        ("images", "in it" if sealed.images else "left out"),
        *((f"not in it: {one.path}", count(one.n_files, "file")) for one in sealed.left_out),
    ]
    blocks: tuple[Block, ...] = (
        Paragraph("Every byte is as it was written.", "good"),
        grid(("", ""), [row(*texts) for texts in rows]),
        Paragraph(f"SHA-256 {verified.sha256}"),
        Paragraph(
            "This does not prove who wrote it: whoever changes a file can also write a new list of hashes. Compare the "
            "SHA-256 with the one recorded at the sign-off, or give that one with --sha256."
        ),
    )
    return Section("Sign-off", blocks)


def verified_as_json(verified: VerifiedSignOff) -> dict[str, object]:
    """Return a sign-off that was verified as JSON values."""
    return {
        "schema": "xaudit-verify",
        "schema_version": 1,
        "sha256": verified.sha256,
        "bytes": verified.n_bytes,
        **verified.sealed.as_plain(),
    }
