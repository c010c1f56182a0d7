"""Answers of a finished run to the questions of a model card, a line each; empty where it says nothing."""

from collections.abc import Mapping
from typing import Any

from xaudit.records import MODEL_LEVEL, NO_READER, Outcome
from xaudit.report.card.training import NOT_ASSESSED, Manifest, audit_of
from xaudit.report.lookup import SummaryLookup
from xaudit.report.sections.evaluation import shown_evaluations
from xaudit.report.sections.verdict import is_judged_by_mark
from xaudit.report.wording import MEASURE_WORDS, count, explained_images, interval, metric_words, unit_of


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


def consistency(outcome: Outcome, _: Manifest) -> str:
    """Give the scores on changed images."""
    return _asked_of_models(outcome, ("equivariance", "resolution", "robustness"))


def plausibility(outcome: Outcome, _: Manifest) -> str:
    """Give the scores against readers' marks."""
    return _scores(outcome, ("localization",)) if _is_localized(outcome) else ""


def fidelity(outcome: Outcome, _: Manifest) -> str:
    """Give the scores of agreement with the model, and of sanity."""
    return _asked_of_models(outcome, ("agreement", "faithfulness", "sanity"))


def data_sources(outcome: Outcome, manifest: Manifest) -> str:
    """Count the explained images, with the checksum of all."""
    checksum = str(manifest.get("checksums", {}).get("images", ""))[:16]
    tail = f", checksum {checksum}" if checksum else ""
    return f"{explained_images(outcome)}{tail}; where they come from is not assessed"


def subsets(outcome: Outcome, manifest: Manifest) -> str:
    """Say by which setting images were chosen, and count them beside the test images."""
    run = audit_of(manifest).get("run") or {}
    if not run:
        return ""
    limit = f", at most {run['limit']}" if run.get("limit") else ""
    tested = {one.model_id: one.n_cases for one in outcome.evaluations if one.split == "test"}
    parts = [
        f"{model}: {n:,} of {count(tested[model], 'test image')} explained"
        for model, n in outcome.n_explained.items()
        if model in tested
    ]
    return "; ".join([f"`run.cases: {run.get('cases', 'annotated')}`{limit}", *parts])


def missing_data(outcome: Outcome, _: Manifest) -> str:
    """Count the images and values that are missing."""
    lost = len({problem.case_id for problem in outcome.problems})
    missing = sum(group.n_scores for group in outcome.unscored)
    return f"{count(lost, 'image')} could not be used, {count(missing, 'value')} could not be taken, each with its reason"


def reference_standard(outcome: Outcome, _: Manifest) -> str:
    """Name the labels and the readers that answers and maps were compared with."""
    lookup = SummaryLookup(outcome)
    readers = dict.fromkeys(reader for model in outcome.model_ids for reader in lookup.readers(model))
    named = [reader for reader in readers if reader != NO_READER]
    if not outcome.evaluations and not named:
        return ""
    marks = f"; marks of the readers: {', '.join(named)}" if named else ""
    return f"labels of the data set{marks}; how they came about is not assessed"


def annotators(outcome: Outcome, _: Manifest) -> str:
    """Count the readers who drew marks."""
    names = sorted({name for one in outcome.agreements for name in (one.first, one.second)})
    if names:
        return f"{count(len(names), 'reader')}; their qualifications are not assessed"
    return "readers' marks were given; who drew them is not assessed" if _is_localized(outcome) else ""


def marks_of_test_images(outcome: Outcome, _: Manifest) -> str:
    """Count the explained images that carry a mark."""
    own = [one for one in outcome.summaries if one.family == "localization" and one.n_cases]
    if not own:
        return ""
    most = max(own, key=lambda one: one.n_cases)
    return f"{count(most.n_cases, 'explained image')} with a reader's mark; how they were annotated is not assessed"


def reader_agreement(outcome: Outcome, _: Manifest) -> str:
    """Give the agreement of every two readers, with the data set and the number of cases."""
    texts = []
    for one in outcome.agreements:
        known = [
            f"{words} {value:.2f}"
            for words, value in (
                ("IoU of matched marks", one.best_match_iou),
                ("Dice", one.dice),
                ("kappa", one.kappa),
            )
            if value is not None
        ]
        if known:
            about = f"data set '{one.dataset_id}', {one.first} and {one.second}"
            texts.append(f"{about}: {', '.join(known)} ({count(one.n_cases, 'case')})")
    return "; ".join(dict.fromkeys(texts))


def assignment(outcome: Outcome, _: Manifest) -> str:
    """Say whether the data set named its splits or was divided here."""
    divided = [note for note in outcome.notes if "divided here" in note]
    if divided:
        return "; ".join(divided)
    return "as the data set names its splits" if outcome.evaluations else ""


def partition_level(outcome: Outcome, _: Manifest) -> str:
    """Name the level at which splits are apart, with the size of the test split."""
    known = [one for one in outcome.evaluations if one.split == "test"]
    if not known:
        return ""
    by_patient = all(one.patients_known for one in known)
    level = "by patient" if by_patient else "by image, since no patients are named"
    parts = [
        f"{one.model_id}: {count(one.n_cases, 'test image')}"
        + (f" of {count(one.n_patients, 'patient')}" if one.patients_known else "")
        for one in known
    ]
    return f"apart {level}; {'; '.join(parts)}"


def sample_size(outcome: Outcome, _: Manifest) -> str:
    """Count the patients that each gate has and needs, where the audit planned that."""
    unit = unit_of(outcome)
    return "; ".join(
        f"{one.rule} of {one.model_id}: {count(one.n_patients, unit)}, "
        + ("more cannot be planned" if one.n_needed is None else f"{one.n_needed:,} needed")
        for one in outcome.plans
    )


