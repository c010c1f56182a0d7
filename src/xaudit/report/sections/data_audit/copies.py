"""Copies and neighbouring slices: counts by kind, the worst pairs, and the splits before and after."""

from collections import Counter
from collections.abc import Sequence

from xaudit.records import CopyPair, DataCheck, SplitSize
from xaudit.report.grid import Block, Cell, Column, Paragraph, Section, grid, row
from xaudit.screening.copies.pairs import shown_pairs

N_ROWS = 8

KIND_WORDS = {
    "same-file": "same file",
    "same-pixels": "same pixels, other file",
    "near-copy": "saved again or resized",
    "augmented-copy": "changed copy",
    "neighbouring-slice": "neighbouring or repeated slice",
}

_LEGEND = (
    "Likeness: correlation of two aligned small copies of 128 pixels. Detail: correlation of what is finer than 3 of those pixels, "
    "from the originals, or than 3 of the smaller image's own pixels where it was resized; copies of one picture reach 0.995, neighbouring slices of a scan 0.98. Every pair stands in "
    "copies.parquet. groups.csv names the images that a split should keep together; `data.split: {groups: groups.csv}` takes it."
)


def copies_section(check: DataCheck) -> Section:
    """Show how many copies there are, the worst pairs, and what keeping groups together changes."""
    pairs = [one for one in check.tables.get("copies", ()) if isinstance(one, CopyPair)]
    sizes = [one for one in check.tables.get("split_sizes", ()) if isinstance(one, SplitSize)]
    blocks: list[Block] = []
    if pairs:
        blocks += [_counts(pairs), _worst(pairs), _splits(sizes), Paragraph(_LEGEND, "dim")]
    else:
        blocks.append(Paragraph("No pair of images looks like a copy or like slices of one scan."))
    return Section(check.title, (*blocks, *(Paragraph(text, "dim") for text in check.skipped)))


def pair_words(pair: CopyPair) -> str:
    """Say how two images are alike."""
    return KIND_WORDS[pair.kind] + (f": {pair.change}" if pair.change else "")


def _counts(pairs: Sequence[CopyPair]) -> Block:
    across = Counter(pair.kind for pair in pairs if pair.across_splits)
    within = Counter(pair.kind for pair in pairs if not pair.across_splits)
    other = Counter(pair.kind for pair in pairs if pair.label_a != pair.label_b)
    rows = [
        row(words, _count(across[kind]), f"{within[kind]:,}", _count(other[kind]))
        for kind, words in KIND_WORDS.items()
        if across[kind] or within[kind]
    ]
    titles = ("across splits", "within a split", "different labels")
    return grid([Column("pairs"), *(Column(title, numeric=True) for title in titles)], rows)


def _count(number: int) -> Cell:
    return Cell(f"{number:,}", "bad" if number else "plain")


def _worst(pairs: Sequence[CopyPair]) -> Block:
    rows = [
        row(
            pair.case_a,
            pair.case_b,
            _kind(pair),
            _split(pair),
            f"{pair.likeness:.3f}",
            "-" if pair.detail is None else f"{pair.detail:.3f}",
        )
        for pair in shown_pairs(pairs, N_ROWS)
    ]
    return grid(
        [
            Column("image", wraps=True),
            Column("and", wraps=True),
            Column("kind", wraps=True),
            Column("split", wraps=True),
            Column("likeness", numeric=True),
            Column("detail", numeric=True),
        ],
        rows,
        title=f"{len(rows)} of {len(pairs):,} pairs, every kind, worst first",
    )


def _kind(pair: CopyPair) -> Cell:
    words = pair_words(pair)
    if pair.label_a == pair.label_b:
        return Cell(words)
    return Cell(f"{words}; labels {pair.label_a} and {pair.label_b}", "bad")


def _split(pair: CopyPair) -> Cell:
    return Cell(f"{pair.split_a}, {pair.split_b}", "bad") if pair.across_splits else Cell(pair.split_a)


def _splits(sizes: Sequence[SplitSize]) -> Block:
    rows = [
        row(
            "groups that span splits" if size.split == "-" else f"{size.split} images",
            f"{size.n_before:,}",
            "-" if size.n_after is None else f"{size.n_after:,}",
        )
        for size in sizes
    ]
    return grid(
        ["splits", Column("now", numeric=True), Column("groups kept together", numeric=True)],
        rows,
        title="What `data.split.groups` would change",
    )
