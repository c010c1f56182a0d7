"""Limits from which it follows whether an explainer shows what a model uses."""

from typing import Annotated

from pydantic import Field

from xaudit.config.sections.section import Section

Share = Annotated[float, Field(ge=0, le=1)]


class ExplainersSection(Section):
    """Limits of the judgement on explainers, which are compared with the reliance map."""

    area: float = Field(
        0.05, gt=0, le=0.5, description="share of the frame that counts as a map's strongest part"
    )
    margin: float = Field(
        0.02,
        ge=0,
        allow_inf_nan=False,
        description="summed fall of the probability up to which an image does not count: nothing matters there",
    )
    shows: Share = Field(
        0.5,
        description="share of the reliance captured from which an explainer may be said to show what the model uses",
    )
    prior: Share = Field(
        0.85,
        description="share that the other patients' mean reliance map captures from which an explainer need not do better: "
        "the evidence lies at one place in everybody",
    )
