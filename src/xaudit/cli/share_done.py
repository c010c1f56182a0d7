"""The screen after one share of a divided run: where it lies, which others are not done, and how all are merged."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from xaudit.cli.options import DEFAULT_OUT, Choices

if TYPE_CHECKING:
    from xaudit.stages import RunRequest


def share_done(folder: Path, request: "RunRequest", path: Path | None, choices: Choices) -> str:
    """Lines for stdout.

    Args:
        folder: of the share.
        path: of the audit file, where the command line named one.
        choices: what the command line changed about the audit; the merge must be given the same.
    """
    from xaudit.stages import states_of_shares

    share = request.share
    assert share is not None
    states = states_of_shares(request, folder)
    left = [f"{index} ({state})" for index, state in states.items() if state != "shard"]
    lines = [f"shard {share.index} of {share.of} is done: {folder}"]
    if left:
        lines.append(f"left: {', '.join(left)}, as far as their folders lie in {request.out}")
    merge = ["xaudit", "merge", _pattern(folder, request), *_options(request, path, choices)]
    return "\n".join([*lines, f"{'then' if left else 'all are done'}: {' '.join(merge)}"])


def _pattern(folder: Path, request: "RunRequest") -> str:
    """Return the shell pattern that matches all shares."""
    share = request.share
    assert share is not None
    stem, _, digest = folder.name.rpartition("-")
    name = stem.partition("-")[2].removesuffix(f"{share.index}-of-{share.of}")
    return f"{shlex.quote(str(request.out))}/*-{name}*-of-{share.of}-{digest}"


def _options(request: "RunRequest", path: Path | None, choices: Choices) -> list[str]:
    """The options that must be given again, as a shell takes them."""
    words: list[str] = []
    for name, values in (
        ("--audit", [path] if path else []),
        ("--set", choices.overrides),
        ("--explainer", choices.explainers),
        ("--metric", choices.metrics),
        ("--fail-under", choices.gates),
        ("--limit", [] if choices.limit is None else [choices.limit]),
        ("--seed", [] if choices.seed is None else [choices.seed]),
        ("--max-error-rate", [] if choices.max_error_rate is None else [choices.max_error_rate]),
        ("--device", [] if request.device == "auto" else [request.device]),
        ("--out", [] if request.out == DEFAULT_OUT else [request.out]),
    ):
        if values:
            words += [name, *(shlex.quote(str(value)) for value in values)]
    return [*words, "--retrain"] if request.retrain else words
