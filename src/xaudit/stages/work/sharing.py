"""Lets all findings of an entry of the audit file share one network and its answers."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import torch

from xaudit.config import ModelSection
from xaudit.models.classifier import PIXELS_AT_ONCE, Classifier
from xaudit.models.network.shared_answers import SharedAnswers

_ON_A_CPU = 8


def share_answers(models: Sequence[ModelSection], classifiers: Mapping[str, Classifier]) -> None:
    """Let the findings of each entry that lists several share the weights in memory and every answer of the network.

    An entry of one finding is asked in the same way, so that its results are the same bits as beside others.

    Args:
        models: the audited models.
        classifiers: those whose weights are given, by the model's id.
    """
    entries: dict[str, list[Classifier]] = defaultdict(list)
    for model in models:
        if model.is_one_of_several and model.id in classifiers:
            entries[_entry(model)].append(classifiers[model.id])
    for members in entries.values():
        first = members[0]
        for other in members[1:]:
            _tie_weights(first, other)
        answers = SharedAnswers(len(members), _block(first))
        for member in members:
            member.share(answers)


def _block(classifier: Classifier) -> int:
    """Return the images of a forward pass that is not split; few on a CPU, which gains nothing by more."""
    if classifier.device.type != "cpu":
        return classifier.batch_size
    height, width = classifier.model_hw
    return min(classifier.batch_size, _ON_A_CPU, max(1, PIXELS_AT_ONCE // (height * width)))


def _entry(model: ModelSection) -> str:
    """Return what the models of one entry have in common, and no other has."""
    entry = model.id.removesuffix(f" ({model.finding})")
    return entry + model.model_dump_json(exclude={"id", "finding", "dataset", "threshold"})


def _tie_weights(first: Classifier, other: Classifier) -> None:
    """Let the second network hold the first one's weights instead of its own, where both are equal."""
    parts = dict(first.module.named_modules())
    for name, part in other.module.named_modules():
        kept = parts.get(name)
        for own, theirs in (
            () if kept is None else ((part._parameters, kept._parameters), (part._buffers, kept._buffers))
        ):
            for key, tensor in own.items():
                same = theirs.get(key)
                if (
                    tensor is not None
                    and same is not None
                    and same.dtype == tensor.dtype
                    and torch.equal(same, tensor)
                ):
                    own[key] = same
