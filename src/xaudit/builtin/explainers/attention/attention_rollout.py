"""Attention rollout."""

from xaudit.builtin.explainers.attention import attention_record

RECORD = attention_record(
    "attention-rollout",
    "how much of each patch reaches the tokens that the head reads, by attention alone; the same for all classes and any head",
    "1 forward", "Abnar and Zuidema 2020", "RolloutExplainer", gradients=False, order=182,
)  # fmt: skip
