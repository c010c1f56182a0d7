"""The section `sanity`: checks that the map depends on the model, the class and the image."""

from xaudit.builtin.metrics import ALIKE, check_row, measured_together
from xaudit.catalog.citations import ADEBAYO, HERE, SIXT
from xaudit.catalog.metric_ids import STEP

RECORDS = measured_together((
    check_row(
        "mprt", "rank correlation of the map with that of the network with every layer random", "sanity",
        ALIKE, "`steps` maps", ADEBAYO,
    ),
    check_row(
        "mprt-ssim", "structural similarity of the map with that of the network with every layer random", "sanity",
        "-1 to 1", "none beyond mprt's", ADEBAYO,
    ),
    check_row(
        "mprt-mean", "rank correlation of the map with those of the cascade, mean over its steps", "sanity",
        ALIKE, "none beyond mprt's", ADEBAYO, headline=False,
    ),
    check_row(
        STEP, "rank correlation of the map with that of the network whose upper layers are random", "sanity",
        ALIKE, "none beyond mprt's", ADEBAYO, headline=False,
    ),
    check_row(
        f"{STEP}-ssim", "structural similarity of the map with that of the network whose upper layers are random",
        "sanity", "-1 to 1", "none beyond mprt's", ADEBAYO, headline=False,
    ),
    check_row(
        "mprt-independent", "rank correlation of the map with those of networks of which one part each is random",
        "sanity", ALIKE, "`steps` maps, less one that the cascade has", ADEBAYO,
    ),
    check_row(
        "mprt-independent-ssim", "structural similarity of the map with those of networks of which one part each is random",
        "sanity", "-1 to 1", "none beyond mprt-independent's", ADEBAYO, headline=False,
    ),
    check_row(
        "efficient-mprt", "by what share the entropy of the map's values rises when every layer is random", "sanity",
        "at least -1, 0 where nothing changes", "none beyond mprt's", "Hedström et al. 2024, eMPRT", higher_is_better=True,
    ),
    check_row(
        "smooth-mprt", "mprt of maps that are averaged over noise on the image", "sanity", ALIKE, "none",
        "Hedström et al. 2024, sMPRT", headline=False,
        unavailable="it costs 50 to 300 maps for one of mprt's; mprt of an explainer that averages over noise, such as smoothgrad, says the same",
    ),
    check_row(
        "random-logit", "structural similarity of the map with that of another class, drawn at random", "sanity",
        "-1 to 1", "1 map", SIXT,
    ),
    check_row(
        "class-contrast", "rank correlation of the map with that of the most probable other class", "sanity",
        ALIKE, "1 map; none with two classes", HERE,
    ),
    check_row(
        "location-collapse", "rank correlation of where the map lies with where those of other patients lie", "sanity",
        ALIKE, "none", HERE,
    ),
))  # fmt: skip
