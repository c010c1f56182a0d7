"""Which questions of two checklists a finished run can answer, and with what; all others are not assessed.

The criteria are those that the FDA's Center for Devices and Radiological Health names for explanations (consistency,
plausibility, fidelity, usefulness) and the 42 items of CLAIM, the Checklist for Artificial Intelligence in Medical
Imaging (Mongan, Moy and Kahn 2020), in words of our own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from xaudit.records import MODEL_LEVEL, Outcome
from xaudit.report.lookup import SummaryLookup
from xaudit.report.plugged import plugins_of
from xaudit.report.verdict_section import is_judged_by_mark
from xaudit.report.wording import count, interval, metric_words

NOT_ASSESSED = "not assessed"

Manifest = Mapping[str, Any]
Evidence = Callable[[Outcome, Manifest], str]
"""What a run says to one question; empty where it says nothing."""


@dataclass(frozen=True, slots=True)
class Item:
    """One question of a checklist."""

    number: str
    asks: str
    evidence: Evidence | None = None
    without: str = NOT_ASSESSED

    def answer(self, outcome: Outcome, manifest: Manifest) -> str:
        """What the run says to it, or that it was not assessed."""
        found = self.evidence(outcome, manifest) if self.evidence is not None else ""
        return found or self.without


def _scores(outcome: Outcome, families: tuple[str, ...], longest: int = 4) -> str:
    """The first metrics of some families, by model and explainer, controls left out."""
    lookup = SummaryLookup(outcome)
    texts = []
    for model in outcome.model_ids:
        for name in (MODEL_LEVEL, *outcome.explainer_ids):
            if name in outcome.control_ids:
                continue
            known = [
                f"{metric_words(metric)} {interval(found.interval)}"
                for metric in lookup.headline_metrics(families)
                for reader in lookup.readers(model)[:1]
                if (found := lookup.find(model, name, metric, reader)) is not None and found.n_cases
            ]
            if known:
                whom = model if name == MODEL_LEVEL else f"{name} on {model}"
                texts.append(f"{whom}: {', '.join(known[:longest])}")
    return "; ".join(texts)


def _asked_of_models(outcome: Outcome, families: tuple[str, ...], longest: int = 4) -> str:
    """The same of families that take asking a model, and which models nobody could ask."""
    found = _scores(outcome, families, longest)
    absent = [f"{model}: {NOT_ASSESSED}: no model" for model in outcome.external_ids]
    if len(absent) == len(outcome.model_ids) and not found:
        return f"{NOT_ASSESSED}: no model"
    return "; ".join([found or NOT_ASSESSED, *absent]) if absent else found


def _is_localized(outcome: Outcome) -> bool:
    return any(one.family == "localization" and one.n_cases for one in outcome.summaries)


def _consistency(outcome: Outcome, _: Manifest) -> str:
    return _asked_of_models(outcome, ("equivariance", "resolution", "robustness"))


def _plausibility(outcome: Outcome, _: Manifest) -> str:
    return _scores(outcome, ("localization",)) if _is_localized(outcome) else ""


def _fidelity(outcome: Outcome, _: Manifest) -> str:
    return _asked_of_models(outcome, ("agreement", "faithfulness", "sanity"))


FDA_CRITERIA = (
    Item("consistency", "do like images get like explanations?", _consistency),
    Item("plausibility", "do explanations lie where readers see the finding?", _plausibility),
    Item("fidelity", "do explanations show what the model depends on?", _fidelity),
    Item(
        "usefulness",
        "do explanations help the people who decide?",
        without=f"{NOT_ASSESSED}: it needs a study with readers",
    ),
)


def _images(outcome: Outcome, manifest: Manifest) -> str:
    checksum = str(manifest.get("checksums", {}).get("images", ""))[:16]
    explained = sum(outcome.n_explained.values())
    tail = f", checksum {checksum}" if checksum else ""
    return f"{count(explained, 'image')} explained{tail}; where they come from is not assessed"


def _missing(outcome: Outcome, _: Manifest) -> str:
    lost = len({problem.case_id for problem in outcome.problems})
    missing = sum(group.n_scores for group in outcome.unscored)
    return f"{count(lost, 'image')} could not be used, {count(missing, 'score')} could not be taken, each with its reason"


def _readers(outcome: Outcome) -> list[str]:
    return sorted({name for one in outcome.agreements for name in (one.first, one.second)})


def _annotators(outcome: Outcome, _: Manifest) -> str:
    names = _readers(outcome)
    if names:
        return f"{count(len(names), 'reader')}; their qualifications are not assessed"
    return "marks of one source; who drew them is not assessed" if _is_localized(outcome) else ""


def _reader_agreement(outcome: Outcome, _: Manifest) -> str:
    known = [one for one in outcome.agreements if one.best_match_iou is not None]
    pairs = [f"{one.first} and {one.second}: IoU of matched marks {one.best_match_iou:.2f}" for one in known]
    return "; ".join(dict.fromkeys(pairs))


def _sample_size(outcome: Outcome, _: Manifest) -> str:
    return "; ".join(
        f"{one.rule} of {one.model_id}: {one.n_patients} patients, "
        + ("more cannot be planned" if one.n_needed is None else f"{one.n_needed} needed")
        for one in outcome.plans
    )


def _partitions(outcome: Outcome, _: Manifest) -> str:
    known = [one for one in outcome.evaluations if one.split == "test"]
    if not known:
        return ""
    level = (
        "by patient" if all(one.patients_known for one in known) else "by image, since no patients are named"
    )
    parts = [
        f"{one.model_id}: {count(one.n_cases, 'test image')} of {one.n_patients} patients" for one in known
    ]
    return f"apart {level}; {'; '.join(parts)}"


def _models(outcome: Outcome, _: Manifest) -> str:
    return f"{', '.join(outcome.model_ids)}; the architecture stands in audit.resolved.yaml"


def _software(_: Outcome, manifest: Manifest) -> str:
    libraries = manifest.get("libraries", {})
    shown = [f"{name} {libraries[name]}" for name in ("torch", "torchvision") if libraries.get(name)]
    shown += [f"{package} ({', '.join(brought)})" for package, brought in plugins_of(manifest).items()]
    return ", ".join([f"xaudit {manifest['xaudit']}", *shown]) if "xaudit" in manifest else ""


def _weights(_: Outcome, manifest: Manifest) -> str:
    weights = manifest.get("checksums", {}).get("weights", {})
    known = [f"{model}: weights {str(digest)[:16]}" for model, digest in weights.items()]
    known += [
        f"{model}: {NOT_ASSESSED}, no model; its predictions {str(files.get('predictions', ''))[:16]}"
        for model, files in manifest.get("checksums", {}).get("external", {}).items()
    ]
    return "; ".join(known)


def _measures(outcome: Outcome, _: Manifest) -> str:
    names = dict.fromkeys(name for one in outcome.evaluations for name in one.measures)
    metrics = SummaryLookup(outcome).headline_metrics(("localization", "faithfulness"))
    return ", ".join([*names, *map(metric_words, metrics)])


def _uncertainty(outcome: Outcome, _: Manifest) -> str:
    methods = sorted({one.interval.method for one in outcome.summaries if one.interval.low is not None})
    unit = "patients" if all(one.cluster == "patient" for one in outcome.summaries) else "images"
    return f"intervals over {unit} ({', '.join(methods)}); comparisons paired by case" if methods else ""


def _robustness(outcome: Outcome, _: Manifest) -> str:
    return _asked_of_models(outcome, ("equivariance", "resolution"), longest=3)


def _explainability(outcome: Outcome, _: Manifest) -> str:
    explainers = [name for name in outcome.explainer_ids if name not in outcome.control_ids]
    wrong = [one.subject for one in outcome.verdicts if one.code == "XA301"]
    tail = f"; found to misreport: {', '.join(wrong)}" if wrong else ""
    return (
        f"{', '.join(explainers)}, beside {count(len(outcome.control_ids), 'control')}{tail}"
        if explainers
        else ""
    )


def _performance(outcome: Outcome, _: Manifest) -> str:
    return "; ".join(
        f"{one.model_id}, {one.split}: {count(one.n_cases, 'image')}" for one in outcome.evaluations
    )


def _accuracy(outcome: Outcome, _: Manifest) -> str:
    return "; ".join(
        f"{one.model_id}: {', '.join(f'{name} {interval(value)}' for name, value in one.measures.items())}"
        for one in outcome.evaluations
        if one.split == "test"
    )


def _failures(outcome: Outcome, _: Manifest) -> str:
    texts = []
    for model in outcome.model_ids:
        if not is_judged_by_mark(outcome, model):
            texts.append(f"{model}: {NOT_ASSESSED}, because of its answers")
            continue
        for name in outcome.explainer_ids:
            own = [one for one in outcome.categories if (one.model_id, one.explainer_id) == (model, name)]
            if own and name not in outcome.control_ids:
                wrong = sum(one.n_wrong_reason for one in own)
                texts.append(f"{name} on {model}: {wrong} right for the wrong reason")
    return f"maps sorted by failure and confusion cell; {'; '.join(texts)}" if texts else ""


def _limits(outcome: Outcome, _: Manifest) -> str:
    return " ".join(outcome.notes)


def _protocol(outcome: Outcome, _: Manifest) -> str:
    return f"audit.resolved.yaml and manifest.json of run {outcome.run_id}"


CLAIM = (
    Item("1", "title names the kind of AI"),
    Item("2", "structured abstract"),
    Item("3", "background and intended use"),
    Item("4", "objectives and hypotheses"),
    Item("5", "prospective or retrospective"),
    Item("6", "goal of the study"),
    Item("7", "sources of the data", _images),
    Item("8", "who was included, and who was not"),
    Item("9", "preprocessing"),
    Item("10", "choice of subsets"),
    Item("11", "definitions of data elements"),
    Item("12", "de-identification"),
    Item("13", "missing data", _missing),
    Item("14", "definition of the reference standard"),
    Item("15", "why that reference standard"),
    Item("16", "who annotated, with what qualification", _annotators),
    Item("17", "annotation tools"),
    Item("18", "variability between and within readers", _reader_agreement),
    Item("19", "intended sample size", _sample_size),
    Item("20", "how data were assigned to partitions"),
    Item("21", "level at which partitions are apart", _partitions),
    Item("22", "description of the model", _models),
    Item("23", "software", _software),
    Item("24", "initial weights", _weights),
    Item("25", "training"),
    Item("26", "how the final model was chosen"),
    Item("27", "ensembling"),
    Item("28", "measures of performance", _measures),
    Item("29", "significance and uncertainty", _uncertainty),
    Item("30", "robustness", _robustness),
    Item("31", "explainability, and how it was validated", _explainability),
    Item("32", "external data"),
    Item("33", "flow of participants"),
    Item("34", "demographic and clinical characteristics"),
    Item("35", "performance on all partitions", _performance),
    Item("36", "accuracy and its precision", _accuracy),
    Item("37", "analysis of failures", _failures),
    Item("38", "limitations", _limits),
    Item("39", "implications for practice"),
    Item("40", "registration"),
    Item("41", "where the protocol can be read", _protocol),
    Item("42", "funding"),
)
