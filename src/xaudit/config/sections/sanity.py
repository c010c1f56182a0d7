"""Checks of maps: dependence on the model, and stability. They need more maps, so they run on some cases."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator

from xaudit.config.sections.section import Section, SettingError

SanityTest = Literal["mprt", "mprt-independent", "random-logit", "class-contrast", "location-collapse"]
RobustnessTest = Literal["sensitivity", "seed-stability"]


class CheckSection(Section):
    """A check that runs on some cases of each model."""

    explainers: tuple[str, ...] = Field(
        (), description="ids of the explainers or controls asked; by default all that are no controls"
    )
    cases: int = Field(
        8, ge=1, description="at most so many explained cases of each model, spread over the patients"
    )

    @field_validator("tests", check_fields=False)
    @classmethod
    def _stand_once(cls, tests: tuple[str, ...]) -> tuple[str, ...]:
        for test in tests:
            if tests.count(test) > 1:
                raise SettingError(f"'{test}' stands twice")
        return tests


class SanitySection(CheckSection):
    """Does a map change when the model, or the class asked about, is another one."""

    tests: tuple[SanityTest, ...] = Field(
        ("mprt", "mprt-independent", "random-logit", "class-contrast", "location-collapse"),
        min_length=1,
        description="which of mprt, mprt-independent, random-logit, class-contrast, location-collapse",
    )
    steps: int = Field(
        4, ge=1, le=20, description="parts into which the layers are cut, randomised from the top down"
    )


class RobustnessSection(CheckSection):
    """Does a map stay the same under noise that changes nothing, and under another seed."""

    tests: tuple[RobustnessTest, ...] = Field(
        ("sensitivity", "seed-stability"), min_length=1, description="which of sensitivity, seed-stability"
    )
    samples: int = Field(10, ge=1, description="noisy copies of each image")
    radius: float = Field(
        0.02,
        gt=0,
        le=1,
        description="most that the noise adds to a pixel, as a share of the range of intensities",
    )
    seeds: int = Field(5, ge=5, description="maps of one image, each from its own seed")


class RepeatabilitySection(Section):
    """Do models that agree in their answers agree in their maps."""

    explainers: tuple[str, ...] = Field(
        (), description="ids of the explainers or controls compared; by default all that are no controls"
    )


def _switched(value: object) -> object:
    return {True: {}, False: None}.get(value, value) if isinstance(value, bool) else value


Sanity = Annotated[
    SanitySection | None, BeforeValidator(_switched, json_schema_input_type=SanitySection | bool | None)
]


Robustness = Annotated[
    RobustnessSection | None,
    BeforeValidator(_switched, json_schema_input_type=RobustnessSection | bool | None),
]


Repeatability = Annotated[
    RepeatabilitySection | None,
    BeforeValidator(_switched, json_schema_input_type=RepeatabilitySection | bool | None),
]
