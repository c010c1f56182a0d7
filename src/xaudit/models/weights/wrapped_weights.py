"""Extraction of the network's own weights from a training checkpoint.

Training frameworks save a network under a prefix (`model.`, `module.`), beside losses, metrics, counters and copies of the
network. The prefix is recognised by the names of the network's weights, all of which it precedes.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from xaudit.errors import ModelError, did_you_mean

State = dict[str, torch.Tensor]

_WRAPPERS = frozenset({"_orig_mod", "module", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"})
"""Components that a wrapper inserts into names: torch.compile, DataParallel, FSDP, checkpointing."""
_OLD_DENSENET = re.compile(r"(.*denselayer\d+\.(?:norm|relu|conv))\.([12]\..+)")
_BESIDE = re.compile(
    r"n_averaged|(train_|val_|valid_|validation_|test_)?(criterion|loss|losses|loss_fn|loss_fct|loss_func|metrics?|acc|accuracy|"
    r"auroc|auc|f1|precision|recall)(_fn)?(\..+)?"
)
"""Entries beside a network's own that share its prefix: losses, metrics, the count of averaged weights."""
_N_NAMED = 3
_DEEPEST = 3


@dataclass(frozen=True, slots=True)
class OwnWeights:
    """A network's entries without their prefix, and remarks about what was left out."""

    state: State
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Copy:
    """A set of entries that could be the network's.

    Attributes:
        label: its name for a user.
        extra: further entries of the same state dict.
    """

    label: str
    state: State
    extra: tuple[str, ...]


def own_weights(
    states: Mapping[str, State], expected: Collection[str], *, path: Path, model_id: str, prefix: str | None
) -> OwnWeights:
    """Select the network's own entries.

    Args:
        states: the state dicts of a checkpoint by the keys that lead to them, the main one first.
        expected: names of the network's entries.
        path: path of the checkpoint, for messages.
        model_id: for messages.
        prefix: the copy of the network that the user means; None if only one is possible.

    Raises:
        ModelError: if there are several copies of the network and none is named, or the named one is missing.
    """
    subject, short = f"model '{model_id}': {path}", f"model '{model_id}': {path.name}"
    needed = {name for name in expected if not name.endswith("num_batches_tracked")}
    copies = [copy for where, state in states.items() for copy in _copies(where, state, needed, expected)]
    main = next(iter(states))
    # The main state dict needs no name of its own where a prefix tells its copies apart.
    copies = [replace(copy, label=copy.label.removeprefix(f"{main}/")) for copy in copies]
    whole = [copy for copy in copies if needed <= copy.state.keys()]
    if prefix is not None:
        chosen = next((copy for copy in whole if copy.label == prefix), None)
        if chosen is None:
            known = [copy.label for copy in whole]
            raise ModelError(
                f"{subject}: no weights of this network stand under weights_prefix '{prefix}'",
                hint=did_you_mean(prefix, known, otherwise=f"it holds: {', '.join(map(repr, known))}")
                if known
                else "leave `weights_prefix` out to see what does not fit",
            )
        return OwnWeights(chosen.state, _remarks(chosen, whole, short))
    if not whole:
        # The nearest one, so that the error names what is missing.
        nearest = max(copies, key=lambda copy: len(needed & copy.state.keys()))
        return OwnWeights(nearest.state, ())
    if any(not _same(whole[0].state, other.state, needed) for other in whole[1:]):
        labels = ", ".join(f"'{copy.label}'" for copy in whole)
        raise ModelError(
            f"{subject}: holds {len(whole)} different sets of weights of this network, under {labels}",
            hint=f"name the one that is meant, for example `weights_prefix: {whole[0].label or whole[1].label}`",
        )
    return OwnWeights(whole[0].state, _remarks(whole[0], whole, short))


def nameless_lists(
    content: object, where: str = "", depth: int = 0
) -> tuple[tuple[str, tuple[torch.Size, ...]], ...]:
    """Return the lists of tensors inside a checkpoint: the keys that lead to each, and its tensors' shapes."""
    if isinstance(content, list | tuple):
        if content and all(isinstance(value, torch.Tensor) for value in content):
            return ((where, tuple(value.shape for value in content)),)
        entries = list(enumerate(content))
    else:
        entries = list(content.items()) if isinstance(content, Mapping) else []
    if depth > _DEEPEST:  # also where a list holds itself
        return ()
    return tuple(
        one
        for key, value in entries
        if isinstance(value, Mapping | list | tuple)
        for one in nameless_lists(value, f"{where}/{key}" if where else str(key), depth + 1)
    )


