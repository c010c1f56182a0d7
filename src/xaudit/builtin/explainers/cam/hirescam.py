"""HiResCAM."""

from xaudit.builtin.explainers.cam import FORWARD_BACKWARD, cam_record, through_library

RECORD = cam_record(
    "hirescam",
    "gradient times feature, place by place: what each place adds to the logit, exact for a linear head",
    FORWARD_BACKWARD, "Draelos and Carin 2020, HiResCAM", through_library("HiResCAM"), order=30,
)  # fmt: skip
