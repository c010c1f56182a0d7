"""Masks of the anatomy, and of regions that an audit file names itself."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator

from xaudit.config.sections.own_regions import OwnRegion, check_region_name
from xaudit.config.sections.section import Section, SettingError, hint_of
from xaudit.config.sections.slices import NiftiSection

BUILT_IN_MASKS = ("builtin", "builtin-ct", "builtin-xray")


class LungSection(Section):
    """The left and the right lung by name: a path for each, or one path and what each is called in it."""

    path: Path | None = Field(
        None,
        description="masks of both lungs, in which `left` and `right` are names or numbers; absent: they are paths",
    )
    left: tuple[Path | int | str, ...] = Field(
        min_length=1,
        description="paths of its masks, or its categories (COCO, DICOM) or numbers (PNG, NIfTI) in `path`",
    )
    right: tuple[Path | int | str, ...] = Field(min_length=1, description="the same of the right lung")

    @field_validator("left", "right", mode="before")
    @classmethod
    def _is_a_list(cls, value: object) -> object:
        return (value,) if isinstance(value, str | int | Path) and not isinstance(value, bool) else value

    @field_validator("left", "right")
    @classmethod
    def _is_of_one_kind(
        cls, values: tuple[Path | int | str, ...], info: ValidationInfo
    ) -> tuple[Path | int | str, ...]:
        path = info.data.get("path")
        if path is None and any(isinstance(value, int) for value in values):
            raise SettingError(
                f"{values[0]} is no path", hint="give the masks in which it is a number: `path: masks/lungs`"
            )
        kind = Path if path is None else str
        return tuple(value if isinstance(value, int) else kind(value) for value in values)

    @model_validator(mode="after")
    def _has_different_sides(self) -> Self:
        both = set(self.left) & set(self.right)
        if both:
            raise SettingError(
                f"left and right: {min(map(str, both))} stands in both", hint="name it on one side"
            )
        return self


def _lung_section(plain: dict[str, object]) -> LungSection:
    """Read the lungs by name; in a union every other form would complain of them as well."""
    try:
        return LungSection.model_validate(plain)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"][:1]))
        message, hint = first["msg"].removeprefix("Value error, "), hint_of(first)
        if first["type"] == "extra_forbidden":
            message, hint = "no key is called so", "the lungs have the keys left, right and path"
        if first["type"] == "missing":
            message, hint = "is missing", "give both lungs: {left: masks/left, right: masks/right}"
        raise SettingError(f"{place}: {message}" if place else message, hint=hint) from None


class RegionSection(Section):
    """Masks of the anatomy: PNGs or NIfTI files with the images' names, a COCO file, or made here from the image."""

    lungs: Literal["builtin-ct", "builtin-xray"] | Path | LungSection | None = Field(
        None,
        description="masks of both lungs: a folder, a COCO, NIfTI or DICOM file, `builtin-ct` or `builtin-xray`; or "
        "`{left: ..., right: ...}` where the masks do not say which lung is which",
    )
    body: Literal["builtin", "builtin-ct", "builtin-xray"] | Path | None = Field(
        None, description="masks of the whole patient; `builtin` follows `lungs`, and is for CT otherwise"
    )
    thorax: Literal["builtin"] | Path | None = Field(
        None, description="masks of all within the ribs; `builtin` is the convex hull of the lungs"
    )
    own: dict[str, OwnRegion] = Field(
        default_factory=dict,
        description="regions of your own by name, such as `{ruler: masks/ruler}`: each gets reliance, map shares and "
        "gates; where masks overlap, the one named first has the pixel",
    )
    nifti: NiftiSection = NiftiSection()
    tolerance_px: float = Field(
        0.0, ge=0, allow_inf_nan=False, description="how far the region `mark` reaches beyond the marks"
    )
    tolerance_mm: float | None = Field(
        None, gt=0, allow_inf_nan=False, description="the same in millimetres, where spacing is known"
    )

    @field_validator("lungs", "body", "thorax", mode="before")
    @classmethod
    def _is_known_builtin(cls, value: object, info: ValidationInfo) -> object:
        known = {"lungs": BUILT_IN_MASKS[1:], "body": BUILT_IN_MASKS, "thorax": BUILT_IN_MASKS[:1]}
        choices = known[str(info.field_name)]
        if info.field_name == "lungs" and isinstance(value, dict):
            return _lung_section(value)
        if isinstance(value, str) and value.startswith("builtin") and value not in choices:
            raise SettingError(
                f"no masks are called '{value}'", hint=f"take {' or '.join(choices)}, or the path of masks"
            )
        return value

    @field_validator("own")
    @classmethod
    def _has_region_names(cls, own: dict[str, OwnRegion]) -> dict[str, OwnRegion]:
        for name in own:
            check_region_name(name)
        return own

    @model_validator(mode="after")
    def _has_one_tolerance(self) -> Self:
        if self.tolerance_mm is not None and self.tolerance_px > 0:
            raise SettingError("tolerance_px and tolerance_mm are both set", hint="keep one of the two")
        return self

    def builtin(self, structure: str) -> Literal["ct", "xray"] | None:
        """For which kind of image a structure's masks are made here; None where they are given or unknown."""
        source = getattr(self, structure)
        if source == "builtin":
            source = self.lungs if self.lungs in BUILT_IN_MASKS else "builtin-ct"
        match source:
            case "builtin-ct":
                return "ct"
            case "builtin-xray":
                return "xray"
            case _:
                return None
