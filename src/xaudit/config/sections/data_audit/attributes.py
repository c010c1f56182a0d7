"""Settings of the check of attributes."""

from pydantic import Field

from xaudit.config.sections.section import Section


class AttributesSection(Section):
    """Comparison of attributes with the label and with the models' answers."""

    least_patients: int = Field(
        5, ge=5, description="patients of a class that a level or a subgroup needs to be judged"
    )
    most_levels: int = Field(
        20, ge=2, description="levels of an attribute; one with more is named and not compared"
    )
    pairs: bool = Field(True, description="look for worse subgroups among pairs of attributes too")
    most_subgroups: int = Field(
        500, ge=1, description="subgroups that are tested at once, those of most patients first"
    )
    draws: int = Field(2000, ge=200, description="permutations of the patients behind each p")
