"""Which limits concern which model, where the models of a run differ in what explains them or can be asked of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from xaudit.config import Gate, MaxDrop


@dataclass(frozen=True, slots=True)
class Reach:
    """What each model of a run has; a model that is not named has everything.

    Attributes:
        explained_by: ids of its explainers that are no controls, by model.
        unanswered: ids of the metrics that nobody could ask of it, by model.
    """

    explained_by: Mapping[str, Sequence[str]] = field(default_factory=dict)
    unanswered: Mapping[str, Collection[str]] = field(default_factory=dict)

    def asked(self, model_id: str, explainers: Sequence[str]) -> tuple[str, ...]:
        """Those of a run's explainers that explain a model."""
        own = self.explained_by.get(model_id, explainers)
        return tuple(name for name in explainers if name in own)

    def concerns(self, limit: Gate | MaxDrop, model_id: str, explainers: Sequence[str]) -> bool:
        """Whether a limit can be held against a model.

        It cannot where it names another model's explainer, or a control that is made of its maps, and where it asks what
        an external model does not answer.
        """
        if limit.metric in self.unanswered.get(model_id, ()):
            return False
        own = self.asked(model_id, explainers)
        if limit.subject is None:
            return bool(own) or not explainers
        made_of = limit.subject.rpartition(".")[0]
        return not any(name in explainers and name not in own for name in (limit.subject, made_of))
