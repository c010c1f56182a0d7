"""Which pieces of work sanity and robustness ask for: some cases of each model, since each costs whole maps.

Results depend on case, explainer, settings and seed, never on the chunk.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from xaudit.chunks import Chunk
from xaudit.config import AuditFile, CheckSection, ExplainerSpec, RobustnessSection, SanitySection
from xaudit.records import Case, Prediction, SaliencyMap, ScoreResult
from xaudit.stages.scores.further_scores import Cut, Group, Piece, StoredMaps, maps_by_case
from xaudit.stages.scores.robustness import score_robustness
from xaudit.stages.scores.sanity import score_collapse, score_sanity
from xaudit.stages.work.selection import spread_over_patients
from xaudit.store.parts import shard_key

if TYPE_CHECKING:
    from xaudit.cases.dataset import Dataset
    from xaudit.models.classifier import Classifier


@dataclass(frozen=True)
class MapChecks:
    """The pieces of one model that sanity and robustness ask for.

    Attributes:
        inputs: all that results of some cases depend on.
    """

    audit: AuditFile
    classifier: "Classifier"
    dataset: "Dataset"
    pairs: Sequence[tuple[Case, Prediction]]
    stored_maps: StoredMaps
    inputs: Callable[[Sequence[tuple[Case, Prediction]]], Mapping[str, object]]

    def groups(self, cuts: Callable[[], Sequence[Cut]]) -> list[Group]:
        """What can be asked once every chunk's maps are stored: one group for each few cases of a section.

        Args:
            cuts: asked for when a piece is done.
        """
        found: list[Group] = []
        for section in (self.audit.sanity, self.audit.robustness):
            for pairs in self._chunks(section) if section is not None else ():
                assert section is not None
                of_chunk = partial(self._of_chunk, cuts, pairs, section)
                found.append(Group(len(_asked(self.audit, section)), of_chunk))
        return found

    def collapse(self, cuts: Callable[[], Sequence[Cut]]) -> list[Group]:
        """What holds the maps of all chosen cases against each other, and asks the model nothing."""
        section = self._collapses
        if section is None:
            return []
        asked, chosen = _asked(self.audit, section), self._chosen(section)

        def pieces() -> Iterator[Piece]:
            for spec in asked:
                chunk = Chunk(self.classifier, self.dataset, chosen)

                def score(spec: ExplainerSpec = spec) -> Sequence[ScoreResult]:
                    return score_collapse(chosen, spec, self._maps(cuts(), chosen, spec))

                name = f"{self.classifier.id}: {spec.id}, location collapse"
                yield Piece(name, chunk, self._key(chosen, "location-collapse", spec, {}), score)

        return [Group(len(asked), pieces)]

    def _of_chunk(
        self,
        cuts: Callable[[], Sequence[Cut]],
        pairs: Sequence[tuple[Case, Prediction]],
        section: SanitySection | RobustnessSection,
    ) -> Iterator[Piece]:
        chunk = Chunk(self.classifier, self.dataset, pairs)
        kind = "sanity" if isinstance(section, SanitySection) else "robustness"
        settings = section.model_dump(mode="json", exclude={"cases", "explainers"})
        for spec in _asked(self.audit, section):

            def score(spec: ExplainerSpec = spec) -> Sequence[ScoreResult]:
                maps, seed = self._maps(cuts(), pairs, spec), self.audit.seed
                match section:
                    case SanitySection():
                        return score_sanity(chunk, spec, maps, section, seed)
                    case RobustnessSection():
                        return score_robustness(chunk, spec, maps, section, seed)

            name = f"{self.classifier.id}: {spec.id}, {kind}"
            yield Piece(name, chunk, self._key(pairs, kind, spec, settings), score)

    @property
    def _collapses(self) -> SanitySection | None:
        section = self.audit.sanity
        return section if section is not None and "location-collapse" in section.tests else None

    def _chosen(self, section: CheckSection) -> list[tuple[Case, Prediction]]:
        """The cases that a section asks about, in the order of their ids."""
        cases = spread_over_patients([case for case, _ in self.pairs], self.audit.seed)[: section.cases]
        ids = {case.case_id for case in cases}
        return [pair for pair in self.pairs if pair[0].case_id in ids]

    def _chunks(self, section: CheckSection) -> list[Sequence[tuple[Case, Prediction]]]:
        if isinstance(section, SanitySection) and set(section.tests) == {"location-collapse"}:
            return []
        chosen, size = self._chosen(section), self.audit.run.shard_size
        return [chosen[start : start + size] for start in range(0, len(chosen), size)]

    def _maps(
        self, cuts: Sequence[Cut], pairs: Sequence[tuple[Case, Prediction]], spec: ExplainerSpec
    ) -> dict[str, SaliencyMap]:
        """The stored maps of these cases, by case id."""
        return maps_by_case(
            cuts,
            {case.case_id for case, _ in pairs},
            spec,
            stored_maps=self.stored_maps,
            chunk_of=lambda cut: Chunk(self.classifier, self.dataset, cut.pairs),
        )

    def _key(
        self,
        pairs: Sequence[tuple[Case, Prediction]],
        kind: str,
        spec: ExplainerSpec,
        settings: Mapping[str, object],
    ) -> str:
        about = {"check": kind, "settings": settings, "explainer": [spec.id, spec.fingerprint]}
        return shard_key({**self.inputs(pairs), **about})


def _asked(audit: AuditFile, section: CheckSection) -> tuple[ExplainerSpec, ...]:
    if not section.explainers:
        return audit.explainers
    return tuple(spec for spec in audit.explainers_and_controls if spec.id in section.explainers)
