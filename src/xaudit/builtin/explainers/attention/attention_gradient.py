"""Attention weighted by its gradient."""

from xaudit.builtin.explainers.attention import attention_record

RECORD = attention_record(
    "attention-gradient",
    "the attention that raises the target's logit, weighted by its gradient, from each patch to the tokens that the head reads",
    "1 forward, 1 backward", "Chefer et al. 2021, Generic attention-model explainability",
    "GradientAttentionExplainer", gradients=True, order=184,
)  # fmt: skip
