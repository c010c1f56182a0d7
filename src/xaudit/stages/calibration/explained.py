"""Maps by explainers of a model that takes a known share of its answer from a plant."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from xaudit.catalog import explainer_row
from xaudit.chunks import captured_scores
from xaudit.chunks.planted import Detector, PlantedChunk
from xaudit.chunks.planted_network import planted_maps, sees_plant
from xaudit.config import ExplainerSpec
from xaudit.errors import ModelError
from xaudit.records import ExplainerOnPlant, SaliencyMap, ScoreResult, WindowEffects
from xaudit.stages.calibration.case_effects import CaseEffects
from xaudit.stages.calibration.judging import audit_for
from xaudit.stages.calibration.planted_model import PlantedModel
from xaudit.stages.outcome.dependence.judged_explainers import judged_explainers
from xaudit.stages.scores.prior import ReliancePool, score_prior
from xaudit.store.parts import MAPS, read_parts, write_part
from xaudit.summarise import summarise

MAPS_VERSION = 1
"""Raised by one whenever the same inputs would give other maps: older parts are then not reused."""

OnCase = Callable[[str, int, int], None]


def why_not(spec: ExplainerSpec) -> str | None:
    """Return the reason why an explainer cannot be asked about images with a plant; None if it can."""
    row = explainer_row(spec.name)
    if row.made_of == "image":
        return None
    return f"explainer '{spec.id}' was left out: its maps are made of {row.made_of}, so there are none of images with a plant"


def evaluations_of(spec: ExplainerSpec) -> int:
    """Return about how many evaluations one map takes of explainers that only ask; 1 for the others."""
    options = spec.options
    if "window" in options and "stride" in options:
        window, stride = float(options["window"] or 1), float(options["stride"] or 1)
        return 1 + (1 + math.ceil((1 - window) / stride - 1e-9)) ** 2
    return int(options.get("samples") or options.get("segments") or options.get("steps") or 1)


class PlantExplainers:
    """The explainers of an audit, asked about every image that shows a plant.

    Args:
        shares: of the answer that come from the plant.
    """

    def __init__(
        self, planted: PlantedModel, specs: Sequence[ExplainerSpec], shares: Sequence[float]
    ) -> None:
        self._planted, self._shares = planted, tuple(shares)
        pairs = [pair for pair in planted.chunk.pairs if pair[0].case_id in planted.shows]
        self._chunk = PlantedChunk(planted.model.classifier, planted.model.dataset, pairs, planted.planting)
        audit = audit_for(planted.audit, planted.model_id)[0]
        self._specs = [spec for spec in specs if why_not(spec) is None]
        self._audit = audit.model_copy(update={"explainers": tuple(self._specs)})
        self._maps: dict[tuple[str, float], list[SaliencyMap]] = {}
        self.left_out: list[str] = []

    def ask(self, on_case: OnCase) -> None:
        """Make every map, stored ones where there are any; an explainer that cannot explain the model is left out by name.

        Args:
            on_case: told the explainer, how many of its cases are done, and the evaluations of the last.
        """
        detector = self._planted.detector
        if isinstance(detector, str):
            raise TypeError(f"{self._planted.id}: {detector}")
        kept = []
        for spec in self._specs:
            try:
                self._ask_one(spec, detector, on_case)
                kept.append(spec)
            except ModelError as error:
                self.left_out.append(f"explainer '{spec.id}' was left out: {error}")
        self._audit = self._audit.model_copy(update={"explainers": tuple(kept)})

    def _ask_one(self, spec: ExplainerSpec, detector: Detector, on_case: OnCase) -> None:
        run, meter = self._planted.model.run, self._planted.model.classifier.meter
        for number, subject in enumerate(self._chunk.subjects, 1):
            key = self._planted.key_of(
                subject, {"maps": [MAPS_VERSION, spec.id, spec.fingerprint], "shares": list(self._shares)}
            )
            stored, before = read_parts(run, MAPS, [key]), meter.n_evals
            if stored.missing:
                made = planted_maps(
                    self._chunk, subject, detector, spec, self._shares, self._planted.audit.seed
                )
                write_part(run, MAPS, key, made)
                stored = read_parts(run, MAPS, [key])
            for share, saliency in zip(self._shares, stored.rows, strict=True):
                self._maps.setdefault((spec.id, share), []).append(saliency)
            on_case(spec.id, number, meter.n_evals - before)

    @property
    def n_cases(self) -> int:
        """Images that each explainer is asked about."""
        return len(self._chunk.subjects)

    def at_share(self, effects: Mapping[str, CaseEffects], share: float) -> list[ExplainerOnPlant]:
        """Judge each explainer by the reliance of the wrapped model that its maps capture, as an audit does."""
        audit, planted = self._audit, self._planted
        limits = audit.reliance.explainers
        windows = [one for name in planted.shows for one in effects[name].windows]
        scores: list[ScoreResult] = []
        for spec in audit.explainers:
            scores += captured_scores(
                self._chunk, spec, self._maps[spec.id, share], windows=windows, limits=limits
            )
        scores += score_prior(self._chunk, windows, self._pool(windows), limits)
        summaries = summarise(
            scores,
            controls=(),
            patients_known=planted.patients_known,
            settings=audit.statistics,
            seed=audit.seed,
        )
        sees = {spec.id: sees_plant(spec) for spec in audit.explainers}
        return [
            ExplainerOnPlant(
                planted.id, share, sees[one.explainer_id], replace(one, n_evals=None, seconds=None)
            )
            for one in judged_explainers(audit, summaries, scores, ())
        ]

    def _pool(self, windows: Sequence[WindowEffects]) -> ReliancePool:
        clusters = {one.case.case_id: one.case.cluster for one in self._chunk.subjects}
        return ReliancePool(clusters, [frozenset(clusters.values())], lambda _: windows)
