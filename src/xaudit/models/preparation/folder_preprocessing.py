"""The image preparation of a Hugging Face folder, reproduced with the same steps or refused with the reason.

transformers itself reads ``preprocessor_config.json``, so that the defaults of the image processor's class count. Finally,
three images of noise are prepared both ways, and a folder whose processor gives other pixels is refused.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xaudit.config import ModelSection, Resize
from xaudit.errors import ModelError
from xaudit.models.network.sealed import agreed_side
from xaudit.models.preparation.processor_pixels import PROCESSOR_ERRORS, Preprocessing, Triple, check_pixels
from xaudit.models.preparation.steps import Preparation, asked_preparation

_USUAL = {name: ModelSection.model_fields[name].default for name in ("mean", "std")}
_FILTERS: Mapping[int, Resize] = {0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic"}
_COPY_AGAIN = "copy the folder again from its source"
_UNDERSTOOD = frozenset(
    {
        "crop_pct",
        "crop_size",
        "do_center_crop",
        "do_flip_channel_order",
        "do_normalize",
        "do_rescale",
        "do_resize",
        "image_mean",
        "image_std",
        "resample",
        "rescale_factor",
        "size",
    }
)
_CHANGES_NO_PIXEL = frozenset(
    {
        "_processor_class",
        "_valid_processor_keys",
        "data_format",
        "default_to_square",
        "device",
        "disable_grouping",
        "do_convert_rgb",
        "do_reduce_labels",
        "feature_extractor_type",
        "image_processor_type",
        "input_data_format",
        "processor_class",
        "reduce_labels",
        "return_tensors",
    }
)
"""Images come to a network with three channels, and labels of pixels are not asked for."""


@dataclass(frozen=True, slots=True)
class _Steps:
    """The steps of a processor before it scales intensities: the frame, and the `fit` that the audit file needs for it."""

    side: object
    fit: str
    why: str


def folder_preprocessing(
    section: ModelSection, folder: Path, config: dict[str, Any], subject: str
) -> Preprocessing:
    """Return the folder's own preparation, for settings that the audit file leaves at the defaults.

    Args:
        section: section of the audit file.
        folder: written by save_pretrained.
        config: the content of config.json.
        subject: name of the model in errors.

    Raises:
        ModelError: if the audit file and the folder contradict each other, or a step is not supported.
    """
    path = folder / "preprocessor_config.json"
    if not path.is_file():
        if "pretrained_cfg" in config:
            raise ModelError(
                f"{subject}/config.json: a network of timm, whose pretrained_cfg says how images are prepared",
                hint="bring it in with `source: timm`, its `architecture` and model.safetensors as `weights`",
            )
        side = agreed_side(*_sides(config.get("image_size")), section.input_size, subject=subject)
        note = f"{subject}: has no preprocessor_config.json, so mean {list(section.mean)} and std {list(section.std)} are the audit file's"
        return Preprocessing(side, section.mean, section.std, (note,), asked_preparation(section))
    subject = f"{subject}/{path.name}"
    stored = _read(path, subject)
    kind = stored.get("image_processor_type") or stored.get("feature_extractor_type") or "no type named"
    processor = _processor(folder, str(kind), subject)
    settings = {name: _plain(getattr(processor, name, None)) for name in _UNDERSTOOD}
    steps = _steps(settings, subject)
    side = agreed_side(*_sides(steps.side), section.input_size, subject=subject)
    _check_fit(section, steps, subject)
    preparation = Preparation(
        _filter(section, settings["resample"], subject),
        on_tensors=True,
        rounds_down=True,
        flips_channels=bool(settings["do_flip_channel_order"]),
    )
    _check_scale(settings, subject)
    mean, std, notes = _mean_and_std(section, settings, subject)
    ours = Preprocessing(side, mean, std, notes, preparation)
    check_pixels(
        processor,
        ours,
        fit=section.fit,
        not_understood={
            name
            for name in stored.keys() - _UNDERSTOOD - _CHANGES_NO_PIXEL
            if stored[name] not in (None, False)
        },
        subject=subject,
    )
    unknown = sorted(stored.keys() - _UNDERSTOOD - _CHANGES_NO_PIXEL)
    if unknown:
        note = f"{subject}: {', '.join(unknown)}: not known here, and without effect on the images that were tried"
        ours = Preprocessing(side, mean, std, (*notes, note), preparation)
    return ours


def _read(path: Path, subject: str) -> dict[str, Any]:
    try:
        plain = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        plain = None
    if not isinstance(plain, dict):
        raise ModelError(f"{subject}: no JSON object", hint=_COPY_AGAIN)
    for name in ("image_mean", "image_std"):
        _triple(plain.get(name) or 0.0, subject)
    return plain


def _processor(folder: Path, kind: str, subject: str) -> Any:  # noqa: ANN401  (transformers makes its classes up as it goes)
    import transformers

    was = transformers.logging.get_verbosity()
    transformers.logging.set_verbosity_error()
    try:
        return transformers.AutoImageProcessor.from_pretrained(
            str(folder), local_files_only=True, trust_remote_code=False
        )
    except PROCESSOR_ERRORS as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
        raise ModelError(
            f"{subject}: transformers cannot make an image processor of it ({kind:.60}): {lines[0]:.200}",
            hint=_COPY_AGAIN,
        ) from None
    finally:
        transformers.logging.set_verbosity(was)


def _plain(value: Any) -> Any:  # noqa: ANN401
    """Convert a processor's setting to JSON; sizes without the keys that are not set."""
    if hasattr(value, "shortest_edge") or isinstance(value, Mapping):
        return {key: side for key, side in dict(value).items() if side is not None}
    return value


