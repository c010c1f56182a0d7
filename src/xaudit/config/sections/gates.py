"""The limits that a model must keep, as a person writes them."""

import math
import re
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import (
    BeforeValidator,
    Field,
    ValidationInfo,
    WithJsonSchema,
    model_serializer,
)

from xaudit.catalog import (
    DATA_FAMILY,
    GATED_FINDINGS,
    MARGIN,
    METRICS,
)
from xaudit.config.sections.data import DataSection
from xaudit.config.sections.gated_metric import direction_of_equality, row_of_gated
from xaudit.config.sections.metric_ids import names_of_metrics
from xaudit.config.sections.section import Section, SettingError
from xaudit.errors import did_you_mean
from xaudit.records import ALL_CASES

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"


_ABOUT = r"\s*(?P<metric>[A-Za-z0-9][\w.:-]*)\s*(?:@\s*(?P<subject>[A-Za-z0-9][\w.-]*)\s*)?"


_WITHIN = r"(?:%\s*(?P<stratum>[\w.-]+\s*=\s*[^<>=≤≥@%]+?)\s*)?"


_GATE = re.compile(rf"{_ABOUT}{_WITHIN}(?P<sign><=|>=|==|≤|≥|=)\s*(?P<value>{_NUMBER})\s*")


_MAX_DROP = re.compile(rf"{_ABOUT}{_WITHIN}(?:<=|≤|=)\s*(?P<value>{_NUMBER})\s*")


_BARE = re.compile(r"\s*([A-Za-z0-9][\w.:-]*)\s*([@%].*)?", re.DOTALL)


class Gate(Section):
    """A limit that a model must keep, such as ``iou@gradcam >= 0.3`` or ``iou@lime%lesion-size=small >= 0.2``.

    The subject is an explainer's id; a metric of the families ``reliance`` and ``image`` asks the model itself and takes none. The
    stratum is a part of the cases, as summaries name it; by default all of them. An informational gate is judged
    and shown, and never decides the exit code. A gate may name a finding instead of a limit, such as ``uses-mark``; its
    metric is then the one that the finding rests on.
    """

    metric: str
    subject: str | None = None
    stratum: str = ALL_CASES
    at_least: bool = True
    value: Annotated[float, Field(allow_inf_nan=False)]
    informational: bool = False
    finding: str | None = None

    @classmethod
    def parse(
        cls, text: str, *, metrics: Mapping[str, str] | None = None, informational: bool = False
    ) -> Self:
        """Reads ``METRIC[@EXPLAINER][%STRATUM] >= VALUE`` or a finding's name; ``=`` takes the metric's own direction.

        ``==`` stands for the best value that there is, such as ``leakage == 0``, and is read as that limit.

        Args:
            metrics: catalog name of each metric id, where an audit gives metrics ids of their own.

        Raises:
            ValueError: with what is wrong and the nearest known name.

        Example:
            >>> gate = Gate.parse("iou@lime%lesion-size=small >= 0.3")
            >>> gate.metric, gate.subject, gate.stratum, gate.at_least, gate.value
            ('iou', 'lime', 'lesion-size=small', True, 0.3)
            >>> str(Gate.parse("uses-mark"))
            'uses-mark'
        """
        found = _GATE.fullmatch(text)
        if found is None:
            name = _finding_asked(text, metrics or {})
            return cls(metric=GATED_FINDINGS[name], value=MARGIN, informational=informational, finding=name)
        if found["metric"] in GATED_FINDINGS and found["metric"] not in (metrics or {}):
            raise SettingError(
                f"'{text}': {found['metric']} is a finding and takes no limit", hint="write it alone"
            )
        row = row_of_gated(found, text, metrics or {})
        match found["sign"]:
            case "==":
                at_least = direction_of_equality(row, found)
            case "=":
                at_least = row.higher_is_better is not False
            case sign:
                at_least = sign in (">=", "≥")
        return cls(
            metric=found["metric"],
            subject=found["subject"],
            stratum=_stratum_of(found),
            at_least=at_least,
            value=float(found["value"]),
            informational=informational,
        )

    @classmethod
    def read(cls, entry: object, *, metrics: Mapping[str, str] | None = None) -> Self:
        """A gate as an audit file writes it: a text, or a text with the word whether it only informs.

        Raises:
            ValueError: with what is wrong and the nearest known name.

        Example:
            >>> Gate.read({"gate": "iou@lime >= 0.3", "informational": True}).informational
            True
        """
        if isinstance(entry, cls):
            return entry
        fields = entry if isinstance(entry, dict) else {"gate": entry}
        for key in fields:
            if key not in _GATE_KEYS:
                hint = did_you_mean(str(key), _GATE_KEYS, otherwise=f"a gate has {' and '.join(_GATE_KEYS)}")
                raise SettingError(f"no key is called '{key}'", hint=hint)
        text, informational = fields.get("gate"), fields.get("informational", False)
        if not isinstance(text, str):
            raise SettingError(f"expected a text such as 'iou@gradcam >= 0.3', got {text!r}")
        if not isinstance(informational, bool):
            raise SettingError(f"informational: expected true or false, got {informational!r}")
        return cls.parse(text, metrics=metrics, informational=informational)

    @property
    def is_of_data(self) -> bool:
        """Return True if the limit is on a value of the data, and not on scores."""
        row = METRICS.by_id.get(self.metric)
        return row is not None and row.family == DATA_FAMILY

    def __str__(self) -> str:
        """The gate as a person writes it."""
        return self.finding or f"{_about(self)} {'>=' if self.at_least else '<='} {_digits(self.value)}"

    @model_serializer
    def as_written(self) -> str | dict[str, object]:
        """The entry that :meth:`read` reads."""
        return {"gate": str(self), "informational": True} if self.informational else str(self)


