"""Settings of the check of what predicts the label without the organ."""

from typing import Self

from pydantic import Field, model_validator

from xaudit.config.sections.section import Section, SettingError


class LabelSection(Section):
    """Parts of the image, and properties, from which the label should not follow."""

    enabled: bool = Field(True, description="off leaves open what predicts the label without the organ")
    organ: tuple[str, ...] = Field(
        (),
        description="regions under `data.regions.own` that are the organ, such as the breast, and are hidden together with "
        "the lungs where there are any",
    )
    folds: int = Field(
        5,
        ge=2,
        le=5,
        description="parts of the data, of which each is tested once by a model that saw the others",
    )
    gives_away: float = Field(
        0.55,
        ge=0.5,
        lt=1,
        description="AUROC above which, by its interval's lower end, a view gives the label away",
    )
    harmless: float = Field(
        0.7,
        gt=0.5,
        le=1,
        description="AUROC that an interval's upper end must not exceed before a view is called harmless",
    )

    @model_validator(mode="after")
    def _are_in_order(self) -> Self:
        if self.gives_away >= self.harmless:
            raise SettingError(
                f"gives_away: {self.gives_away:g} is not below harmless, {self.harmless:g}",
                hint="chance is 0.5; by default they are 0.55 and 0.7",
            )
        return self
