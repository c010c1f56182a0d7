"""The section `reliance.image`: how far the answer moves with a property of the whole image."""

from xaudit.builtin.metrics import measured_together
from xaudit.catalog.citations import HERE
from xaudit.catalog.image_changes import DEFAULT_IMAGE_CHANGES, IMAGE_CHANGES, IMAGE_PROPERTIES
from xaudit.catalog.rows import MetricRow


def _row(name: str, meaning: str) -> MetricRow:
    rows = [row for row in IMAGE_CHANGES.values() if row.property == name]
    steps = ", ".join(row.id for row in rows)
    n_forwards = sum(row.id in DEFAULT_IMAGE_CHANGES for row in rows)
    doubled = (
        "" if any(row.kind == "level" for row in rows) else f", {2 * n_forwards} where a finding is marked"
    )
    return MetricRow(
        f"image-{name}",
        f"change of the target's probability with the {meaning}, from the step with the least of it to that with the most "
        f"({steps}), a marked finding kept: what all true classes share in one direction",
        "image",
        False,
        "0 to 1",
        f"{n_forwards} forward{'s' * (n_forwards > 1)}{doubled}",
        citation=HERE,
        headline=False,
    )


RECORDS = measured_together(_row(name, meaning) for name, meaning in IMAGE_PROPERTIES.items())
