"""The section `repeatability`: checks that other networks get like maps of the same image."""

from xaudit.builtin.metrics import ALIKE, check_row, measured_together
from xaudit.catalog.citations import HERE

RECORDS = measured_together((
    *(
        row
        for name, others in (
            ("repeatability", "the same network trained anew"),
            ("reproducibility", "networks of another family"),
        )
        for row in (
            check_row(
                name, f"rank correlation of the map with those of {others}", "repeatability", ALIKE, "none", HERE,
                higher_is_better=True,
            ),
            check_row(
                f"{name}-class", f"share of {others} that name the same class", "repeatability", "0 to 1", "none", HERE,
                higher_is_better=True, headline=False,
            ),
            check_row(
                f"{name}-probability", f"by how much the target's probability differs from {others}", "repeatability",
                "0 to 1", "none", HERE, headline=False,
            ),
        )
    ),
))  # fmt: skip
