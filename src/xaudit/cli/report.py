"""``xaudit report``: the report of a run that is finished."""

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xaudit.cli.options import DEFAULT_OUT, Full, Junit, Out, ReportAs, RunPath, Sarif
from xaudit.cli.output import ReportFormat, emit, say
from xaudit.cli.variadic import VariadicCommand
from xaudit.errors import UsageError

if TYPE_CHECKING:
    from xaudit.report.hashed_ids import HashedIds
    from xaudit.stages.views.report_material import ReportMaterial

KEY = "XAUDIT_HASH_KEY"

_SIGN_OFF = "--sign-off"

_FORMS_OF = {
    "--to": (
        ("--html", "--figures", _SIGN_OFF),
        "only the page, the figures and the sign-off are written to a place of your choice",
    ),
    "--no-images": (
        ("--html", "--figures", _SIGN_OFF, "--mlflow"),
        "only the page, the figures, the sign-off and MLflow have images",
    ),
    "--calibration": (
        ("--html", "--model-card", _SIGN_OFF, "--mlflow"),
        "only the page and the model card show a calibration",
    ),
}
"""Forms to which an option means something, and the words of its refusal."""

PAPER_FIGURES = "paper-figures"
"""Folder of the figures within the run."""

Html = Annotated[
    bool,
    typer.Option("--html", help="Write the page report.html, which needs no network, and name its place."),
]
To = Annotated[
    Path | None,
    typer.Option(
        "--to",
        metavar="PATH",
        help="With --html, --figures or --sign-off: write there. Without: into the run folder.",
    ),
]
Figures = Annotated[
    bool,
    typer.Option(
        "--figures",
        help="Write figures for a paper as SVG and PDF, their numbers as CSV, and name their folder.",
    ),
]
NoImages = Annotated[
    bool,
    typer.Option(
        "--no-images",
        help="With --html, --figures or --sign-off: no image of a case in it, no map and no outline.",
    ),
]
SignOff = Annotated[
    bool,
    typer.Option(
        _SIGN_OFF,
        help="Write page, report as JSON, manifest, settings and tables into one zip that `xaudit verify` checks: "
        "--sign-off FILE.zip, or without a file into the run folder.",
    ),
]
Croissant = Annotated[
    bool,
    typer.Option(
        "--croissant",
        help="Write Croissant metadata of the tables, croissant.json, into the run folder, and name its place.",
    ),
]
Mlflow = Annotated[
    str | None,
    typer.Option(
        "--mlflow",
        metavar="URI",
        help="Log metrics, gates and the page to MLflow: to the tracking server or folder URI, or `active` for "
        "MLflow's own settings. MLFLOW_RUN_ID names a run to add to.",
    ),
]
HashIds = Annotated[
    bool,
    typer.Option(
        "--hash-ids",
        help=f"Show keyed hashes for the ids of cases and patients. The key is ${KEY}; without one it is thrown away.",
    ),
]

ModelCard = Annotated[
    bool,
    typer.Option(
        "--model-card",
        help="Print a model card in Markdown, with criteria for explanations and CLAIM's items.",
    ),
]

CalibrationFolder = Annotated[
    Path | None,
    typer.Option(
        "--calibration",
        metavar="DIR",
        help="With --html, --sign-off or --model-card: say how often this audit would be right, from a folder of `xaudit calibrate`.",
    ),
]


