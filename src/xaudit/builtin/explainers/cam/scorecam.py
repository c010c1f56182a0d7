"""Score-CAM."""

from xaudit.builtin.explainers.cam import by_features, cam_record

RECORD = cam_record(
    "scorecam", "features weighed by the target's logit of the image seen through each of them",
    "as many forwards as the layer has features", "Wang et al. 2020, Score-CAM", by_features("scorecam"),
    gradients=False, order=80,
)  # fmt: skip