def remarks_on_lists(lists: object, module: torch.nn.Module, subject: str) -> tuple[str, ...]:
    """Return a remark for each list of tensors that could be weights of the network, such as averaged ones.

    Args:
        lists: as :func:`nameless_lists` returns them; None for a file without.
        module: the network.
        subject: the model and its file.
    """
    shapes = tuple(weight.shape for weight in module.parameters())
    return tuple(
        f"{subject}: holds {len(shapes)} tensors without names under '{where}', of the shapes of the network's weights; they may be "
        "averaged weights, and they are not loaded"
        for where, other in (lists if isinstance(lists, tuple) else ())
        if other == shapes
    )


def _copies(where: str, state: State, needed: set[str], expected: Collection[str]) -> Iterator[_Copy]:
    """Yield the entries under each prefix before the network's names, the most complete first; all without a prefix."""
    state = _renamed(state, expected)
    n_under: Counter[str] = Counter()
    for name in state:
        steps = name.split(".")
        for depth in range(len(steps)):
            if ".".join(steps[depth:]) in needed:
                n_under[".".join(steps[:depth])] += 1
    prefixes = [prefix for prefix, count in n_under.most_common() if count == len(needed)]
    prefixes = prefixes or [prefix for prefix, _ in n_under.most_common(1)] or [""]
    for prefix in prefixes:
        start = f"{prefix}." if prefix else ""
        under = {name for name in state if name.startswith(start)}
        if not start:
            roots = {name.partition(".")[0] for name in expected}
            others = tuple(f"{other}." for other in prefixes if other)
            under -= {
                name
                for name in state
                if name not in expected
                and (
                    name.startswith(others)
                    or (_BESIDE.fullmatch(name) and name.partition(".")[0] not in roots)
                )
            }
        yield _Copy(
            "/".join(filter(None, (where, start))),
            {name.removeprefix(start): state[name] for name in state if name in under},
            tuple(name for name in state if name not in under),
        )


def _renamed(state: State, expected: Collection[str]) -> State:
    """Remove components of wrappers, and convert DenseNet's names of torchvision 0.2 to today's."""
    wrappers = _WRAPPERS - {part for name in expected for part in name.split(".")}
    names: dict[str, str] = {
        name: ".".join(part for part in name.split(".") if part not in wrappers) for name in state
    }
    if len(set(names.values())) < len(names):
        names = {name: name for name in state}
    old = {name: _OLD_DENSENET.fullmatch(short) for name, short in names.items()}
    wanted = {f"{match[1]}{match[2]}": name for name, match in old.items() if match}
    for short, name in wanted.items():
        if short not in state and any(
            short.endswith(name_expected) for name_expected in expected if "denselayer" in name_expected
        ):
            names[name] = short
    return {names[name]: tensor for name, tensor in state.items()}


def _same(first: State, second: State, names: set[str]) -> bool:
    return all(
        first[name].shape == second[name].shape and torch.equal(first[name], second[name]) for name in names
    )


def _remarks(chosen: _Copy, whole: list[_Copy], subject: str) -> tuple[str, ...]:
    remarks = []
    others = [copy.label for copy in whole if copy is not chosen]
    if others:
        remarks.append(
            f"{subject}: holds {len(whole)} sets of weights of this network; those under '{chosen.label}' are loaded, not those "
            f"under {', '.join(map(repr, others))}"
        )
    # A copy's own entries are named above as a whole.
    starts = tuple(label.rpartition("/")[2] for label in others if label.rpartition("/")[2])
    extra = [name for name in chosen.extra if not (starts and name.startswith(starts))]
    if extra and not (others and "" in others):
        more = f" and {len(extra) - _N_NAMED} more" if len(extra) > _N_NAMED else ""
        remarks.append(
            f"{subject}: {len(extra)} {'entries are' if len(extra) > 1 else 'entry is'} not of the network and "
            f"{'are' if len(extra) > 1 else 'is'} not loaded: {', '.join(extra[:_N_NAMED])}{more}"
        )
    return tuple(remarks)
