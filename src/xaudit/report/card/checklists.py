"""Two checklists, with the answers that a finished run can give; all others are not assessed.

The criteria for explanations are those of a paper by authors at the FDA's Center for Devices and Radiological Health
(consistency, plausibility, fidelity, usefulness); it is no guidance of the FDA. The 44 items are those of CLAIM, the
Checklist for Artificial Intelligence in Medical Imaging, in its 2024 update. Both are given in words of our own.
"""

from collections.abc import Callable
from dataclasses import dataclass

from xaudit.records import Outcome
from xaudit.report.card import answers, training
from xaudit.report.card.training import NOT_ASSESSED, Manifest

__all__ = ["CLAIM", "CLAIM_SOURCE", "CRITERIA_SOURCE", "FDA_CRITERIA", "NOT_ASSESSED", "Item", "Manifest"]

CRITERIA_SOURCE = (
    "Criteria of Lago, Zamzmi, Eich and Delfino, Evaluating Explainability: A Framework for Systematic Assessment of "
    "Explainable AI Features in Medical Imaging, Bioengineering 2026, 13(1), 111 (preprint arXiv:2506.13917). The authors "
    "work at the FDA's Center for Devices and Radiological Health; the paper is no guidance of the FDA."
)
CLAIM_SOURCE = (
    "Items of CLAIM in words of our own: Tejani et al., Checklist for Artificial Intelligence in Medical Imaging (CLAIM): "
    "2024 Update, Radiology: Artificial Intelligence 2024, 6(4), e240300."
)

Evidence = Callable[[Outcome, Manifest], str]
"""Answers one question from a run; empty where the run says nothing."""


@dataclass(frozen=True, slots=True)
class Item:
    """A question of a checklist."""

    number: str
    asks: str
    evidence: Evidence | None = None
    without: str = NOT_ASSESSED

    def answer(self, outcome: Outcome, manifest: Manifest) -> str:
        """Return the run's answer, or that it was not assessed.

        Args:
            manifest: the run's; with its audit file under ``audit``, more can be answered.
        """
        found = self.evidence(outcome, manifest) if self.evidence is not None else ""
        return found or self.without


FDA_CRITERIA = (
    Item("consistency", "do like images get like explanations?", answers.consistency),
    Item("plausibility", "do explanations lie where readers see the finding?", answers.plausibility),
    Item("fidelity", "do explanations show what the model depends on?", answers.fidelity),
    Item(
        "usefulness",
        "do explanations help the people who decide?",
        without=f"{NOT_ASSESSED}: it needs a study with readers",
    ),
)

CLAIM = (
    Item("1", "title or abstract name the kind of AI"),
    Item("2", "structured summary"),
    Item("3", "background, intended use and role"),
    Item("4", "aims and hypotheses"),
    Item("5", "prospective or retrospective"),
    Item("6", "goal of the study"),
    Item("7", "sources of the data", answers.data_sources),
    Item("8", "who was included, and who was not"),
    Item("9", "preprocessing", training.preprocessing),
    Item("10", "choice of subsets", answers.subsets),
    Item("11", "de-identification"),
    Item("12", "missing data", answers.missing_data),
    Item("13", "how images were acquired"),
    Item("14", "how the reference standard was obtained", answers.reference_standard),
    Item("15", "why that reference standard"),
    Item("16", "who annotated, with what qualification", answers.annotators),
    Item("17", "annotation of the test set", answers.marks_of_test_images),
    Item("18", "variability between and within readers", answers.reader_agreement),
    Item("19", "how data were assigned to partitions", answers.assignment),
    Item("20", "level at which partitions are apart", answers.partition_level),
    Item("21", "intended sample size", answers.sample_size),
    Item("22", "description of the model", training.models),
    Item("23", "software", training.software),
    Item("24", "initial weights", training.initial_weights),
    Item("25", "training", training.training),
    Item("26", "how the final model was chosen", training.final_model),
    Item("27", "ensembling"),
    Item("28", "measures of performance", answers.measures),
    Item("29", "significance and uncertainty", answers.uncertainty),
    Item("30", "robustness", answers.robustness),
    Item("31", "explainability, and how it was validated", answers.explainability),
    Item("32", "evaluation on internal data", answers.internal_data),
    Item("33", "testing on external data"),
    Item("34", "registration of a clinical trial"),
    Item("35", "numbers included and excluded", answers.flow),
    Item("36", "demographic and clinical characteristics", answers.characteristics),
    Item("37", "performance and its uncertainty", answers.performance),
    Item("38", "diagnostic performance and its precision", answers.accuracy),
    Item("39", "analysis of failures", answers.failures),
    Item("40", "limitations", answers.limitations),
    Item("41", "implications for practice"),
    Item("42", "where the protocol can be read", answers.protocol),
    Item("43", "availability of software, model and data"),
    Item("44", "funding"),
)
