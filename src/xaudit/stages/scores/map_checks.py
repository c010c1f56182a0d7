"""Pieces of work for sanity and robustness: some cases of each model, since each costs whole maps.

Results depend on case, explainer, settings and seed, never on the chunk.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from xaudit.config import AuditFile, CheckSection, ExplainerSpec, RobustnessSection, SanitySection
from xaudit.records import ScoreResult
from xaudit.stages.scores.audited_model import AuditedModel, Pairs
from xaudit.stages.scores.further_scores import Group, Piece
from xaudit.stages.scores.robustness import score_robustness
from xaudit.stages.scores.sanity import score_collapse, score_sanity
from xaudit.stages.scores.selection import spread_over_patients
from xaudit.store.parts import shard_key


@dataclass(frozen=True)
class MapChecks:
    """The pieces of one model that sanity and robustness ask for."""

    model: AuditedModel

    def groups(self) -> list[Group]:
        """Return what can be asked once every chunk's maps are stored: one group for each few cases of a section."""
        found: list[Group] = []
        for section in (self.model.audit.sanity, self.model.audit.robustness):
            for pairs in self._chunks(section) if section is not None else ():
                assert section is not None
                of_chunk = partial(self._of_chunk, pairs, section)
                found.append(Group(len(_asked(self.model.audit, section)), of_chunk))
        return found

    def collapse(self) -> list[Group]:
        """Return what compares the maps of all chosen cases with each other, and asks the model nothing."""
        section = self._collapses
        if section is None:
            return []
        asked, chosen = _asked(self.model.audit, section), self._chosen(section)

        def pieces() -> Iterator[Piece]:
            for spec in asked:
                chunk = self.model.chunk(chosen)

                def score(spec: ExplainerSpec = spec) -> Sequence[ScoreResult]:
                    return score_collapse(
                        chosen, spec, self.model.maps_by_case(self.model.cuts, chosen, spec)
                    )

                name = f"{self.model.classifier.id}: {spec.id}, location collapse"
                yield Piece(name, chunk, self._key(chosen, "location-collapse", spec, {}), score)

        return [Group(len(asked), pieces)]

    def _of_chunk(self, pairs: Pairs, section: SanitySection | RobustnessSection) -> Iterator[Piece]:
        chunk = self.model.chunk(pairs)
        kind = "sanity" if isinstance(section, SanitySection) else "robustness"
        settings = section.model_dump(mode="json", exclude={"cases", "explainers"})
        for spec in _asked(self.model.audit, section):

            def score(spec: ExplainerSpec = spec) -> Sequence[ScoreResult]:
                maps = self.model.maps_by_case(self.model.cuts, pairs, spec)
                match section:
                    case SanitySection():
                        return score_sanity(chunk, spec, maps, section, self.model.audit.seed)
                    case RobustnessSection():
                        return score_robustness(chunk, spec, maps, section, self.model.audit.seed)

            name = f"{self.model.classifier.id}: {spec.id}, {kind}"
            yield Piece(name, chunk, self._key(pairs, kind, spec, settings), score)

    @property
    def _collapses(self) -> SanitySection | None:
        section = self.model.audit.sanity
        return section if section is not None and "location-collapse" in section.tests else None

    def _chosen(self, section: CheckSection) -> Pairs:
        """The cases that a section asks about, in the order of their ids."""
        cases = spread_over_patients([case for case, _ in self.model.pairs], self.model.audit.seed)[
            : section.cases
        ]
        ids = {case.case_id for case in cases}
        return [pair for pair in self.model.pairs if pair[0].case_id in ids]

    def _chunks(self, section: CheckSection) -> list[Pairs]:
        if isinstance(section, SanitySection) and set(section.tests) == {"location-collapse"}:
            return []
        chosen, size = self._chosen(section), self.model.audit.run.shard_size
        return [chosen[start : start + size] for start in range(0, len(chosen), size)]

    def _key(
        self,
        pairs: Pairs,
        kind: str,
        spec: ExplainerSpec,
        settings: Mapping[str, object],
    ) -> str:
        about = {"check": kind, "settings": settings, "explainer": [spec.id, spec.fingerprint]}
        return shard_key({**self.model.inputs(pairs), **about})


def _asked(audit: AuditFile, section: CheckSection) -> tuple[ExplainerSpec, ...]:
    if not section.explainers:
        return audit.explainers
    return tuple(spec for spec in audit.explainers_and_controls if spec.id in section.explainers)
