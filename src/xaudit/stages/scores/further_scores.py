"""The scores that need more than one explainer's map of one image: changed images, controls made of maps, people.

Each piece is a shard of scores of its own, so that switching one on or off leaves all others stored.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from xaudit.catalog import PRIOR, explainer_row, metric_row
from xaudit.chunks import Chunk, Thresholds
from xaudit.config import ExplainerSpec, MetricSpec
from xaudit.errors import RunFolderError
from xaudit.metrics.human import OVERLAPS
from xaudit.records import MapFacts, SaliencyMap, ScoreResult, WindowEffects
from xaudit.stages.scores.audited_model import AuditedModel, Cut
from xaudit.stages.scores.control_of_maps import ControlOfMaps
from xaudit.stages.scores.human_control import score_people
from xaudit.stages.scores.made_of_maps import MapPool, Partners
from xaudit.stages.scores.prior import ReliancePool, score_prior
from xaudit.store.parts import RELIANCE_MAP, read_parts, shard_key

if TYPE_CHECKING:
    from xaudit.stages.scores.changed_images import ChangeFamily


@dataclass(frozen=True)
class Piece:
    """Scores of one chunk that are stored together.

    Attributes:
        facts: from which the categories of its maps are decided; None where it has no maps of its own.
    """

    name: str
    chunk: Chunk
    key: str
    scores: Callable[[], Sequence[ScoreResult]]
    facts: Callable[[], Sequence[MapFacts]] | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Pieces that share what they read, made anew with each call."""

    n_pieces: int
    pieces: Callable[[], Iterator[Piece]]


