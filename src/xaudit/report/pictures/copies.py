"""Pairs of copies and neighbouring slices side by side."""

from markupsafe import Markup

from xaudit.records import CopyPair, DataCheck
from xaudit.report.pictures.check_picture import CheckPicture, webp_image
from xaudit.report.sections.data_audit.copies import pair_words
from xaudit.screening.copies.pairs import shown_pairs


def copies_pictures(check: DataCheck) -> tuple[CheckPicture, ...]:
    """Return a picture of each pair whose two images are there, worst kinds first."""
    pairs = [one for one in check.tables.get("copies", ()) if isinstance(one, CopyPair)]
    return tuple(
        _picture(check, pair)
        for pair in shown_pairs(pairs)
        if pair.case_a in check.images and pair.case_b in check.images
    )


def _picture(check: DataCheck, pair: CopyPair) -> CheckPicture:
    body = Markup("").join(
        webp_image(check.images[name], f"{name}, {split}, {label}")
        for name, split, label in (
            (pair.case_a, pair.split_a, pair.label_a),
            (pair.case_b, pair.split_b, pair.label_b),
        )
    )
    detail = "" if pair.detail is None else f", detail {pair.detail:.3f}"
    caption = (
        f"{pair.case_a} ({pair.split_a}, {pair.label_a}) and {pair.case_b} ({pair.split_b}, {pair.label_b}); "
        f"likeness {pair.likeness:.3f}{detail}"
    )
    return CheckPicture(pair_words(pair), caption, body)
