"""Image classifiers in a local folder, as transformers saves them; its sole user.

Nothing is downloaded, no code in the folder is run, and weights are read as safetensors only.
"""

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from xaudit.config import ModelSection, is_unnamed
from xaudit.counts import counted
from xaudit.errors import ModelError
from xaudit.models.network.class_order import StoredOrder, order_of_outputs, stored_orders
from xaudit.models.network.front import put_in_front
from xaudit.models.network.outputs import ONE_LOGIT
from xaudit.models.network.sealed import check_channels
from xaudit.models.preparation.folder_preprocessing import folder_preprocessing
from xaudit.models.sources.archive import first_line
from xaudit.models.sources.extras import check_extra
from xaudit.models.sources.loaded_network import LoadedNetwork

_UNNAMED = re.compile(r"LABEL_\d+")
_LOAD_ERRORS = (
    AttributeError,
    ImportError,
    LookupError,
    OSError,
    RuntimeError,
    SafetensorError,
    TypeError,
    ValueError,
)


class _Logits:
    """In front of a network's own class: its logits alone, in the order of the data's classes."""

    xaudit_order: torch.Tensor

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(N, C, H, W) to (N, n_classes)."""
        logits: torch.Tensor = super().forward(pixel_values=images).logits  # type: ignore[misc]
        return logits[:, self.xaudit_order]


class _FlipsChannels:
    """In front of a network's own class: blue, green, red go in."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(N, 3, H, W) to what the network gives."""
        logits: torch.Tensor = super().forward(images.flip(1))  # type: ignore[misc]
        return logits


def load_huggingface(
    section: ModelSection,
    class_names: tuple[str, ...],
    folder: Path,
    _device: torch.device,
) -> LoadedNetwork:
    """Load the network in a folder, its logits brought into the order of the data's classes.

    Raises:
        ModelError: where transformers is missing, or the folder is incomplete, damaged, holds code, is of no image
            classifier, or of other classes or another preprocessing than the audit's.
    """
    check_extra(section)
    subject = f"model '{section.id}': {folder}"
    text = _config_text(folder, subject)
    plain = _parsed(text, f"{subject}/config.json")
    _check_weights(folder, subject)
    if "auto_map" in plain:
        raise ModelError(
            f"{subject}: config.json names code of the folder's own (auto_map), which is never run",
            hint="bring the network in with `source: python`, from code that you have read",
        )
    if plain.get("problem_type") == "multi_label_classification" and section.outputs == "classes":
        raise ModelError(
            f"{subject}: config.json calls it a multi-label network, and the audit file takes its answers for classes",
            hint="set `outputs: multilabel` and name its `findings`",
        )
    module = _loaded(folder, subject)
    outputs, notes = _outputs(module.config.id2label, plain, class_names, section, subject)
    order = [outputs.index(name) for name in class_names]
    preprocessing = folder_preprocessing(section, folder, plain, subject)
    check_channels(getattr(module.config, "num_channels", None), section.channels, subject=subject)
    kind = type(module)
    put_in_front(module, _Logits)
    if preprocessing.preparation is not None and preprocessing.preparation.flips_channels:
        put_in_front(module, _FlipsChannels)
    # An index on the network's own device, that stays out of its weights.
    module.register_buffer("xaudit_order", torch.tensor(order), persistent=False)
    digest = hashlib.sha256(text).hexdigest()[:16]
    return LoadedNetwork(
        module,
        preprocessing.side,
        preprocessing.mean,
        preprocessing.std,
        f"{kind.__name__} {digest}",
        (*preprocessing.notes, *notes),
        outputs=outputs,
        preparation=preprocessing.preparation,
    )


def _config_text(folder: Path, subject: str) -> bytes:
    try:
        return (folder / "config.json").read_bytes()
    except OSError as error:
        raise ModelError(
            f"{subject}/config.json: {error.strerror}",
            hint="give as `weights` the folder that save_pretrained wrote, with config.json and model.safetensors",
        ) from None


def _parsed(text: bytes, what: str) -> dict[str, Any]:
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError):
        plain = None
    if not isinstance(plain, dict):
        raise ModelError(f"{what}: no JSON object", hint="copy the folder again from its source")
    return plain