class ReportCommand(VariadicCommand):
    """The command ``report``, in which a zip file may follow ``--sign-off``: it is what ``--to`` names."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401
        """Writes ``--sign-off FILE.zip`` as ``--sign-off --to FILE.zip``, and lets Typer parse it."""
        written: list[str] = []
        for word, before in zip(args, ["", *args], strict=False):
            if word.startswith(f"{_SIGN_OFF}="):
                written += [_SIGN_OFF, "--to", word.removeprefix(f"{_SIGN_OFF}=")]
            elif before == _SIGN_OFF and word.lower().endswith(".zip") and not word.startswith("-"):
                written += ["--to", word]
            else:
                written.append(word)
        return super().parse_args(ctx, written)


def report(
    run: RunPath = None,
    out: Out = DEFAULT_OUT,
    form: ReportAs = ReportFormat.RICH,
    full: Full = False,
    html: Html = False,
    figures: Figures = False,
    to: To = None,
    no_images: NoImages = False,
    hash_ids: HashIds = False,
    card: ModelCard = False,
    sign_off: SignOff = False,
    croissant: Croissant = False,
    mlflow: Mlflow = None,
    calibration: CalibrationFolder = None,
    junit: Junit = None,
    sarif: Sarif = None,
) -> int:
    """Shows a finished run again, on the terminal, as a page, as figures, as a model card or as a zip to sign off.

    Exits with 0 whatever its verdict; `xaudit gate` judges.
    """
    from xaudit.cli.audit_choice import existing_run
    from xaudit.cli.show_outcome import show_outcome
    from xaudit.stages import load_material, load_outcome

    forms = {"--html": html, "--figures": figures, "--model-card": card, "--sign-off": sign_off}
    forms |= {"--croissant": croissant, "--mlflow": mlflow is not None}
    options = {"--to": to is not None, "--no-images": no_images, "--calibration": calibration is not None}
    _refuse_options(*([name for name, given in all_of.items() if given] for all_of in (forms, options)))
    folder = existing_run(run, out)
    hashed = _hashed(folder) if hash_ids else None
    _write_for_ci(folder, junit, sarif, hashed)
    if croissant:
        emit(str(_croissant(folder)))
        return 0
    if figures:
        emit(str(_figures(folder, to, images=not no_images, hashed=hashed)))
        return 0
    if html or sign_off or mlflow is not None:
        material = load_material(folder, images=not no_images, calibration=calibration)
        if mlflow is not None:
            emit(_mlflow(material, mlflow, images=not no_images, hashed=hashed))
            return 0
        write = _sign_off if sign_off else _page
        emit(str(write(material, folder, to, images=not no_images, hashed=hashed)))
        return 0
    outcome = load_outcome(folder)
    shown = outcome if hashed is None else hashed.outcome(outcome)
    if card:
        from xaudit.report.card.model_card import model_card

        material = load_material(folder, images=False, calibration=calibration)
        manifest = {**material.manifest, "audit": material.settings}
        emit(model_card(shown, manifest, material.calibration))
        return 0
    show_outcome(shown, form, folder=str(folder), full=full)
    return 0


def _mlflow(material: "ReportMaterial", uri: str, *, images: bool, hashed: "HashedIds | None") -> str:
    """Log the run to MLflow, and return the id of its run there."""
    from xaudit.report.mlflow_log import log_to_mlflow

    run_id, n_metrics = log_to_mlflow(material, uri, images=images, hashed=hashed)
    say(f"logged to MLflow: {n_metrics} metrics, the gates and the page")
    return run_id


def _write_for_ci(run: Path, junit: Path | None, sarif: Path | None, hashed: "HashedIds | None") -> None:
    """Write the files that CI servers and code scanning read."""
    from xaudit.report.publish import write_junit, write_sarif
    from xaudit.stages import load_outcome

    if junit is not None:
        write_junit(load_outcome(run), junit)
    if sarif is not None:
        outcome = load_outcome(run)
        write_sarif(outcome if hashed is None else hashed.outcome(outcome), sarif)


def _croissant(run: Path) -> Path:
    """Write the metadata of a run's tables into its folder, and return the path."""
    from xaudit.stages import load_outcome
    from xaudit.store.croissant import NAME, croissant
    from xaudit.store.run_folder import RunFolder

    load_outcome(run)  # refuses a run that is not finished, whose tables would still grow
    folder = RunFolder.open_run(run)
    return folder.save_text(NAME, croissant(folder))


def _refuse_options(chosen: list[str], given: list[str]) -> None:
    """Raise UsageError for two forms at once, and for an option that means nothing to the chosen form."""
    if len(chosen) > 1:
        raise UsageError(
            f"{chosen[0]} and {chosen[1]}: one at a time", hint="call `xaudit report` once for each"
        )
    for option in given:
        allowed, what = _FORMS_OF[option]
        if not {*allowed} & {*chosen}:
            names = f"{', '.join(allowed[:-1])} or {allowed[-1]}"
            raise UsageError(f"{option}: {what}", hint=f"add {names}")


def _page(
    material: "ReportMaterial", run: Path, to: Path | None, *, images: bool, hashed: "HashedIds | None"
) -> Path:
    """Write the page of a run, and return its path."""
    from xaudit.report.html.page_file import NAME, write_page

    path = to or run / NAME
    write_page(material, path, images=images, hashed=hashed)
    return path


def _sign_off(
    material: "ReportMaterial", run: Path, to: Path | None, *, images: bool, hashed: "HashedIds | None"
) -> Path:
    """Write the sign-off of a run, tell its SHA-256, and return its path."""
    from xaudit.report.sign_off import NAME, write_sign_off

    path = to or run / NAME
    sha256 = write_sign_off(material, run, path, images=images, hashed=hashed)
    say(f"note:  SHA-256 {sha256}: record it where nobody can change it")
    return path


def _figures(run: Path, to: Path | None, *, images: bool, hashed: "HashedIds | None") -> Path:
    """Write the figures of a run, and return their folder."""
    from xaudit.report.paper_figures.writing import write_figures
    from xaudit.stages import load_material

    folder = to or run / PAPER_FIGURES
    written = write_figures(load_material(run, images=images), folder, images=images, hashed=hashed)
    for reason in written.left_out:
        say(f"note:  {reason}")
    return folder


def _hashed(run: Path) -> "HashedIds":
    from xaudit.report.hashed_ids import HashedIds
    from xaudit.stages import load_ids

    return HashedIds(_key(), load_ids(run))


def _key() -> bytes:
    """Return the user's key, or one that nobody keeps."""
    given = os.environ.get(KEY, "")
    if given:
        return given.encode()
    say(f"note:  ids are hashed with a key that is thrown away; set {KEY} to have the same hashes again")
    return secrets.token_bytes(32)
