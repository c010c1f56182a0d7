"""Where models come from, and how one without weights is trained."""

import re
from pathlib import Path
from typing import Literal, Self

from pydantic import (
    Field,
    field_validator,
    model_validator,
)

from xaudit.catalog import OptionValue
from xaudit.config.analysis import Spread
from xaudit.config.named import check_options
from xaudit.config.plugged import PluggedSource, plugin_of
from xaudit.config.section import Section


class ModelSection(Section):
    """A classifier, where it comes from, and how images reach it."""

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="its name in every table")
    source: Literal["torchvision", "python", "phantom"] | PluggedSource = Field(
        "torchvision", description="where the network comes from; see models and formats"
    )
    options: dict[str, OptionValue] = Field(
        default_factory=dict, description="settings of a source that another package brings"
    )
    architecture: str | None = Field(None, description="torchvision's name, such as resnet50")
    family: str | None = Field(
        None,
        description="models of one family are one network trained anew; by default the architecture or factory",
    )
    factory: str | None = Field(None, description="package.module:function, called with n_classes")
    variant: Literal["honest", "shortcut"] | None = Field(None, description="which phantom network")
    weights: Path | None = Field(None, description="safetensors or a weights-only state dict; absent: train")
    dataset: str | None = Field(
        None, description="which of `datasets` it is trained and audited on; absent: `data`"
    )
    input_size: int | None = Field(
        None, ge=16, le=1024, description="side of the model's frame; by default the architecture's"
    )
    channels: Literal[1, 3] = Field(
        3,
        description="that the network takes; with 1, from Python only, it gets the mean of an image's three",
    )
    fit: Literal["stretch", "pad", "crop"] = Field(
        "stretch", description="how an image that is not square becomes the model's square frame"
    )
    mean: tuple[float, float, float] = Field(
        (0.485, 0.456, 0.406), description="taken from each channel of an image in 0 to 1"
    )
    std: tuple[Spread, Spread, Spread] = Field(
        (0.229, 0.224, 0.225), description="that each channel is divided by after that"
    )
    layer: str | None = Field(
        None, description="module that CAM methods explain; by default the architecture's own"
    )
    target: Literal["label", "predicted", "positive"] = Field(
        "positive", description="which class's evidence is explained"
    )

    @field_validator("channels", mode="before")
    @classmethod
    def _one_or_three(cls, value: object) -> object:
        if value not in (1, 3):
            raise ValueError(
                f"channels: images have 1 or 3, got {value!r}|let the factory put a layer in front of the network that "
                "makes the others"
            )
        return value

    @model_validator(mode="after")
    def _one_channel_fits(self) -> Self:
        if self.channels == 1:
            if self.source != "python" and plugin_of("model", self.source) is None:
                raise ValueError(f"channels: a model from {self.source} takes 3|1 goes with `source: python`")
            for name in ("mean", "std"):
                values = getattr(self, name)
                if len(set(values)) > 1:
                    raise ValueError(
                        f"{name}: a network on one channel has one value, three times; got {list(values)}|for example "
                        f"`{name}: [{values[1]}, {values[1]}, {values[1]}]`"
                    )
        return self

    @model_validator(mode="after")
    def _names_its_source(self) -> Self:
        brought = plugin_of("model", self.source)
        check_options(self.options, () if brought is None else brought.options)
        needed = {"torchvision": "architecture", "python": "factory", "phantom": "variant"}.get(self.source)
        if needed is not None and getattr(self, needed) is None:
            raise ValueError(f"{needed}: a model from {self.source} needs it")
        if self.factory is not None and not re.fullmatch(r"[\w.]+:\w+", self.factory):
            raise ValueError("factory: expected package.module:function")
        return self

    @property
    def family_name(self) -> str:
        """What its family is called: models that share it are compared for repeatability, others for reproducibility."""
        return self.family or self.architecture or self.factory or self.source


class TrainSection(Section):
    """How a model without weights is trained."""

    epochs: int = Field(12, ge=1, description="most passes over the training images")
    batch_size: int = Field(32, ge=2, description="images per step")
    learning_rate: float = Field(1e-3, gt=0, description="of AdamW, at its highest")
    weight_decay: float = Field(1e-2, ge=0, description="of AdamW")
    patience: int = Field(4, ge=1, description="epochs without a better validation loss before it stops")
    class_weights: bool = Field(True, description="weigh classes by the inverse of their frequency")
    augment: bool = Field(True, description="flips, small shifts, brightness")
    mixed_precision: bool = Field(True, description="on a GPU only")
