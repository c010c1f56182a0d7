"""Eigengrad-CAM."""

from xaudit.builtin.explainers.cam import cam_record, through_library

RECORD = cam_record(
    "eigengradcam", "first principal component of gradient times feature",
    "1 forward, 1 backward, 1 singular value decomposition",
    "Gildenblat et al. 2021, pytorch-grad-cam, after Muhammad and Yeasin 2020",
    through_library("EigenGradCAM"), order=60,
)  # fmt: skip
