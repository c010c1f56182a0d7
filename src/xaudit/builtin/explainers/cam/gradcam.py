"""Grad-CAM."""

from xaudit.builtin.explainers.cam import FORWARD_BACKWARD, cam_record, through_library

RECORD = cam_record(
    "gradcam", "where the last convolution's features push the target's logit up", FORWARD_BACKWARD,
    "Selvaraju et al. 2017, Grad-CAM", through_library("GradCAM"), order=10,
)  # fmt: skip