def _check_weights(folder: Path, subject: str) -> None:
    index = folder / "model.safetensors.index.json"
    if (folder / "model.safetensors").is_file():
        return
    if index.is_file():
        parts = _parsed(index.read_bytes(), str(index)).get("weight_map", {})
        odd = next(
            (name for name in parts.values() if Path(name).name != name or not name.endswith(".safetensors")),
            None,
        )
        if odd is None:
            return
        raise ModelError(
            f"{subject}: its index names '{odd}', which is no safetensors file of the folder",
            hint="save it again with save_pretrained",
        )
    pickled = next(
        (path.name for path in sorted(folder.iterdir()) if path.suffix in (".bin", ".pt", ".pth")), None
    )
    raise ModelError(
        f"{subject}: holds no model.safetensors"
        + (f", only {pickled}, which can hold code and is not loaded" if pickled else ""),
        hint="save it again with a transformers of version 5, which writes safetensors",
    )


def _loaded(folder: Path, subject: str) -> Any:  # noqa: ANN401  (transformers makes its classes up as it goes)
    # It must be said before the import: nothing is asked of a model server.
    os.environ["HF_HUB_OFFLINE"] = "1"
    import transformers

    was = transformers.logging.get_verbosity()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    try:
        module, found = transformers.AutoModelForImageClassification.from_pretrained(
            str(folder),
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            dtype=torch.float32,
            output_loading_info=True,
        )
    except _LOAD_ERRORS as error:
        raise ModelError(
            f"{subject}: transformers cannot load it as an image classifier: {first_line(error)}",
            hint="the folder must hold an image classifier's config.json and model.safetensors, whole",
        ) from None
    finally:
        transformers.logging.set_verbosity(was)
    missing = sorted(map(str, found["missing_keys"]))
    if missing:
        raise ModelError(
            f"{subject}: {counted(len(missing), 'weight is', 'weights are')} missing, the first '{missing[0]}'",
            hint="a base model without its classifier has to be trained first",
        )
    return module


def _outputs(
    labels: dict[int, str],
    plain: dict[str, Any],
    class_names: tuple[str, ...],
    section: ModelSection,
    subject: str,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the class, or finding, that each logit stands for, and remarks about it."""
    names = tuple(labels[index] for index in sorted(labels))
    file = subject.partition(": ")[2] + "/config.json"
    if section.lists_findings:
        return class_names, _notes_of_targets(names, class_names, subject)
    if len(names) == len(class_names) and all(_UNNAMED.fullmatch(name) for name in names):
        if section.classes:
            return order_of_outputs(section, class_names, (), file=file), ()
        classes = ", ".join(class_names)
        return class_names, (
            f"{subject}: config.json does not name its classes (id2label), so they are taken to be {classes} in this order",
        )
    if sorted(names) != sorted(class_names) and not section.classes:
        raise ModelError(
            f"{subject}: its classes (id2label) are {', '.join(names)}, the data has {', '.join(class_names)}",
            hint=ONE_LOGIT
            if len(names) == 1 and len(class_names) == 2
            else "give the data's classes these names with `merge`",
        )
    if section.outputs != "classes":  # its findings are named, so they need not be listed in its order
        return names, ()
    further = stored_orders({"label2id": plain.get("label2id")})
    return order_of_outputs(section, class_names, (StoredOrder("id2label", names), *further), file=file), ()


def _notes_of_targets(names: tuple[str, ...], findings: tuple[str, ...], subject: str) -> tuple[str, ...]:
    """Return a remark for each finding that the folder calls otherwise.

    Args:
        names: of the folder's outputs.
        findings: that the audit file names by their outputs.

    Raises:
        ModelError: if the folder has another number of outputs, or gives a finding's name to another one.
    """
    if len(names) != len(findings):
        raise ModelError(
            f"{subject}: has {len(names)} outputs (id2label), and the audit file gives it {len(findings)}",
            hint=f"set `n_outputs: {len(names)}`; a `target` is 0 to {len(names) - 1}",
        )
    if all(_UNNAMED.fullmatch(name) for name in names):
        return ()
    folded = [name.casefold() for name in names]
    notes = []
    for place, finding in enumerate(findings):
        if is_unnamed(finding) or folded[place] == finding.casefold():
            continue
        if finding.casefold() in folded:
            own = folded.index(finding.casefold())
            raise ModelError(
                f"{subject}: its config.json (id2label) gives '{finding}' the output {own}, and the audit file the target {place}",
                hint=f"set the target to {own}, or give the finding another name",
            )
        notes.append(
            f"{subject}: config.json calls the output {place}, taken for '{finding}', '{names[place]}'"
        )
    return tuple(notes)


def check_folder_files(folder: Path, *, subject: str) -> None:
    """Raise ModelError where a folder lacks its description or its weights; imports nothing and loads nothing."""
    subject = f"{subject}: {folder}"
    _parsed(_config_text(folder, subject), f"{subject}/config.json")
    _check_weights(folder, subject)
