"""LayerCAM."""

from xaudit.builtin.explainers.cam import FORWARD_BACKWARD, cam_record, through_library

RECORD = cam_record(
    "layercam", "positive gradient times feature, place by place; also usable on early layers",
    FORWARD_BACKWARD, "Jiang et al. 2021, LayerCAM", through_library("LayerCAM"), order=40,
)  # fmt: skip
