"""Differences between two runs, in words and numbers."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from xaudit.records import MODEL_LEVEL, NO_READER, CaseChanges, Flips, Move, RunDiff, Verdict, VerdictChange
from xaudit.report.files.json_report import plain_values
from xaudit.report.grid import Block, Cell, Column, Grid, Paragraph, Row, Section, Tone, grid, row
from xaudit.report.wording import count, interval, metric_words, p_value
from xaudit.statistics.digits import shown

SCHEMA = "xaudit-diff"
SCHEMA_VERSION = 1
CHANCE = "~"
"""Stands beside a difference that chance may explain."""

_NAMED_CASES = 3


def diff_sections(diff: RunDiff) -> list[Section]:
    """The whole difference: what moved beyond chance, verdicts, cases, answers, measures."""
    return [
        Section("What moved", tuple(_headline(diff))),
        Section("Verdicts", tuple(_verdict_blocks(diff.verdicts))),
        Section("Cases", tuple(_case_blocks(diff.cases))),
        Section("Answers", tuple(_flip_blocks(diff.flips))),
        Section("Measures", tuple(_move_blocks(diff.moves))),
    ]


def moves_grid(moves: Sequence[Move]) -> Grid:
    """List each model, explainer, metric and reader in a row, for CSV."""
    columns = [
        "model", "explainer", "metric", "reader", "base", "head", "difference", "low", "high", "p_adjusted",
        "conclusion", "n_cases", "n_patients", "n_unpaired",
    ]  # fmt: skip
    return grid(columns, [row(*_csv_cells(move)) for move in moves])


def diff_as_json(diff: RunDiff) -> dict[str, Any]:
    """The whole difference as JSON values."""
    return {"schema": SCHEMA, "schema_version": SCHEMA_VERSION, **plain_values(diff)}


def _headline(diff: RunDiff) -> list[Block]:
    blocks: list[Block] = [Paragraph(f"{diff.base_id} (base) to {diff.head_id} (head)", "dim")]
    told = [found.sentence for found in diff.flips if found.conclusion in ("higher", "lower")]
    told += [move.sentence for move in diff.moves if move.conclusion in ("higher", "lower")]
    blocks += [Paragraph(sentence, lead="-") for sentence in told]
    if not told:
        text = "Nothing moved beyond chance."
        same = all(move.conclusion == "same" for move in diff.moves)
        answers_same = not any(found.n_changed for found in diff.flips)
        if diff.moves and same and answers_same:
            text = "Nothing: every answer and every score is the same."
        elif not diff.moves and diff.flips and all(found.conclusion == "same" for found in diff.flips):
            text = "Nothing: every answer is the same; no score was measured in both runs."
        elif not diff.moves and not diff.flips:
            text = "Nothing can be compared: no answer and no score is in both runs."
        blocks.append(Paragraph(text))
    blocks += [Paragraph(note, lead="note ") for note in diff.notes]
    return blocks


def _verdict_blocks(changes: Sequence[VerdictChange]) -> list[Block]:
    if not changes:
        return [Paragraph("The same in both runs.", "dim")]
    columns = [
        Column("subject", wraps=True),
        Column("rule", wraps=True),
        Column("base"),
        Column("head"),
    ]
    rows = []
    for change in changes:
        verdict = change.head or change.base
        if verdict is None:
            raise ValueError("a verdict that neither run has did not change")
        tone: Tone = "bad" if change.head is not None and change.head.status != "pass" else "plain"
        rows.append(
            row(
                verdict.subject, verdict.rule, _answer(change.base), Cell(_answer(change.head), tone),
            )
        )  # fmt: skip
    return [grid(columns, rows)]


def _answer(verdict: Verdict | None) -> str:
    return "-" if verdict is None else f"{verdict.status} {verdict.code}"


def _case_blocks(cases: CaseChanges) -> list[Block]:
    blocks: list[Block] = [Paragraph(f"{count(cases.n_common, 'case')} in both runs, with the same image.")]
    for ids, what in (
        (cases.added, "only in the head run"),
        (cases.removed, "only in the base run"),
        (cases.replaced, "with another image under the same id, left out"),
        (cases.relabelled, "with another label"),
        (cases.remarked, "with other marks"),
    ):
        if ids:
            more = f" and {len(ids) - _NAMED_CASES} more" if len(ids) > _NAMED_CASES else ""
            names = ", ".join(ids[:_NAMED_CASES]) + more
            blocks.append(Paragraph(f"{count(len(ids), 'case')} {what}: {names}", lead="-"))
    return blocks


def _flip_blocks(flips: Sequence[Flips]) -> list[Block]:
    if not flips:
        return [Paragraph("The runs share no case that the same model classified.", "dim")]
    columns = [
        Column("model", wraps=True),
        Column("split"),
        Column("accuracy\nbase", numeric=True),
        Column("\nhead", numeric=True),
        Column("difference", numeric=True),
        Column("right:wrong", numeric=True),
        Column("p", numeric=True),
        Column("cases", numeric=True),
    ]
    rows = [
        row(
            found.model_id,
            found.split,
            shown(found.accuracies[0]),
            shown(found.accuracies[1]),
            interval(found.difference),
            f"{found.n_fixed}:{found.n_broken}",
            p_value(found.p_value),
            str(found.n_cases),
        )
        for found in flips
    ]
    unit = flips[0].cluster
    legend = (
        f"difference: head minus base [interval over {unit}s]. right:wrong: cases that became right, and that became "
        f"wrong. p: McNemar's test (mid-p), each {unit} once."
    )
    return [grid(columns, rows), Paragraph(legend, "dim")]


def _move_blocks(moves: Sequence[Move]) -> list[Block]:
    if not moves:
        return [Paragraph("No metric was measured in both runs for the same model and explainer.", "dim")]
    readers = {move.reader for move in moves} - {NO_READER}
    groups: dict[str, list[Move]] = defaultdict(list)
    for move in moves:
        whose = f" (marks: {move.reader})" if len(readers) > 1 and move.reader != NO_READER else ""
        groups[move.model_id + whose].append(move)
    tables = [_table(found, title=title) for title, found in groups.items()]
    unit = _unit(moves)
    legend = (
        f"difference: head minus base, mean over the same cases [interval over {unit}s]; {CHANCE} where chance may "
        f"explain it. p: Wilcoxon on the {unit}s' means, after Holm's correction within a model's metric family."
    )
    return [*tables, Paragraph(legend, "dim")]


def _unit(moves: Sequence[Move]) -> str:
    return "case" if any(move.cluster == "case" for move in moves) else "patient"


def _table(moves: Sequence[Move], *, title: str) -> Grid:
    columns = [
        Column("metric", wraps=True),
        Column("explainer", wraps=True),
        Column("base", numeric=True),
        Column("head", numeric=True),
        Column("difference", numeric=True),
        Column("p", numeric=True),
        Column(f"{_unit(moves)}s", numeric=True),
    ]
    rows = []
    for move in moves:
        tone: Tone = "strong" if move.conclusion in ("higher", "lower") else "plain"
        base, head = ("-", "-") if move.means is None else (shown(mean) for mean in move.means)
        cells = (
            Cell(metric_words(move.metric_id)),
            Cell("the model" if move.explainer_id == MODEL_LEVEL else move.explainer_id),
            Cell(base),
            Cell(head),
            Cell(_difference(move), tone),
            Cell(p_value(move.p_adjusted)),
            Cell(str(move.n_patients)),
        )
        rows.append(Row(cells))
    return grid(columns, rows, title=title)


def _difference(move: Move) -> str:
    if move.difference is None:
        return "not comparable"
    if move.conclusion == "same":
        return "0"
    mark = CHANCE if move.conclusion == "undecided" else ""
    return interval(move.difference, mark=mark)


def _csv_cells(move: Move) -> list[str]:
    means = move.means or (None, None)
    found = move.difference
    numbers = (*means, *((None, None, None) if found is None else (found.estimate, found.low, found.high)))
    return [
        move.model_id,
        move.explainer_id,
        move.metric_id,
        move.reader,
        *("" if number is None else repr(number) for number in (*numbers, move.p_adjusted)),
        move.conclusion,
        str(move.n_cases),
        str(move.n_patients),
        str(move.n_unpaired),
    ]
