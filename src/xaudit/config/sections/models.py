"""Models that are audited."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from xaudit.catalog import MODEL_RECORDS, OptionValue, model_row
from xaudit.catalog.models import holds_network
from xaudit.config.sections.analysis import Spread
from xaudit.config.sections.external import MapFiles, PredictionTable, check_named, from_path
from xaudit.config.sections.findings import (
    FINDING_NAME,
    FindingSection,
    NamedFinding,
    check_findings,
    names_of_outputs,
)
from xaudit.config.sections.named import check_options
from xaudit.config.sections.plugged import PluggedSource, plugin_of
from xaudit.config.sections.preprocess import PreprocessSection, with_frame
from xaudit.config.sections.section import Section, SettingError
from xaudit.config.sections.tokens import TokensSection
from xaudit.errors import did_you_mean
from xaudit.records import TokenGrid

if TYPE_CHECKING:
    _Source = str
else:
    _Source = Literal[tuple(MODEL_RECORDS)]

_KEYS_OF_A_NETWORK = (
    *("architecture", "factory", "variant", "weights", "trusted", "layer", "tokens", "channels"),
    *("outputs", "mean", "std", "preprocess"),
)

_ID = rf"^[A-Za-z0-9][A-Za-z0-9._-]*( \({FINDING_NAME}\))?$"
_FIT = r"^(pad|(stretch|crop)(-0\.[0-9]*[1-9][0-9]*)?)$"


class ModelSection(Section):
    """A classifier, where it comes from, and how images reach it."""

    id: str = Field(
        pattern=_ID, description="its name in every table; with several `findings` each is `ID (FINDING)`"
    )
    source: _Source | PluggedSource = Field(
        "torchvision", description="where the network comes from; see models and formats"
    )
    options: dict[str, OptionValue] = Field(
        default_factory=dict, description="settings of a source that another package brings"
    )
    architecture: str | None = Field(None, description="torchvision's or timm's name, such as resnet50")
    family: str | None = Field(
        None,
        description="models of one family are one network trained anew; by default the architecture or factory, else "
        "each its own",
    )
    factory: str | None = Field(None, description="package.module:function, called with n_classes")
    variant: Literal["honest", "unaware", "shortcut"] | None = Field(
        None, description="which phantom network"
    )
    weights: Path | None = Field(
        None,
        description="safetensors or a weights-only state dict; absent: train; for archives, programs and graphs the file, for "
        "huggingface the folder",
    )
    weights_prefix: str | None = Field(
        None,
        description="which copy of the network a checkpoint with several means, such as `model.` or `ema_model.`; the error "
        "names those that are there",
    )
    trusted: bool = Field(
        False,
        description="you know who made the file of a `torchscript` or `exported` model: it is a program and can do what you can",
    )
    dataset: str | None = Field(
        None, description="which of `datasets` it is trained and audited on; absent: `data`"
    )
    input_size: int | None = Field(
        None, ge=16, le=1024, description="side of the model's frame; by default the architecture's"
    )
    channels: Literal[1, 3] = Field(
        3,
        description="that the network takes; with 1 it gets the mean of an image's three",
    )
    fit: str = Field(
        "stretch",
        pattern=_FIT,
        description="how an image that is not square becomes the model's square frame: `stretch`, `pad`, `crop`, or `crop-0.875`, "
        "which keeps the central .875 of the shorter side, as `crop_pct` of timm does; `stretch-0.875` keeps .875 of both sides",
    )
    preprocess: PreprocessSection = Field(
        default_factory=PreprocessSection, description="how an image becomes the pixels that the model sees"
    )
    mean: tuple[float, float, float] = Field(
        (0.485, 0.456, 0.406), description="taken from each channel of an image in 0 to 1"
    )
    std: tuple[Spread, Spread, Spread] = Field(
        (0.229, 0.224, 0.225), description="that each channel is divided by after that"
    )
    classes: tuple[str, ...] = Field(
        (),
        description="the data's classes in the order of its outputs; by default the order that its file names, else that of "
        "`data.classes`, else sorted",
    )
    outputs: Literal["classes", "sigmoid", "multilabel", "multilabel-probabilities"] = Field(
        "classes",
        description="whether its answers are one logit for each class of the data, a single logit whose sigmoid is the probability of "
        "the positive class, or a logit (or a probability) for each of its `findings` by itself",
    )
    findings: tuple[NamedFinding, ...] = Field(
        (),
        description="what the answers of a multilabel network stand for, in its order; or the findings to audit, each with its "
        "`name` and `target`",
    )
    n_outputs: int | None = Field(
        None,
        ge=1,
        description="outputs of a network whose `findings` have a `target`; by default the largest `target` plus one",
    )
    finding: str | None = Field(
        None,
        description="which of `findings` is asked for, or the class that a single logit stands for; by default the data's positive class",
    )
    threshold: float = Field(
        0.5,
        gt=0,
        lt=1,
        description="probability from which on a multilabel network counts as saying the finding; logits are shifted so that it "
        "becomes one of .5",
    )
    layer: str | None = Field(
        None, description="module that CAM methods explain; by default the architecture's own"
    )
    tokens: TokensSection | None = Field(
        None,
        description="how the tokens that `layer` gives make a picture, for a transformer that xaudit does not know",
    )
    target: Literal["label", "predicted", "positive"] = Field(
        "positive", description="which class's evidence is explained"
    )
    predictions: Annotated[PredictionTable, BeforeValidator(from_path)] | None = Field(
        None, description="of an external model: the table of what it said of each image"
    )
    maps: Annotated[
        dict[str, Annotated[MapFiles, BeforeValidator(from_path)]], BeforeValidator(check_named)
    ] = Field(
        default_factory=dict,
        description="of an external model: what made its maps, and the folder that holds them, such as `gradcam: maps/gradcam`; "
        "in the tables `external-gradcam`",
    )
    frame: Literal["image", "input"] = Field(
        "image",
        description="what a map from a file covers: the whole image, or the model's square input of `input_size`, into which "
        "the image was brought as `fit` says",
    )

    @model_validator(mode="before")
    @classmethod
    def _takes_its_frame_from_preprocess(cls, plain: object) -> object:
        return with_frame(plain)

    @field_validator("fit", mode="before")
    @classmethod
    def _is_a_fit(cls, value: object) -> object:
        if not isinstance(value, str) or not re.fullmatch(_FIT, value):
            known = did_you_mean(
                str(value),
                ("stretch", "pad", "crop"),
                otherwise="or `crop-0.875` to keep the central .875 of the shorter side",
            )
            raise SettingError(
                f"fit: expected stretch, pad, crop, crop-0.N or stretch-0.N, got {value!r:.40}", hint=known
            )
        return value

    @field_validator("channels", mode="before")
    @classmethod
    def _one_or_three(cls, value: object) -> object:
        if value not in (1, 3):
            raise SettingError(
                f"channels: images have 1 or 3, got {value!r}",
                hint="let the factory put a layer in front of the network that makes the others",
            )
        return value

    @field_validator("classes")
    @classmethod
    def _are_different(cls, classes: tuple[str, ...]) -> tuple[str, ...]:
        twice = next((name for name in classes if classes.count(name) > 1), None)
        if twice is not None:
            raise SettingError(
                f"'{twice}' stands twice", hint="name each class once, in the order of the model's outputs"
            )
        return classes

    @model_validator(mode="after")
    def _is_of_images_in_0_to_1(self) -> Self:
        if max(self.mean) > 1:
            raise SettingError(
                f"mean: {max(self.mean):g} is more than any pixel, since images are in 0 to 1",
                hint="divide `mean` and `std` by 255, if they are of images in 0 to 255",
            )
        return self

    @model_validator(mode="after")
    def _one_channel_fits(self) -> Self:
        if self.channels == 1:
            if not model_row(self.source).one_channel:
                raise SettingError(
                    f"channels: a model from {self.source} takes 3", hint="1 goes with `source: python`"
                )
            for name in ("mean", "std"):
                values = getattr(self, name)
                if len(set(values)) > 1:
                    raise SettingError(
                        f"{name}: a network on one channel has one value, three times; got {list(values)}",
                        hint=f"for example `{name}: [{values[1]}, {values[1]}, {values[1]}]`",
                    )
        return self

    @model_validator(mode="after")
    def _names_its_source(self) -> Self:
        row, own = model_row(self.source), MODEL_RECORDS.get(self.source)
        record = own or plugin_of("model", self.source)
        check_options(self.options, () if record is None else record.options)
        needed = "id" if own is None and row.trains else "weights" if record is None else record.key
        if getattr(self, needed) is None:
            raise SettingError(f"{needed}: a model from {self.source} needs it")
        if row.is_program and not self.trusted:
            raise SettingError(
                f"trusted: a file of {self.source} is a program, which can do on this machine what you can",
                hint="set `trusted: true` "
                "if you know who made it; if not, ask for the weights as safetensors, or for an ONNX graph",
            )
        if self.trusted and not row.is_program:
            raise SettingError(
                f"trusted: nothing in the weights of a model from {self.source} is run", hint="leave it out"
            )
        if self.weights_prefix is not None and (self.weights is None or holds_network(self.source)):
            raise SettingError(
                "weights_prefix: goes with `weights` that are a checkpoint of several copies",
                hint="leave it out",
            )
        if self.layer is not None and not row.inside:
            raise SettingError(
                f"layer: a model from {self.source} has no layers that can be reached",
                hint="leave it out, or bring the network in with `source: python`",
            )
        if self.tokens is not None and self.layer is None:
            raise SettingError(
                "tokens: describes what a `layer` gives, and none is named",
                hint="name the `layer` as well; for a known transformer leave both out",
            )
        if self.factory is not None and not re.fullmatch(r"[\w.]+:\w+", self.factory):
            raise SettingError("factory: expected package.module:function")
        return self

    @model_validator(mode="after")
    def _knows_its_findings(self) -> Self:
        check_findings(self)
        return self

    @model_validator(mode="after")
    def _is_here_or_not(self) -> Self:
        """Keys of a network and keys of files do not go together."""
        if not self.is_external:
            for name in ("predictions", "maps", "frame"):
                if self.sets(name):
                    raise SettingError(
                        f"{name}: belongs to `source: external`, and the source is {self.source}"
                    )
            return self
        for name in _KEYS_OF_A_NETWORK:
            if self.sets(name):
                raise SettingError(
                    f"{name}: an external model is not here, so there is nothing to set",
                    hint="take the key out",
                )
        if not self.maps:
            raise SettingError(
                "maps: an external model needs a folder of maps",
                hint="for example `maps: {gradcam: maps/gradcam}`",
            )
        for name in self.maps:
            if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
                raise SettingError(
                    f"maps: '{name}' is no name", hint="take letters, digits, '.', '_' and '-'"
                )
        if self.frame == "input" and self.input_size is None:
            raise SettingError(
                "input_size: with `frame: input` maps cover the model's input, so its size is needed",
                hint="give the side of the model's square input in pixels",
            )
        if self.frame == "image" and self.fit != "stretch":
            raise SettingError(
                f"fit: {self.fit} has no effect on maps that cover the whole image",
                hint="set `frame: input` and `input_size` as well, if the maps cover the model's input",
            )
        return self

    def sets(self, key: str) -> bool:
        """Return True if a key is not at its default."""
        return bool(getattr(self, key) != type(self).model_fields[key].get_default(call_default_factory=True))

    @property
    def token_grid(self) -> TokenGrid | None:
        """The grid of the tokens that `layer` gives, where the audit file describes it."""
        return None if self.tokens is None else self.tokens.token_grid

    @property
    def is_external(self) -> bool:
        """True if only the predictions and maps of the model are here, as files."""
        return self.source == "external"

    @property
    def family_name(self) -> str:
        """Name of its family: models of one family are compared for repeatability, others for reproducibility."""
        own = self.source if self.source == "phantom" else self.id
        name = self.family or self.architecture or self.factory or own
        return f"{name} ({self.finding})" if self.is_one_of_several else name

    @property
    def output_names(self) -> tuple[str, ...]:
        """The finding that each output of a multilabel network stands for; ``output 3`` for one that nobody names."""
        return names_of_outputs(self.findings, self.n_outputs)

    @property
    def lists_findings(self) -> bool:
        """True if each of `findings` is to be audited, with an output and labels of its own."""
        return any(isinstance(one, FindingSection) for one in self.findings)

    @property
    def is_one_of_several(self) -> bool:
        """True if it is one finding of an entry that lists several."""
        return self.lists_findings and self.finding is not None
