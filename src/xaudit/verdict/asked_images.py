"""Tests of the reliance map on the images of one true class, and the areas that they show."""

from collections.abc import Iterable
from dataclasses import dataclass

from xaudit.records import Area, Interval, MapTest
from xaudit.statistics.digits import counted

WITHOUT_EVIDENCE = ("border", "empty")
"""Places that hold no evidence, and on which an in-fill cannot look like it."""

_NARROWEST_FIRST = ("elsewhere", "outside-mark", "all")


@dataclass(frozen=True, slots=True)
class ShownArea:
    """An area, and the test that shows it."""

    test: MapTest
    area: Area

    @property
    def is_sure(self) -> bool:
        """True if it holds under every in-fill by itself."""
        return set(self.area.infills) >= set(self.test.infills)

    @property
    def may_be_the_infill(self) -> bool:
        """True if hiding or copying it raises the answer where the in-fill or the copied tissue may look like evidence."""
        return self.test.direction == "against" and self.area.place not in WITHOUT_EVIDENCE


@dataclass(frozen=True, slots=True)
class AskedImages:
    """The tests of one model on the images of one true class."""

    model_id: str
    images: str
    target: str
    tests: tuple[MapTest, ...]

    def of(self, answer: str, scope: str) -> list[MapTest]:
        """Return the tests of one answer and scope in the frame of the image, for and against, windows hidden and copied."""
        return [
            test for test in self.tests if (test.answer, test.scope, test.frame) == (answer, scope, "image")
        ]

    def judged(self, answer: str) -> list[MapTest]:
        """Return the tests of one answer over the windows that hold no evidence, as far as that is known.

        Hidden and copied windows differ in it: what is copied into an image without a mark may come from a mark.
        """
        narrowest: dict[str, str] = {}
        for scope in _NARROWEST_FIRST:
            for test in self.of(answer, scope):
                narrowest.setdefault(test.question, scope)
        return [
            test
            for question, scope in narrowest.items()
            for test in self.of(answer, scope)
            if test.question == question
        ]

    @property
    def scope(self) -> str:
        """Narrowest scope of any of the tests."""
        scopes = {test.scope for test in self.tests}
        return next(scope for scope in _NARROWEST_FIRST if scope in scopes)

    @property
    def is_marked(self) -> bool:
        """True if images have marks."""
        return self.scope != "all"

    @property
    def knows_lungs(self) -> bool:
        """True if the lungs of images are known."""
        return any(kind == "outside-lungs" for test in self.tests for kind, _ in test.bounds)

    @property
    def answer(self) -> str:
        """The answer that decides: the probability, unless only the log odds show anything."""
        moves = [test.areas or is_clear(test) for test in self.of("probability", "all")]
        moves += [test.areas for test in self.tests if (test.answer, test.frame) == ("probability", "mark")]
        still = [test.areas or is_clear(test) for test in self.of("log-odds", "all")]
        return "log-odds" if any(still) and not any(moves) else "probability"

    @property
    def clear(self) -> list[MapTest]:
        """Tests of which hiding all windows one by one clearly moves the answer, the largest effect first.

        Of images with marks, windows on the mark or in its lung are left out: that these move the answer is no spread.
        """
        clear = [test for test in self.judged(self.answer) if is_clear(test)]
        return sorted(clear, key=lambda test: 0.0 if test.net is None else -test.net.estimate)

    @property
    def shows_a_place(self) -> bool:
        """True if any window stands out of the image, or around the marks."""
        return any(test.areas for test in self.tests if test.answer == self.answer and test.scope == "all")

    @property
    def is_asked_of_target(self) -> bool:
        """True if these are images of the class whose answer is measured: only there can a mark be evidence for it."""
        return self.images == self.target

    @property
    def mark_matters(self) -> bool:
        """True if hiding windows lowers the answer at a place on the mark or around it, or clearly in sum."""
        falls = [test for test in self.tests if (test.question, test.direction) == ("hide", "for")]
        return any(
            (test.areas and test.frame != "lungs") or (test.scope == "all" and is_clear(test))
            for test in falls
        )

    @property
    def shown(self) -> list[ShownArea]:
        """Areas of windows that hold no evidence, the largest effect first."""
        return shown_in(self.judged(self.answer))

    @property
    def in_lungs(self) -> list[ShownArea]:
        """Areas at places relative to the lungs whose hiding lowers the answer, the largest effect first."""
        return shown_in(
            test
            for test in self.tests
            if (test.answer, test.frame, test.direction) == (self.answer, "lungs", "for")
        )

    def largest(
        self, kind: str | None = None, *, answer: str | None = None, rises: bool = True
    ) -> Interval | None:
        """Return the effect of the strongest window: the one with the highest upper end.

        Args:
            kind: of a kind of place; by default of all.
            answer: by default the one that decides.
            rises: False for hidden windows that lower the answer alone. Copied tissue is odd by itself, so the strongest of all
                copied windows bounds nothing.
        """
        tests = [
            test
            for test in self.of(answer or self.answer, "all")
            if rises or (test.question, test.direction) == ("hide", "for")
        ]
        # Images without a mark have no bound of their own for windows outside it: all of theirs are.
        found = [
            test.largest if kind is None else dict(test.bounds).get(kind, test.largest) for test in tests
        ]
        known = [one for one in found if one is not None]
        return max(known, key=lambda one: one.high or 0.0) if known else None

    def basis(self) -> str:
        """Count the patients that were asked, as every sentence ends."""
        test = self.of("probability", "all")[0]
        return f"({counted(test.n_patients, test.cluster)})"


def shown_in(tests: Iterable[MapTest]) -> list[ShownArea]:
    """Return the areas of some tests, the largest effect first."""
    shown = [ShownArea(test, area) for test in tests for area in test.areas]
    return sorted(shown, key=lambda one: -one.area.effect.estimate)


def is_clear(test: MapTest) -> bool:
    """Return True if hiding all windows one by one clearly moves the answer in the test's direction, added up."""
    return test.net is not None and test.net.low is not None and test.net.low > test.margin


def asked_images(tests: Iterable[MapTest]) -> list[AskedImages]:
    """Group the tests by model, true class and target, in their order."""
    groups: dict[tuple[str, str, str], list[MapTest]] = {}
    for test in tests:
        groups.setdefault((test.model_id, test.images, test.target), []).append(test)
    return [AskedImages(*key, tuple(own)) for key, own in groups.items()]
