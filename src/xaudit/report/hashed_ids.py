"""Reports without the ids of cases and patients: each stands as a keyed hash of itself."""

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import fields, is_dataclass, replace
from functools import cached_property

from xaudit.records import DataCheck, MapClusters, MapTest, Outcome, Problem, Verdict

_DIGITS = 10
_SHORTEST_WORD = 4


class HashedIds:
    """Ids and the hashes that stand for them.

    Without the key nobody can try whose id gives a hash; with the same key, two reports show the same hash for one id.

    Args:
        key: secret.
        ids: of all cases and patients.

    Example:
        >>> hashed = HashedIds(b"secret", ["P0001"])
        >>> hashed.id("P0001"), hashed.text("P0001.png: damaged")
        ('id-29b3420f6f', 'id-29b3420f6f.png: damaged')
    """

    def __init__(self, key: bytes, ids: Iterable[str]) -> None:
        self._key = key
        self._ids = sorted(set(ids), key=lambda name: (-len(name), name))

    def id(self, name: str) -> str:
        """Return the hash that replaces an id."""
        return "id-" + hmac.new(self._key, name.encode(), hashlib.sha256).hexdigest()[:_DIGITS]

    def text(self, text: str) -> str:
        """A text in which every id is replaced, also where it is a part of a file's name.

        An id under four characters without both letters and digits could be a number or a word of the sentence: it
        is replaced only where a colon or a suffix follows it, as where a sentence names a case or its file.
        """
        return self._pattern.sub(lambda found: self.id(found.group()), text) if self._ids else text

    def outcome(self, outcome: Outcome) -> Outcome:
        """A finished run as every report sees it, without ids."""
        return replace(
            outcome,
            problems=tuple(map(self._problem, outcome.problems)),
            misclassified_problems=tuple(map(self._problem, outcome.misclassified_problems)),
            notes=tuple(self.text(note) for note in outcome.notes),
            verdicts=tuple(self._verdict(one) for one in outcome.verdicts),
            unscored=tuple(replace(one, reason=self.text(one.reason)) for one in outcome.unscored),
            map_tests=tuple(self._map_test(one) for one in outcome.map_tests),
            data_checks=tuple(self._check(one) for one in outcome.data_checks),
            map_clusters=tuple(self._map_clusters(one) for one in outcome.map_clusters),
            mean_reliance=tuple(replace(one, typical=self.id(one.typical)) for one in outcome.mean_reliance),
        )

    def _problem(self, one: Problem) -> Problem:
        return replace(one, case_id=self.id(one.case_id), reason=self.text(one.reason))

    def _check(self, check: DataCheck) -> DataCheck:
        return replace(
            check,
            verdicts=tuple(self._verdict(one) for one in check.verdicts),
            skipped=tuple(map(self.text, check.skipped)),
            tables={name: tuple(map(self._row, rows)) for name, rows in check.tables.items()},
        )

    def _map_clusters(self, one: MapClusters) -> MapClusters:
        groups = (
            replace(
                group,
                examples=tuple(map(self.id, group.examples)),
                cases=tuple(map(self.id, group.cases)),
            )
            for group in one.groups
        )
        return replace(one, groups=tuple(groups))

    def _row(self, row: object) -> object:
        """Return a flat record in which every text that is or names an id is replaced."""
        assert is_dataclass(row)
        assert not isinstance(row, type)
        texts = {one.name: value for one in fields(row) if isinstance(value := getattr(row, one.name), str)}
        changed = {
            name: self.id(text) if text in self._known else self.text(text) for name, text in texts.items()
        }
        return replace(row, **changed)

    def _map_test(self, test: MapTest) -> MapTest:
        areas = [replace(one, examples=tuple(map(self.id, one.examples))) for one in test.areas]
        return replace(test, areas=tuple(areas))

    def _verdict(self, verdict: Verdict) -> Verdict:
        stability = verdict.stability
        if stability is not None:
            stability = replace(stability, deciding=tuple(map(self.id, stability.deciding)))
        return replace(verdict, sentence=self.text(verdict.sentence), stability=stability)

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self._ids)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        alternatives = [
            re.escape(name) + ("" if _is_told_apart(name) else r"(?=:|\.[A-Za-z])")
            for name in self._ids
            if name
        ]
        return re.compile(r"(?<![^\W_])(?:" + "|".join(alternatives) + r")(?![^\W_])")


def _is_told_apart(name: str) -> bool:
    letters, digits = any(sign.isalpha() for sign in name), any(sign.isdigit() for sign in name)
    return len(name) >= _SHORTEST_WORD or (letters and digits)
