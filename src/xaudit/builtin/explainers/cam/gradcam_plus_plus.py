"""Grad-CAM++."""

from xaudit.builtin.explainers.cam import FORWARD_BACKWARD, cam_record, through_library

RECORD = cam_record(
    "gradcam-plus-plus",
    "as gradcam, with weights that count each place's gradient, for several lesions of one class",
    FORWARD_BACKWARD, "Chattopadhay et al. 2018, Grad-CAM++", through_library("GradCAMPlusPlus"), order=20,
)  # fmt: skip
