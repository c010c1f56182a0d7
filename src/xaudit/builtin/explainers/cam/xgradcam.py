"""XGrad-CAM."""

from xaudit.builtin.explainers.cam import FORWARD_BACKWARD, cam_record, through_library

RECORD = cam_record(
    "xgradcam", "as gradcam, with gradients averaged by how strong the feature is there", FORWARD_BACKWARD,
    "Fu et al. 2020, XGrad-CAM", through_library("XGradCAM"), order=50,
)  # fmt: skip