def measures(outcome: Outcome, _: Manifest) -> str:
    """Name the measures of answers and maps."""
    names = dict.fromkeys(
        MEASURE_WORDS.get(name, name) for one in outcome.evaluations for name in one.measures
    )
    metrics = SummaryLookup(outcome).headline_metrics(("localization", "faithfulness"))
    return ", ".join([*names, *map(metric_words, metrics)])


def uncertainty(outcome: Outcome, _: Manifest) -> str:
    """Name the unit and the methods of the intervals."""
    methods = sorted({one.interval.method for one in outcome.summaries if one.interval.low is not None})
    unit = "patients" if all(one.cluster == "patient" for one in outcome.summaries) else "images"
    return f"intervals over {unit} ({', '.join(methods)}); comparisons paired by case" if methods else ""


def robustness(outcome: Outcome, _: Manifest) -> str:
    """Give the scores on changed images, the first three of each explainer."""
    return _asked_of_models(outcome, ("equivariance", "resolution"), longest=3)


def explainability(outcome: Outcome, _: Manifest) -> str:
    """Name the explainers, the number of controls, and for each model those that show what it uses."""
    explainers = [name for name in outcome.explainer_ids if name not in outcome.control_ids]
    words = {"shows": "show what the model uses", "does-not-show": "do not show it", "undecided": "undecided"}
    tail = ""
    for state, text in words.items():
        own = [
            f"{one.explainer_id} on {one.model_id}"
            for one in outcome.explainers_judged
            if one.state == state and one.explainer_id in explainers
        ]
        tail += f"; {text}: {', '.join(own)}" if own else ""
    return (
        f"{', '.join(explainers)}, beside {count(len(outcome.control_ids), 'control')}{tail}"
        if explainers
        else ""
    )


def internal_data(outcome: Outcome, _: Manifest) -> str:
    """Name the split and the number of images on which each model was tested."""
    return "; ".join(
        f"{one.model_id}: {count(one.n_cases, 'image')} of the split {one.split} of data set '{one.dataset_id}'"
        for one in shown_evaluations(outcome)
    )


def flow(outcome: Outcome, manifest: Manifest) -> str:
    """Count the images of the data, those that could not be used and those that were explained."""
    counts = manifest.get("counts") or {}
    parts = [f"{count(number, str(name).removesuffix('s'))}" for name, number in counts.items()]
    held = f"{', '.join(parts)} in the data; " if parts else ""
    lost = len({problem.case_id for problem in outcome.problems})
    explained = "; ".join(f"{model}: {n:,} explained" for model, n in outcome.n_explained.items())
    return f"{held}{count(lost, 'image')} could not be used; {explained}"


def characteristics(outcome: Outcome, _: Manifest) -> str:
    """Count the images of each class in every split."""
    texts = {}
    for one in outcome.evaluations:
        classes = zip(one.class_names, one.matrix, strict=True)
        numbers = ", ".join(f"{name} {sum(line):,}" for name, line in classes)
        texts[one.dataset_id, one.split] = f"{one.split} of data set '{one.dataset_id}': {numbers}"
    return (
        f"{'; '.join(texts.values())}; age, sex and other characteristics are not assessed" if texts else ""
    )


def performance(outcome: Outcome, _: Manifest) -> str:
    """Give every measure of every split, with its interval."""
    return "; ".join(
        f"{one.model_id}, {one.split} ({count(one.n_cases, 'image')}): {_in_words(one.measures)}"
        for one in outcome.evaluations
    )


def accuracy(outcome: Outcome, _: Manifest) -> str:
    """Give sensitivity, specificity and AUROC on the test split."""
    texts = []
    for one in outcome.evaluations:
        diagnostic = {name: value for name, value in one.measures.items() if name != "accuracy"}
        if one.split == "test" and diagnostic:
            texts.append(f"{one.model_id}: {_in_words(diagnostic)}")
    return "; ".join(texts)


def _in_words(measures: Mapping[str, Any]) -> str:
    return ", ".join(f"{MEASURE_WORDS.get(name, name)} {interval(value)}" for name, value in measures.items())


def failures(outcome: Outcome, _: Manifest) -> str:
    """Count the right answers that rest on the wrong reason."""
    texts = []
    for model in outcome.model_ids:
        if not is_judged_by_mark(outcome, model):
            texts.append(f"{model}: {NOT_ASSESSED}, because of its answers")
            continue
        for name in outcome.explainer_ids:
            own = [one for one in outcome.categories if (one.model_id, one.explainer_id) == (model, name)]
            if any(one.n_judged for one in own) and name not in outcome.control_ids:
                wrong = sum(one.n_wrong_reason for one in own)
                texts.append(f"{name} on {model}: {wrong} right for the wrong reason")
    if outcome.categories and not texts:
        texts.append("no reason is counted, because no explainer is shown to show what the model uses")
    return f"maps sorted by failure and confusion cell; {'; '.join(texts)}" if texts else ""


def limitations(outcome: Outcome, _: Manifest) -> str:
    """Repeat the findings about the data and the notes on how the run was made."""
    of_data = [one.sentence for one in outcome.verdicts if one.code.startswith("XA4")]
    return "; ".join(dict.fromkeys([*of_data, *outcome.notes]))


def protocol(outcome: Outcome, _: Manifest) -> str:
    """Name the files that hold every setting."""
    return f"audit.resolved.yaml and manifest.json of run {outcome.run_id}"
