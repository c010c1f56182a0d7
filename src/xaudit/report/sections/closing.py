"""Closing sections: missing scores with their reasons, notes, and the cost of the run."""

from collections import defaultdict
from collections.abc import Sequence

from xaudit.records import ALL_CASES, MODEL_LEVEL, Outcome, Problem, UnscoredGroup
from xaudit.report.grid import Block, Paragraph, Section
from xaudit.report.sections.verdict import is_explainer_finding, is_gate
from xaudit.report.wording import STAGE_WORDS, count, duration, percent

LONGEST_LIST = 6
"""Kinds of problems named one by one; the rest are counted."""

_NAMED_CASES = 3


PASSED_OVER = ("the data does not hold", "left out", "skipped", "passed over", "ignored", "not read")
"""Words by which a note on the data says that something lies there and is not used."""

_WHAT = {
    "score": ("score missing", "scores missing"),
    "region": ("share of a region missing", "shares of regions missing"),
    "ceiling": ("ceiling missing", "ceilings missing"),
}


def skipped_section(outcome: Outcome, *, longest: int = LONGEST_LIST) -> Section:
    """Cases that could not be used, what the data holds and the run does not, and whatever has no value, by reason.

    Args:
        longest: kinds named one by one; the rest are counted.
    """
    lines = left_out_lines(outcome)
    if not lines:
        text = "Nothing: every image was read, and every score has a value."
        return Section("Left out", (Paragraph(text, "dim"),))
    shown: list[Block] = [Paragraph(text, lead="-") for text in lines[:longest]]
    if len(lines) > longest:
        shown.append(
            Paragraph(f"and {count(len(lines) - longest, 'more kind')}, all in the run folder", "dim", "-")
        )
    return Section("Left out", tuple(shown))


def left_out_lines(outcome: Outcome) -> list[str]:
    """Every kind of thing that was left out or has no value, with its number and reason; empty where there is none."""
    unexplained = [
        f"{model}: no image was explained" for model, n in sorted(outcome.n_explained.items()) if not n
    ]
    passed_over = [note for note in outcome.notes if _is_passed_over(note)]
    return [
        *_problem_lines(outcome.problems),
        *_error_lines(outcome),
        *unexplained,
        *passed_over,
        *_unscored_lines(outcome),
    ]


def _is_passed_over(note: str) -> bool:
    return any(words in note for words in PASSED_OVER)


def _error_lines(outcome: Outcome) -> list[str]:
    """Describe what failed of the cases that were to be explained for their error alone."""
    lines = _problem_lines(outcome.misclassified_problems)
    return [f"explained for their error, which changes no number: {line}" for line in lines]


def _problem_lines(problems: Sequence[Problem]) -> list[str]:
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for problem in problems:
        groups[problem.stage, problem.reason].append(problem.case_id)
    lines: list[str] = []
    for (stage, reason), cases in sorted(groups.items(), key=lambda item: -len(item[1])):
        unique = sorted(set(cases))
        names = ", ".join(unique[:_NAMED_CASES])
        more = f" and {len(unique) - _NAMED_CASES} more" if len(unique) > _NAMED_CASES else ""
        did = STAGE_WORDS.get(stage, stage)
        lines.append(f"{count(len(unique), 'image')} {did}: {reason} ({names}{more})")
    return lines


def _unscored_lines(outcome: Outcome) -> list[str]:
    """Return a line per kind and reason: scores, then regions, then ceilings, the one with the most first."""
    reasons: dict[tuple[str, str], list[UnscoredGroup]] = defaultdict(list)
    for group in outcome.unscored:
        reasons[group.what, group.reason].append(group)
    lines: list[tuple[int, int, str]] = []
    for (what, reason), groups in reasons.items():
        n_scores = sum(group.n_scores for group in groups)
        whom = dict.fromkeys(
            f"{group.model_id}'s answers"
            if group.explainer_id == MODEL_LEVEL
            else f"{group.explainer_id} on {group.model_id}"
            for group in groups
        )
        text = f"{count(n_scores, *_WHAT[what])}: {reason} ({_first(list(whom))})"
        lines.append((list(_WHAT).index(what), -n_scores, text))
    return [text for *_, text in sorted(lines)] + _unexplained_gaps(outcome)


def _unexplained_gaps(outcome: Outcome) -> list[str]:
    """Count what summaries lack where no reason was kept, as in runs of versions that counted scores alone."""
    kept = {group.what for group in outcome.unscored}
    found = []
    for family, what in (("regions", "region"), ("limits", "ceiling")):
        own = [one for one in outcome.summaries if one.family == family and one.stratum == ALL_CASES]
        n_missing = sum(one.n_unscored for one in own)
        if n_missing and what not in kept:
            found.append(f"{count(n_missing, *_WHAT[what])}; the run did not keep why")
    return found


def _first(items: list[str]) -> str:
    more = f" and {len(items) - _NAMED_CASES} more" if len(items) > _NAMED_CASES else ""
    return ", ".join(items[:_NAMED_CASES]) + more


def notes_section(outcome: Outcome) -> Section | None:
    """Return findings and notes to know before quoting a number; None where :func:`skipped_section` says them all."""
    findings = [
        f"{v.sentence} ({v.code})"
        for v in outcome.verdicts
        if not is_gate(v) and not is_explainer_finding(v) and not v.code.startswith("XA2")
    ]
    notes = [note for note in outcome.notes if not _is_passed_over(note)]
    texts = list(dict.fromkeys([*findings, *notes]))
    if not texts:
        return None
    return Section("Notes", tuple(Paragraph(text, lead="-") for text in texts))


def work_section(outcome: Outcome, *, folder: str = "", command: str = "", more: str = "") -> Section:
    """State the cost of the run, its folder, and the command that repeats it.

    Args:
        more: what to type to read what is not said here.
    """
    work = outcome.work
    parts = [f"{count(work.n_evals, 'model evaluation')} in {duration(work.seconds)}"]
    if work.n_evals and work.seconds > 0:
        parts.append(f"{work.n_evals / work.seconds:,.0f} per second")
        parts.append(f"{percent(min(1.0, work.model_seconds / work.seconds))} of the time inside the models")
    n_errors = sum(one.n_explained for one in outcome.misclassified)
    if n_errors:
        parts.append(f"{count(n_errors, 'misclassified image')} explained beside the others")
    if work.n_shards:
        parts.append(f"{work.n_shards_reused} of {count(work.n_shards, 'shard')} reused")
    blocks: list[Block] = [Paragraph("; ".join(parts) + ".", "dim")]
    blocks.append(Paragraph(folder or outcome.run_id, lead="folder"))
    if command:
        blocks.append(Paragraph(command, lead="again "))
    if more:
        blocks.append(Paragraph(more, lead="more  "))
    return Section("Work", tuple(blocks))