def _steps(settings: Mapping[str, Any], subject: str) -> _Steps:
    size, crop, share = settings["size"], settings["crop_size"], settings["crop_pct"]
    if settings["do_resize"] is False:
        raise ModelError(
            f"{subject}: do_resize is false, so images keep their own size, and xaudit's frames have one",
            hint="set do_resize to true there and size to what the network was trained with",
        )
    match size:
        case {"shortest_edge": int() as edge, **rest} if not rest:
            pass
        case {"height": int() as height, "width": int() as width, **rest} if not rest:
            if not settings["do_center_crop"]:
                return _Steps(size, "stretch", f"size {height} × {width}")
            raise ModelError(
                f"{subject}: do_center_crop after size {height} × {width} is not carried out here",
                hint="set do_center_crop to false, or size to {shortest_edge: ...}, if the network was trained so",
            )
        case _:
            raise ModelError(
                f"{subject}: size {size} is not carried out here; only height and width, or shortest_edge, are",
                hint="give size there as height and width of a square, if the network was trained so",
            )
    if share and not settings["do_center_crop"]:
        if edge >= 384:  # transformers' ConvNextImageProcessor stretches from there on
            return _Steps(edge, "stretch", f"size {edge} (crop_pct counts below 384)")
        return _Steps(edge, _crop(edge, int(edge / share)), f"crop_pct {share:g}")
    if not settings["do_center_crop"]:
        raise ModelError(
            f"{subject}: shortest_edge without do_center_crop leaves images that are not square, and xaudit's frames are",
            hint="set do_center_crop and crop_size there, or size as height and width, as the network was trained",
        )
    sides = {*(_sides(crop))}
    if len(sides) == 1 and isinstance(cut := next(iter(sides)), int) and cut <= edge and not share:
        return _Steps(cut, _crop(cut, edge), f"do_center_crop: {cut} of {edge} px of the shorter side")
    raise ModelError(
        f"{subject}: do_center_crop with crop_size {crop} after shortest_edge {edge} is not carried out here",
        hint="frames are square and no larger than the image that they are cut from; set crop_size to fit",
    )


def _crop(cut: int, shorter: int) -> str:
    return "crop" if cut == shorter else f"crop-{cut / shorter:.9f}".rstrip("0")


def _check_fit(section: ModelSection, steps: _Steps, subject: str) -> None:
    if section.fit != steps.fit and not _is_close(section.fit, steps.fit):
        raise ModelError(
            f"{subject}: brings images into the frame with {steps.why}, the audit file with `fit: {section.fit}`",
            hint=f"set `fit: {steps.fit}`, or train with another preparation and save it",
        )


