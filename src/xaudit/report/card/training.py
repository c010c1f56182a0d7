"""Answers of a model card about where the models come from and how they were trained."""

from collections.abc import Mapping
from typing import Any

from xaudit.catalog import MODELS
from xaudit.records import Outcome
from xaudit.report.card.plugged import plugins_of
from xaudit.report.wording import count

NOT_ASSESSED = "not assessed"

Manifest = Mapping[str, Any]
"""A run's manifest; under ``audit``, where the caller adds it, the audit file as the run kept it."""


def preprocessing(_: Outcome, manifest: Manifest) -> str:
    """Describe size, fit and normalisation of each model's images."""
    texts = []
    for model in _models_of(manifest):
        if model.get("source") == "external" or "mean" not in model:
            continue
        size = f"{model['input_size']} px, " if model.get("input_size") else ""
        mean, std = (" ".join(f"{number:g}" for number in model[name]) for name in ("mean", "std"))
        texts.append(f"{model['id']}: {size}{model.get('fit', 'stretch')}, mean {mean}, std {std}")
    return "; ".join(texts)


def models(outcome: Outcome, manifest: Manifest) -> str:
    """Name each network's source, with the digest of the weights that were audited."""
    weights = manifest.get("checksums", {}).get("weights", {})
    external = manifest.get("checksums", {}).get("external", {})
    known = {str(one.get("id")): one for one in _models_of(manifest)}
    texts = []
    for model in outcome.model_ids:
        entry = known.get(model, {})
        names = (entry.get(key) for key in ("architecture", "factory", "variant"))
        parts = [
            " ".join(str(one) for one in (*names, entry.get("source") and f"({entry['source']})") if one)
        ]
        if model in weights:
            parts.append(f"final weights {str(weights[model])[:16]}")
        if model in external:
            parts.append(f"no model, predictions {str(external[model].get('predictions', ''))[:16]}")
        texts.append(f"{model}: {', '.join(filter(None, parts)) or NOT_ASSESSED}")
    return f"{'; '.join(texts)}; the settings stand in audit.resolved.yaml"


def software(_: Outcome, manifest: Manifest) -> str:
    """Name the versions of the program and of the libraries that computed."""
    libraries = manifest.get("libraries", {})
    shown = [f"{name} {libraries[name]}" for name in ("torch", "torchvision") if libraries.get(name)]
    shown += [f"{package} ({', '.join(brought)})" for package, brought in plugins_of(manifest).items()]
    return ", ".join([f"xaudit {manifest['xaudit']}", *shown]) if "xaudit" in manifest else ""


def initial_weights(outcome: Outcome, manifest: Manifest) -> str:
    """Say what a network began its training with; known only where the audit trained it."""
    seed = manifest.get("seed", audit_of(manifest).get("seed", "unknown"))
    return _of_training(
        outcome,
        manifest,
        f"random, drawn from seed {seed}",
        "its weights came ready-made, and what they began with is not assessed",
    )


def training(outcome: Outcome, manifest: Manifest) -> str:
    """Give the settings of the training; known only where the audit trained a network."""
    train = audit_of(manifest).get("train") or {}
    own = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in train.items())
    return _of_training(
        outcome, manifest, own or "by this audit", "its weights came ready-made; training is not assessed"
    )


def final_model(outcome: Outcome, manifest: Manifest) -> str:
    """Say how the final weights were chosen; known only where the audit trained a network."""
    patience = (audit_of(manifest).get("train") or {}).get("patience")
    until = f", stopped after {count(patience, 'epoch')} without a better one" if patience else ""
    return _of_training(
        outcome,
        manifest,
        f"the epoch with the best validation loss{until}",
        "its weights came ready-made; how they were chosen is not assessed",
    )


def _of_training(outcome: Outcome, manifest: Manifest, trained: str, ready: str) -> str:
    """Say one thing about each model's training; nothing where the audit trained none of them."""
    here = {
        str(one.get("id"))
        for one in _models_of(manifest)
        if one.get("weights") is None and _can_train(str(one.get("source")))
    }
    if not here & set(outcome.model_ids):
        return ""
    return "; ".join(f"{model}: {trained if model in here else ready}" for model in outcome.model_ids)


def _can_train(source: str) -> bool:
    # The phantom's networks come with the program, which trains them anew only to remake its own files.
    return source != "phantom" and source in MODELS.by_id and MODELS.by_id[source].trains


def audit_of(manifest: Manifest) -> Mapping[str, Any]:
    """Return the audit file that stands beside the manifest, or nothing."""
    found = manifest.get("audit") or {}
    return found if isinstance(found, Mapping) else {}


def _models_of(manifest: Manifest) -> list[Mapping[str, Any]]:
    return [one for one in audit_of(manifest).get("models") or () if isinstance(one, Mapping)]
