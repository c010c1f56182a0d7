"""Ablation-CAM."""

from xaudit.builtin.explainers.cam import by_features, cam_record

RECORD = cam_record(
    "ablationcam", "features weighed by how far the target's logit falls without each of them",
    "as many forwards as the layer has features, of the part behind it where that runs alone",
    "Desai and Ramaswamy 2020, Ablation-CAM", by_features("ablationcam"), gradients=False, order=90,
)  # fmt: skip
