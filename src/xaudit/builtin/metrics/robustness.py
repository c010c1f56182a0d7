"""The section `robustness`: checks that the map stays the same under noise and another seed."""

from xaudit.builtin.metrics import ALIKE, check_row, measured_together
from xaudit.catalog.citations import AGARWAL, HERE, YEH

RECORDS = measured_together((
    check_row(
        "average-sensitivity", "mean relative change of the map under small noise on the image", "robustness",
        "0 or more", "`samples` maps and forwards", YEH,
    ),
    check_row(
        "max-sensitivity", "largest relative change of the map under small noise on the image", "robustness",
        "0 or more", "none beyond average-sensitivity's", YEH,
    ),
    check_row(
        "local-lipschitz", "largest change of the map, scaled to 1, over the change of the image", "robustness",
        "0 or more", "none beyond average-sensitivity's", "Alvarez-Melis and Jaakkola 2018",
    ),
    check_row(
        "relative-input-stability", "largest relative change of the map over that of the image, where the class stays",
        "robustness", "0 or more", "none beyond average-sensitivity's", AGARWAL, headline=False,
    ),
    check_row(
        "relative-output-stability", "largest relative change of the map over the change of the logits, where the class stays",
        "robustness", "0 or more", "none beyond average-sensitivity's", AGARWAL, headline=False,
    ),
    check_row(
        "relative-representation-stability",
        "largest relative change of the map over that of a layer's features, where the class stays",
        "robustness", "0 or more", "none", AGARWAL, headline=False,
        unavailable="its number depends on a layer that its definition leaves open, so two audits could not be compared",
    ),
    check_row(
        "seed-stability", "rank correlation between maps of the same image from different seeds", "robustness",
        ALIKE, "`seeds` - 1 maps; 1 where the seed plays no part", HERE, higher_is_better=True,
    ),
    check_row(
        "seed-stability-ssim", "structural similarity between maps of the same image from different seeds", "robustness",
        "-1 to 1", "none beyond seed-stability's", HERE, higher_is_better=True, headline=False,
    ),
))  # fmt: skip
