"""Preparation of images for a model."""

from collections.abc import Mapping
from typing import Any, Literal, Self, TypeAlias

from pydantic import Field, ValidationError, field_validator, model_validator

from xaudit.config.sections.section import Section, SettingError

Resize: TypeAlias = Literal["area", "bilinear", "bicubic", "lanczos", "nearest", "cv2-linear"]

_WITHOUT_ANTIALIAS = (None, "bilinear", "bicubic")


class PreprocessSection(Section):
    """The preparation of the images that a model sees."""

    resize: Resize | None = Field(
        None,
        description="the filter that resizes images: PIL's, which torchvision and timm use; `area`, each pixel weighted by the area it "
        "covers; `cv2-linear`, OpenCV's INTER_LINEAR. By default `bilinear`; `area` for `source: phantom`; a Hugging Face "
        "folder's own",
    )
    antialias: bool = Field(
        True,
        description="whether `bilinear` and `bicubic` smooth what they shrink; false resizes as torchvision does with a tensor and "
        "`antialias=False`",
    )
    resize_to: int | tuple[int, int] | None = Field(
        None,
        description="size before `crop`, as torchvision's Resize takes it: a number is the shorter side, such as `256`; `[256, 256]` "
        "stretches",
    )
    crop: int | None = Field(
        None, ge=16, le=1024, description="side of the central square that is kept, which is `input_size`"
    )

    @field_validator("resize_to")
    @classmethod
    def _is_a_size(cls, value: int | tuple[int, int] | None) -> int | tuple[int, int] | None:
        sides = value if isinstance(value, tuple) else (value,)
        if any(side is not None and not 16 <= side <= 4096 for side in sides):
            raise SettingError("resize_to: sides are from 16 to 4096 px", hint="for example `resize_to: 256`")
        if isinstance(value, tuple) and value[0] != value[1]:
            raise SettingError(
                f"resize_to: {list(value)} is not square, and the model's frame is",
                hint="give one number for the shorter side, or two equal ones to stretch",
            )
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if not self.antialias and self.resize not in _WITHOUT_ANTIALIAS:
            raise SettingError(
                f"antialias: false goes with bilinear and bicubic, not with {self.resize}",
                hint="leave it out",
            )
        if self.crop is not None and self.resize_to is None:
            raise SettingError(
                "crop: is cut out of the resized image, and `resize_to` is missing",
                hint="for example `resize_to: 256`, or `fit: crop` to cut at the model's own size",
            )
        if isinstance(self.resize_to, int) and self.crop is None:
            raise SettingError(
                "resize_to: with one number, the shorter side, images that are not square stay so",
                hint=f"add `crop`, or write `[{self.resize_to}, {self.resize_to}]` to stretch",
            )
        if self.crop is not None and self.crop > self._shorter:
            raise SettingError(
                f"crop: {self.crop} is more than `resize_to`, {self._shorter}",
                hint="use `fit: pad` to fill up at the border",
            )
        return self

    @property
    def _shorter(self) -> int:
        size = self.resize_to
        assert size is not None
        return size if isinstance(size, int) else size[0]

    def frame(self) -> tuple[int, str] | None:
        """Return `input_size` and `fit` that `resize_to` and `crop` stand for; None without them.

        Example:
            >>> PreprocessSection(resize_to=256, crop=224).frame()
            (224, 'crop-0.875')
            >>> PreprocessSection(resize_to=(256, 256)).frame()
            (256, 'stretch')
        """
        if self.resize_to is None:
            return None
        side, kind = self.crop or self._shorter, "crop" if isinstance(self.resize_to, int) else "stretch"
        share = side / self._shorter
        return side, kind if share == 1 else f"{kind}-{share:.9f}".rstrip("0")


def with_frame(plain: Any) -> Any:  # noqa: ANN401  (a model's keys before they are checked)
    """Write `resize_to` and `crop` of a model's `preprocess` into its `fit` and `input_size`.

    Raises:
        SettingError: if they contradict each other, or a key has another name now.
    """
    if not isinstance(plain, Mapping):
        return plain
    plain = dict(plain)
    filter_name = plain.pop("resample", None)
    if filter_name is not None:
        raise SettingError(
            "resample: is now a key of `preprocess`", hint=f"write `preprocess: {{resize: {filter_name}}}`"
        )
    own = plain.get("preprocess")
    if isinstance(own, str):
        raise SettingError(
            f"preprocess: expected keys such as resize, resize_to and crop, got the text '{own:.60}'",
            hint="for example `preprocess: {resize: bilinear, resize_to: 256, crop: 224}`",
        )
    preprocess = own if isinstance(own, PreprocessSection) else None
    if isinstance(own, Mapping):
        try:
            preprocess = PreprocessSection.model_validate(dict(own))
        except ValidationError:
            return plain  # the check of the field itself names the place
    frame = None if preprocess is None else preprocess.frame()
    if frame is None:
        return plain
    for key, value in zip(("input_size", "fit"), frame, strict=True):
        if plain.get(key) not in (None, value):
            raise SettingError(
                f"{key}: is {plain[key]}, and `preprocess.resize_to` and `crop` make it {value}",
                hint=f"leave `{key}` out",
            )
        plain[key] = value
    return plain
