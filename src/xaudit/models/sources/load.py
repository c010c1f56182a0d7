"""Load a model of the audit file with its weights."""

from collections.abc import Mapping
from pathlib import Path

import torch

from xaudit.catalog import MODEL_RECORDS
from xaudit.catalog.models import holds_network
from xaudit.config import ModelSection, PreprocessSection
from xaudit.errors import ModelError
from xaudit.models.classifier import Classifier, Precision
from xaudit.models.device import choose_device
from xaudit.models.network.class_order import StoredOrder, check_stated, in_order, order_of_outputs
from xaudit.models.network.finding_choice import asked_finding, check_single_finding, single_finding
from xaudit.models.network.findings import on_one_finding
from xaudit.models.preparation.steps import Preparation, asked_preparation, filter_preparation, resize_of
from xaudit.models.sources.build import architecture_of, build_module, input_hw, on_one_channel
from xaudit.models.sources.extras import check_extra
from xaudit.models.sources.factory import code_of
from xaudit.models.sources.loaded_network import LoadedNetwork
from xaudit.models.weights.checkpoint import load_weights, orders_in

_WITHOUT_A_FILTER: Mapping[str, object] = {"resize": "area", "antialias": True}
"""The filter of a training whose notes name none."""


def load(
    section: ModelSection,
    *,
    class_names: tuple[str, ...],
    weights: Path | None,
    device: str,
    batch_size: int,
    compile: bool = False,  # noqa: A002
    positive: str | None = None,
    precision: Precision = "float32",
) -> Classifier:
    """As :func:`xaudit.models.load_classifier`, behind a light import; without weights, with random ones."""
    _check_several(section, class_names)
    place = place_of(section, device)
    check_precision(section, precision, place)
    check_stated(section, class_names)
    answers_for = class_names if section.outputs == "classes" else section.output_names
    if section.outputs == "sigmoid":
        answers_for = (single_finding(section, class_names, positive),)
    network = _loaded(section, answers_for, weights, place)
    module, architecture, side = network.module, network.architecture, network.side
    if section.channels == 1 and holds_network(section.source):
        module = on_one_channel(module)
    if section.outputs == "sigmoid":
        check_single_finding(section, answers_for[0], class_names, network.orders)
        outputs = answers_for
    else:
        outputs = network.outputs or order_of_outputs(section, answers_for, network.orders, file=str(weights))
    if section.outputs == "classes" and not network.outputs:
        module = in_order(module, outputs, class_names)
    if outputs != answers_for:
        architecture = f"{architecture}, outputs {', '.join(outputs)}"
    if section.outputs != "classes":
        asked = asked_finding(section, class_names, positive)
        module, architecture = on_one_finding(module, asked), f"{architecture} {asked}"
        if asked.symmetric:
            architecture += " sigmoid"
    return Classifier(
        id=section.id,
        module=module,
        class_names=class_names,
        model_hw=(side, side),
        fit=section.fit,
        mean=network.mean,
        std=network.std,
        device=place,
        architecture=architecture,
        layer=section.layer,
        tokens=section.token_grid,
        batch_size=batch_size,
        compile=compile,
        remarks=network.notes,
        precision=precision,
        outputs=outputs,
        code=code_of(section, module),
        preparation=network.preparation,
    )


def _check_several(section: ModelSection, class_names: tuple[str, ...]) -> None:
    if len(class_names) < 2:
        raise ModelError(
            f"model '{section.id}': a classifier needs at least two classes, the data has {len(class_names)}",
            hint="check the labels, or the names given under `merge`",
        )


def check_precision(section: ModelSection, precision: Precision, place: torch.device) -> None:
    """Raise ModelError where half precision is asked of a CPU."""
    if precision != "float32" and place.type == "cpu":
        raise ModelError(
            f"model '{section.id}': `run.precision: {precision}` is for a GPU, and this audit runs on the CPU",
            hint="leave it out: a CPU is slower in half precision unless it is made for it",
        )