def _is_close(first: str, second: str) -> bool:
    shares = [fit.partition("-")[2] for fit in (first, second) if fit.startswith("crop-")]
    return len(shares) == 2 and math.isclose(float(shares[0]), float(shares[1]), abs_tol=1e-6)


def _filter(section: ModelSection, resample: object, subject: str) -> Resize:
    number = 2 if resample is None else resample
    if not isinstance(number, int) or int(number) not in _FILTERS:
        raise ModelError(
            f"{subject}: resample {resample} is not carried out here, only {', '.join(f'{k} ({v})' for k, v in _FILTERS.items())}",
            hint="set resample there to a filter of these, if the network tolerates it",
        )
    name = _FILTERS[int(number)]
    asked = section.preprocess
    if asked.resize not in (None, name) or not asked.antialias:
        raise ModelError(
            f"{subject}: resizes images with resample {int(number)} ({name}), the audit file asks for "
            f"{asked.resize or name}{'' if asked.antialias else ' without antialias'}",
            hint=f"set `preprocess: {{resize: {name}}}`, or leave it out",
        )
    return name


def _check_scale(settings: Mapping[str, Any], subject: str) -> None:
    factor = settings["rescale_factor"] if settings["do_rescale"] else 1.0
    if not isinstance(factor, int | float) or not math.isclose(factor, 1 / 255, rel_tol=1e-3):
        raise ModelError(
            f"{subject}: scales intensities by {factor} (do_rescale, rescale_factor), and xaudit's are in 0 to 1",
            hint="set rescale_factor to 1/255 there, and image_mean and image_std to fit",
        )


def _mean_and_std(
    section: ModelSection, settings: Mapping[str, Any], subject: str
) -> tuple[Triple, Triple, tuple[str, ...]]:
    normalises = settings["do_normalize"]
    wanted = {
        "mean": _triple(settings["image_mean"] if normalises else 0.0, subject),
        "std": _triple(settings["image_std"] if normalises else 1.0, subject),
    }
    if min(wanted["std"]) <= 0:
        raise ModelError(
            f"{subject}: image_std must be more than 0, got {list(wanted['std'])}", hint=_COPY_AGAIN
        )
    if settings["do_flip_channel_order"]:
        # Normalised in the order of the image, and flipped in front of the network.
        wanted = {name: (values[2], values[1], values[0]) for name, values in wanted.items()}
    folder, _, name_of_file = subject.rpartition("/")
    notes: list[str] = []
    if settings["do_flip_channel_order"]:
        notes.append(f"{folder}: red and blue are exchanged, as do_flip_channel_order of {name_of_file} says")
    for name, value in wanted.items():
        own = getattr(section, name)
        if _same(own, value):
            continue
        if own != _USUAL[name]:
            raise ModelError(
                f"{subject}: prepares images with {name} {list(value)}, the audit file asks for {list(own)}",
                hint=f"set `{name}` to {list(value)}, or leave it out",
            )
        notes.append(f"{folder}: {name} {list(value)} is taken from {name_of_file}")
    return wanted["mean"], wanted["std"], tuple(notes)


def _sides(size: object) -> tuple[object, object]:
    match size:
        case {"height": height, "width": width}:
            return height, width
        case {"shortest_edge": side}:
            return side, side
        case [height, width]:
            return height, width
        case _:
            return size, size


def _triple(value: Any, subject: str) -> Triple:  # noqa: ANN401
    values = value if isinstance(value, list | tuple) else [value]
    values = [*values] * 3 if len(values) == 1 else values
    if len(values) != 3 or not all(
        isinstance(channel, int | float) and math.isfinite(channel) for channel in values
    ):
        raise ModelError(
            f"{subject}: image_mean and image_std must be one or three numbers, got {value!r}",
            hint=_COPY_AGAIN,
        )
    first, second, third = (float(channel) for channel in values)
    return first, second, third


def _same(first: Triple, second: Triple) -> bool:
    return all(math.isclose(a, b, abs_tol=1e-4) for a, b in zip(first, second, strict=True))
