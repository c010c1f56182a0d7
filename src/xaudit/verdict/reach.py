"""The limits that concern each model, since models of a run may differ in their explainers and metrics."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from xaudit.config import Gate, MaxDrop


@dataclass(frozen=True, slots=True)
class Reach:
    """The explainers and metrics of each model of a run; a model that is not listed has all.

    Attributes:
        explained_by: ids of its explainers that are no controls, by model.
        unanswered: ids of the metrics that cannot be measured on it, by model.
    """

    explained_by: Mapping[str, Sequence[str]] = field(default_factory=dict)
    unanswered: Mapping[str, Collection[str]] = field(default_factory=dict)

    def explainers(self, model_id: str, explainers: Sequence[str]) -> tuple[str, ...]:
        """Return the explainers of a run that explain a model."""
        own = self.explained_by.get(model_id, explainers)
        return tuple(name for name in explainers if name in own)

    def concerns(self, limit: Gate | MaxDrop, model_id: str, explainers: Sequence[str]) -> bool:
        """Return True if a limit can be applied to a model.

        It cannot if it names another model's explainer, or a control made of that explainer's maps, or a metric that
        cannot be measured on an external model.
        """
        if limit.metric in self.unanswered.get(model_id, ()):
            return False
        own = self.explainers(model_id, explainers)
        if limit.subject is None:
            return bool(own) or not explainers
        made_of = limit.subject.rpartition(".")[0]
        return not any(name in explainers and name not in own for name in (limit.subject, made_of))