class MaxDrop(Section):
    """The most that a metric may lose against a baseline run, such as ``iou@lime=0.05``.

    With a stratum, ``iou@lime%lesion-size=small=0.05``, only that part of the cases counts.

    A metric of which lower is better loses where it rises. One without a direction, such as a model's reliance on
    a region, loses where it falls, as a bare ``=`` in a gate asks for at least.
    """

    metric: str
    subject: str | None = None
    stratum: str = ALL_CASES
    value: float

    @classmethod
    def parse(cls, text: str, *, metrics: Mapping[str, str] | None = None) -> Self:
        """Reads ``METRIC[@EXPLAINER][%STRATUM]=VALUE``; the arguments are those of :meth:`Gate.parse`.

        Raises:
            ValueError: with what is wrong and the nearest known name.

        Example:
            >>> str(MaxDrop.parse("iou@lime=0.05"))
            'drop of iou@lime <= 0.05'
        """
        found = _MAX_DROP.fullmatch(text)
        if found is None:
            raise SettingError(f"'{text}' is not a largest drop; write it like 'iou@gradcam=0.05'")
        row = row_of_gated(found, text, metrics or {})
        if row.family == DATA_FAMILY:
            raise SettingError(
                f"'{text}': {found['metric']} is a value of the data, and has no scores of cases to compare",
                hint=f"set a limit instead, such as {found['metric']} <= 0.1",
            )
        value = float(found["value"])
        if not 0 <= value < math.inf:
            raise SettingError(f"'{text}': a drop is 0 or more; a gain is asked for with a gate")
        return cls(metric=found["metric"], subject=found["subject"], stratum=_stratum_of(found), value=value)

    def __str__(self) -> str:
        """The limit as a person reads it."""
        return f"drop of {_about(self)} <= {_digits(self.value)}"


def _finding_asked(text: str, metrics: Mapping[str, str]) -> str:
    """Return the finding that a gate without a limit names; raises ValueError where it names none."""
    found = _BARE.fullmatch(text)
    if found is None:
        raise SettingError(f"'{text}' is not a gate; write it like 'iou@gradcam >= 0.3'")
    name, further = found[1], found[2]
    if name in GATED_FINDINGS and further is None:
        return name
    if name in GATED_FINDINGS:
        what = "no @explainer" if further.startswith("@") else "no %part: it rests on all cases"
        raise SettingError(
            f"'{text}': {name} is a finding about the model and takes {what}", hint="write it alone"
        )
    if name in metrics or name in METRICS.by_id:
        raise SettingError(f"'{text}' is not a gate; write it like 'iou@gradcam >= 0.3'")
    hint = did_you_mean(
        name,
        [*GATED_FINDINGS, *metrics, *METRICS.by_id],
        otherwise=f"a gate is a metric with a limit, such as 'iou@gradcam >= 0.3', or {' or '.join(GATED_FINDINGS)}",
    )
    raise SettingError(f"'{text}' is not a gate: no finding or metric is called '{name}'", hint=hint)


def _stratum_of(found: re.Match[str]) -> str:
    return re.sub(r"\s*=\s*", "=", found["stratum"] or ALL_CASES)


def _about(limit: Gate | MaxDrop) -> str:
    """Return the subject of a limit as a person writes it."""
    subject = "" if limit.subject is None else f"@{limit.subject}"
    stratum = "" if limit.stratum == ALL_CASES else f"%{limit.stratum}"
    return f"{limit.metric}{subject}{stratum}"


def _digits(value: float) -> str:
    """A number with as many digits as give it back."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


_GATE_KEYS = ("gate", "informational")


def _gate_entry(entry: object, info: ValidationInfo) -> object:
    given = info.data
    names = names_of_metrics(
        given.get("metrics", ()),
        given.get("equivariance"),
        given.get("resolution"),
        own_regions=_own_regions(given.get("data"), *given.get("datasets", {}).values()),
    )
    return Gate.read(entry, metrics=names)


def _own_regions(*sections: DataSection | None) -> list[str]:
    return [name for data in sections if data is not None for name in data.regions.own]


_GATE_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "string", "examples": ["iou@gradcam >= 0.3", *GATED_FINDINGS]},
        {
            "type": "object",
            "properties": {"gate": {"type": "string"}, "informational": {"type": "boolean"}},
            "required": ["gate"],
            "additionalProperties": False,
        },
    ]
}


GateEntry = Annotated[Gate, BeforeValidator(_gate_entry), WithJsonSchema(_GATE_SCHEMA)]