def place_of(section: ModelSection, device: str) -> torch.device:
    """Return where a model computes.

    Raises:
        ModelError: where this machine has no such device, or the model cannot be put on it.
    """
    record = MODEL_RECORDS.get(section.source)
    if record is None or not record.on_cpu:
        return choose_device(device)
    if device not in ("auto", "cpu"):
        raise ModelError(
            f"model '{section.id}': a model from {section.source} is asked on the CPU, and the device is {device}",
            hint="`--device auto` puts every model where it can be",
        )
    return torch.device("cpu")


def _loaded(
    section: ModelSection, class_names: tuple[str, ...], weights: Path | None, device: torch.device
) -> LoadedNetwork:
    check_extra(section)
    record = MODEL_RECORDS.get(section.source)
    if record is not None and record.load is not None and weights is not None:
        network: LoadedNetwork = record.load(section, class_names, weights, device)
        return network
    side = input_hw(section)[0]
    module = build_module(section, len(class_names))
    remarks: tuple[str, ...] = ()
    orders: tuple[StoredOrder, ...] = ()
    preparation = asked_preparation(section)
    if weights is not None:
        loaded = load_weights(
            module, weights, class_names=class_names, model_id=section.id, prefix=section.weights_prefix
        )
        notes, remarks = loaded.notes, loaded.remarks
        _check_preprocessing(section, (side, side), notes, weights)
        preparation = _own_preparation(section, notes)
        remarks += _remarks_on_filter(section, preparation, weights)
        orders = orders_in(notes)
        if record is not None and record.remarks is not None and "architecture" not in notes:
            remarks = (*remarks, *record.remarks(section, weights))
    frame = (side, section.mean, section.std)
    return LoadedNetwork(module, *frame, architecture_of(section), remarks, orders, preparation=preparation)


def _check_preprocessing(
    section: ModelSection, model_hw: tuple[int, int], notes: Mapping[str, object], weights: Path
) -> None:
    """Raise ModelError where weights that xaudit trained saw images prepared otherwise: they would quietly do worse."""
    asked = {
        "input_size": model_hw[0],
        "fit": section.fit,
        "mean": list(section.mean),
        "std": list(section.std),
    }
    trained = dict(notes)
    if "architecture" in notes and not _leaves_the_filter(section):
        trained = {**_WITHOUT_A_FILTER, **trained}
        asked |= {"resize": resize_of(section), "antialias": section.preprocess.antialias}
    for key, now in asked.items():
        then = trained.get(key, now)
        if now != then:
            name = f"preprocess.{key}" if key in _WITHOUT_A_FILTER else key
            raise ModelError(
                f"model '{section.id}': {weights}: trained with {key} {_in_yaml(then)}, the audit file asks for {_in_yaml(now)}",
                hint=f"set `{name}` to {_in_yaml(then)}, or train again",
            )


def _in_yaml(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


def _leaves_the_filter(section: ModelSection) -> bool:
    return section.preprocess.resize is None and section.preprocess.antialias


def _remarks_on_filter(
    section: ModelSection, preparation: Preparation | None, weights: Path
) -> tuple[str, ...]:
    """Return a note where xaudit's own training resized images otherwise than networks of this source get them."""
    if preparation == asked_preparation(section):
        return ()
    name = "area" if preparation is None else preparation.resize
    antialias = "" if preparation is None or preparation.antialias else " without antialias"
    return (
        f"model '{section.id}': images are resized by the filter of its training, {name}{antialias}, "
        f"not by the default, {resize_of(section)}: {weights.name} was trained so",
    )


def _own_preparation(section: ModelSection, notes: Mapping[str, object]) -> Preparation | None:
    """Return the preparation that the audit file names, else that of xaudit's own training, else the source's."""
    if "architecture" not in notes or not _leaves_the_filter(section):
        return asked_preparation(section)
    trained = PreprocessSection.model_validate(
        {key: notes.get(key, usual) for key, usual in _WITHOUT_A_FILTER.items()}
    )
    return filter_preparation(trained.resize or "area", antialias=trained.antialias)