@dataclass(frozen=True)
class FurtherScores:
    """The pieces of one model of an audit."""

    model: AuditedModel

    @property
    def n_of_chunk(self) -> int:
        """Count the pieces of :meth:`of_chunk`."""
        return sum(1 + len(family.explainers) for family in self._families) + len(self._people)

    def of_chunk(self, chunk: Chunk, cut: Cut) -> Iterator[Piece]:
        """Yield the pieces that can be scored as soon as the chunk's maps are stored."""
        for family in self._families:
            yield from self._changes(chunk, cut, family)
        for control in self._people:
            yield from self._reached_by_people(chunk, cut, control)

    def groups_of_all(self, *, failed: Collection[str]) -> list[Group]:
        """Return what can be scored when every chunk's maps are stored: one group for each chunk.

        Args:
            failed: ids of cases that could not be explained: with another set of them the means are others.
        """
        return [*self._groups_of_controls(failed), *self._groups_of_prior(failed)]

    def _groups_of_prior(self, failed: Collection[str]) -> list[Group]:
        """Return one group for each chunk with the prior: the mean reliance map of the other patients."""
        model = self.model
        settings = model.audit.reliance
        if not (settings.enabled and settings.map.enabled):
            return []
        window_keys = [model.window_key(cut.pairs) for cut in model.cuts]

        def read(index: int) -> Sequence[WindowEffects]:
            stored = read_parts(model.run, RELIANCE_MAP, [window_keys[index]])
            if stored.missing:
                raise RunFolderError(
                    f"{model.run.run_id}: a stored reliance map has gone or was damaged meanwhile",
                    hint="give the same command again: only what is missing is done",
                )
            return stored.rows

        @cache
        def pool() -> ReliancePool:
            return ReliancePool(
                {case.case_id: case.cluster for case, _ in model.pairs if case.case_id not in failed},
                [frozenset(case.cluster for case, _ in cut.pairs) for cut in model.cuts],
                read,
            )

        def pieces(index: int) -> Iterator[Piece]:
            chunk = model.chunk(model.cuts[index].pairs)
            about = {
                "prior": window_keys,
                "limits": settings.explainers.model_dump(mode="json", include={"area", "margin"}),
            }
            key = shard_key({**about, "failed": sorted(failed), "cases": model.cuts[index].inputs})

            def score() -> Sequence[ScoreResult]:
                return score_prior(chunk, read(index), pool(), settings.explainers)

            yield Piece(f"{model.classifier.id}: {PRIOR}", chunk, key, score)

        return [Group(1, partial(pieces, index)) for index in range(len(model.cuts))]

    def _groups_of_controls(self, failed: Collection[str]) -> list[Group]:
        if not self._made_of_maps:
            return []
        model = self.model

        @cache
        def shared() -> tuple[Partners, Mapping[str, MapPool], str]:
            partners = Partners(model.dataset, model.pairs, seed=model.audit.seed, fit=model.classifier.fit)
            pools = {spec.id: self._pool(spec) for spec in self.model.audit.explainers}
            inputs = [cut.inputs for cut in model.cuts]
            return partners, pools, shard_key({"inputs": inputs, "failed": sorted(failed)})

        def pieces(index: int) -> Iterator[Piece]:
            cut = model.cuts[index]
            partners, pools, everything = shared()
            chunk = model.chunk(cut.pairs)
            for explainer in self.model.audit.explainers:
                for control in self._made_of_maps:
                    about = [everything, *_told(explainer), *_told(control)]
                    key = self._key(cut, "made of maps", about, self._tuned(explainer))
                    name = f"{self.model.classifier.id}: {explainer.id}, {control.id}"
                    read = partial(self.model.maps, chunk, explainer, cut.map_keys[explainer.id])
                    made = ControlOfMaps(
                        chunk,
                        explainer,
                        control,
                        read,
                        pools[explainer.id],
                        partners,
                        self._placed,
                        self._tuned(explainer),
                    )
                    yield Piece(name, chunk, key, made.scores, made.facts)

        n_pieces = len(self.model.audit.explainers) * len(self._made_of_maps)
        return [Group(n_pieces, partial(pieces, index)) for index in range(len(model.chunks))]

    def _changes(self, chunk: Chunk, cut: Cut, family: "ChangeFamily") -> Iterator[Piece]:
        from xaudit.stages.scores.changed_images import score_answers, score_maps

        name = f"{self.model.classifier.id}: {family.id}"
        changes = [family.id, *(change.id for change in family.changes)]
        yield Piece(name, chunk, self._key(cut, "answers", changes), lambda: score_answers(chunk, family))
        for spec in family.explainers:

            def score(spec: ExplainerSpec = spec) -> Sequence[ScoreResult]:
                maps = self.model.maps(chunk, spec, cut.map_keys[spec.id])
                tuned = self._tuned(spec)
                return score_maps(chunk, spec, maps, family, metrics=self._placed, thresholds=tuned)

            key = self._key(cut, "changed maps", [*changes, *_told(spec)], self._tuned(spec))
            yield Piece(f"{name}, {spec.id}", chunk, key, score)

    def _reached_by_people(self, chunk: Chunk, cut: Cut, control: ExplainerSpec) -> Iterator[Piece]:
        def score() -> Sequence[ScoreResult]:
            return [
                result
                for subject in chunk.subjects
                for result in score_people(
                    subject,
                    self.model.dataset.reader_masks(subject.case),
                    control,
                    model_id=self.model.classifier.id,
                    policy=self.model.dataset.readers,
                    metrics=self._placed,
                    votes=self.model.dataset.votes,
                )
            ]

        # Raised by one whenever readers' marks would give other scores than before.
        key = self._key(cut, "people", [*_told(control), "2"])
        yield Piece(f"{self.model.classifier.id}: {control.id}", chunk, key, score)

    def _pool(self, explainer: ExplainerSpec) -> MapPool:
        model = self.model

        def read(index: int) -> Sequence[SaliencyMap]:
            cut = model.cuts[index]
            return model.maps(model.chunk(cut.pairs), explainer, cut.map_keys[explainer.id])

        return MapPool(
            chunks=[frozenset(case.cluster for case, _ in cut.pairs) for cut in model.cuts],
            read=read,
            cluster_of={case.case_id: case.cluster for case, _ in model.pairs},
            signed=explainer_row(explainer.name).signed,
            frame_hw=model.classifier.model_hw,
        )

    def _key(
        self,
        cut: Cut,
        kind: str,
        about: Sequence[str],
        tuned: Thresholds = MappingProxyType({}),
    ) -> str:
        metrics = [[metric.id, metric.fingerprint] for metric in self._placed]
        return shard_key(
            {
                "inputs": cut.inputs,
                "kind": kind,
                "about": list(about),
                "metrics": metrics,
                **told_thresholds(tuned),
            }
        )

    def _tuned(self, explainer: ExplainerSpec) -> Thresholds:
        return self.model.thresholds.get(explainer.id, {})

    @cached_property
    def _placed(self) -> tuple[MetricSpec, ...]:
        """The metrics that hold a map against a mark."""
        return tuple(one for one in self.model.audit.metrics if metric_row(one.name).family == "localization")

    @cached_property
    def _families(self) -> "tuple[ChangeFamily, ...]":
        from xaudit.stages.scores.changed_images import change_families

        return change_families(self.model.audit)

    @cached_property
    def _made_of_maps(self) -> tuple[ExplainerSpec, ...]:
        """The controls that need all maps first; none where no metric holds a map against a mark."""
        return self._controls("maps") if self._placed else ()

    @cached_property
    def _people(self) -> tuple[ExplainerSpec, ...]:
        """The control made of marks; none without several readers, or without a metric that a mark can take."""
        several = len({mark.reader_id for mark in self.model.dataset.annotations}) > 1
        asked = any(metric.name in OVERLAPS for metric in self._placed)
        return self._controls("marks") if several and asked else ()

    def _controls(self, made_of: str) -> tuple[ExplainerSpec, ...]:
        return tuple(
            spec for spec in self.model.audit.controls if explainer_row(spec.name).made_of == made_of
        )


def told_thresholds(tuned: Thresholds) -> Mapping[str, object]:
    """All that tuned thresholds add to the key of what is cut at them; nothing where none were tuned."""
    return {"tuned": sorted(tuned.items())} if tuned else {}


def _told(spec: ExplainerSpec) -> list[str]:
    """All that an explainer or a control adds to the key of what it makes."""
    return [spec.id, spec.fingerprint]
