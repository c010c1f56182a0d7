"""Eigen-CAM."""

from xaudit.builtin.explainers.cam import by_features, cam_record

RECORD = cam_record(
    "eigencam",
    "first principal component of the features: what is strong there, whichever class is asked for",
    "1 forward, 1 singular value decomposition", "Muhammad and Yeasin 2020, Eigen-CAM",
    by_features("eigencam", "EigenCam"), gradients=False, order=70,
)  # fmt: skip
