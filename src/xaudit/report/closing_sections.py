"""What was left out and why, what a reader must know, and what the run cost."""

from collections import defaultdict

from xaudit.records import MODEL_LEVEL, Outcome, UnscoredGroup
from xaudit.report.grid import Block, Paragraph, Section
from xaudit.report.verdict_section import is_explainer_finding, is_gate
from xaudit.report.wording import STAGE_WORDS, count, duration, percent

LONGEST_LIST = 6
"""Kinds of problems named one by one; the rest are counted."""

_NAMED_CASES = 3


def skipped_section(outcome: Outcome, *, longest: int = LONGEST_LIST) -> Section:
    """Cases that could not be used, by reason, and scores that do not exist, by metric.

    Args:
        longest: kinds named one by one; the rest are counted.
    """
    lines = [*_problem_lines(outcome), *_unscored_lines(outcome)]
    if not lines:
        return Section("Left out", (Paragraph("Nothing: every case was read and scored.", "dim"),))
    shown: list[Block] = [Paragraph(text, lead="-") for text in lines[:longest]]
    if len(lines) > longest:
        shown.append(
            Paragraph(f"and {count(len(lines) - longest, 'more kind')}, all in the run folder", "dim", "-")
        )
    return Section("Left out", tuple(shown))


def _problem_lines(outcome: Outcome) -> list[str]:
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for problem in outcome.problems:
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
    """One line per reason, the one with the most scores first."""
    reasons: dict[str, list[UnscoredGroup]] = defaultdict(list)
    for group in outcome.unscored:
        reasons[group.reason].append(group)
    lines: list[tuple[int, str]] = []
    for reason, groups in reasons.items():
        n_scores = sum(group.n_scores for group in groups)
        whom = dict.fromkeys(
            f"{group.model_id}'s answers"
            if group.explainer_id == MODEL_LEVEL
            else f"{group.explainer_id} on {group.model_id}"
            for group in groups
        )
        lines.append((n_scores, f"{count(n_scores, 'score')} missing: {reason} ({_first(list(whom))})"))
    return [text for _, text in sorted(lines, key=lambda line: -line[0])]


def _first(items: list[str]) -> str:
    more = f" and {len(items) - _NAMED_CASES} more" if len(items) > _NAMED_CASES else ""
    return ", ".join(items[:_NAMED_CASES]) + more


def notes_section(outcome: Outcome) -> Section | None:
    """What a reader must know before quoting a number; None where there is nothing."""
    findings = [
        f"{v.sentence} ({v.code})"
        for v in outcome.verdicts
        if not is_gate(v) and not is_explainer_finding(v) and not v.code.startswith("XA2")
    ]
    texts = list(dict.fromkeys([*findings, *outcome.notes]))
    if not texts:
        return None
    return Section("Notes", tuple(Paragraph(text, lead="-") for text in texts))


def work_section(outcome: Outcome, *, folder: str = "", command: str = "", more: str = "") -> Section:
    """What the run cost, where it lies, and how to have it again.

    Args:
        more: what to type to read what is not said here.
    """
    work = outcome.work
    parts = [f"{count(work.n_evals, 'model evaluation')} in {duration(work.seconds)}"]
    if work.n_evals and work.seconds > 0:
        parts.append(f"{work.n_evals / work.seconds:,.0f} per second")
        parts.append(f"{percent(min(1.0, work.model_seconds / work.seconds))} of the time inside the models")
    if work.n_shards:
        parts.append(f"{work.n_shards_reused} of {count(work.n_shards, 'shard')} reused")
    blocks: list[Block] = [Paragraph("; ".join(parts) + ".", "dim")]
    blocks.append(Paragraph(folder or outcome.run_id, lead="folder"))
    if command:
        blocks.append(Paragraph(command, lead="again "))
    if more:
        blocks.append(Paragraph(more, lead="more  "))
    return Section("Work", tuple(blocks))
