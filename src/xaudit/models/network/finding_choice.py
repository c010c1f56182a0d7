"""The output of a network that stands for a class of the data."""

from collections.abc import Sequence

from xaudit.config import ModelSection
from xaudit.errors import ModelError, did_you_mean
from xaudit.models.network.class_order import StoredOrder
from xaudit.models.network.findings import AskedFinding


def single_finding(section: ModelSection, class_names: tuple[str, ...], positive: str | None) -> str:
    """Return the class that a single logit stands for; raise ModelError unless the data has two classes and this is one."""
    if len(class_names) != 2:
        raise ModelError(
            f"model '{section.id}': `outputs: sigmoid` is for two classes, and the data has {len(class_names)}: "
            f"{', '.join(class_names)}",
            hint="use `merge` to make two classes, or give the network a logit for each class",
        )
    stands_for = section.finding or positive
    if stands_for not in class_names:
        named = "no positive class" if stands_for is None else f"no class '{stands_for}'"
        raise ModelError(
            f"model '{section.id}': the data has {named} for its single logit to stand for",
            hint=did_you_mean(
                str(stands_for), class_names, otherwise=f"set `finding` to {' or '.join(class_names)}"
            ),
        )
    return stands_for


def check_single_finding(
    section: ModelSection, stands_for: str, class_names: tuple[str, ...], stored: Sequence[StoredOrder]
) -> None:
    """Raise ModelError if the order of classes in the network's file gives its logit to the other class.

    Args:
        stands_for: the class that the audit file takes the single logit for.
        stored: orders of classes in the file; a single logit is trained on their numbers, so it stands for number 1.
    """
    for order in stored:
        if set(order.names) == set(class_names) and order.names[1] != stands_for:
            raise ModelError(
                f"model '{section.id}': its file lists the classes as {', '.join(order.names)} ({order.key}), so its single "
                f"logit stands for '{order.names[1]}', and it is taken for '{stands_for}'",
                hint=f"set `finding: {order.names[1]}`",
            )


def check_findings(section: ModelSection, class_names: tuple[str, ...], positive: str | None) -> None:
    """Raise ModelError if a network's findings do not fit the classes of the data.

    Args:
        positive: as the audit file names it; None if only the marks tell.
    """
    if section.outputs == "classes" or (positive is None and len(class_names) == _WITH_AND_WITHOUT):
        return
    asked_finding(section, class_names, positive)


_WITH_AND_WITHOUT = 2


def asked_finding(section: ModelSection, class_names: tuple[str, ...], positive: str | None) -> AskedFinding:
    """Return the output for the positive class of the data, which must have exactly two classes.

    Raises:
        ModelError: if the data does not have two classes, or the finding is missing.
    """
    if section.outputs == "sigmoid":
        stands_for = single_finding(section, class_names, positive)
        return AskedFinding(0, class_names.index(stands_for), 1, threshold=section.threshold, symmetric=True)
    if len(class_names) != 2 or positive not in class_names:
        raise ModelError(
            f"model '{section.id}': a multilabel network needs data with two classes, and the data has "
            f"{', '.join(class_names)}",
            hint="use `merge` to make two classes, with and without the finding",
        )
    finding = section.finding or positive
    names = section.output_names
    if finding not in names:
        raise ModelError(
            f"model '{section.id}': the data's positive class '{finding}' is none of its findings",
            hint=f"set `finding` to one of: {', '.join(names)}",
        )
    return AskedFinding(
        names.index(finding),
        class_names.index(positive),
        len(names),
        probabilities=section.outputs == "multilabel-probabilities",
        threshold=section.threshold,
    )
