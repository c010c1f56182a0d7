"""Which images of other patients give their pixels to a case."""

import numpy as np
import pytest
import torch

from xaudit.chunks import Chunk, DonorPool, ask_reliance, need_donor
from xaudit.chunks.reliance_map import ask_reliance_map
from xaudit.config import RelianceMapSection, RelianceSection
from xaudit.errors import DataError
from xaudit.models.classifier import Classifier
from xaudit.models.features import feature_reader
from xaudit.records import Case, Prediction, Surroundings
from xaudit.stages.scores.selection import check_donors, select_donors

SIDE = 64
CLASSES = ("normal", "cancer")


class MeanReader(torch.nn.Module):
    """Its logit of cancer is the brightness of the image."""

    def forward(self, images):
        return torch.stack([torch.zeros(len(images)), images.mean((1, 2, 3))], dim=1)


class Source:
    """Level images of a brightness each; the mark is the upper left quarter of those of class cancer."""

    def __init__(self, levels):
        self._levels = levels

    def pixels(self, case):
        return np.full((SIDE, SIDE), self._levels[case.case_id], dtype=np.float32)

    def surroundings(self, case):
        return Surroundings()

    def regions(self, case):
        mark = np.zeros((SIDE, SIDE), dtype=bool)
        mark[: SIDE // 2, : SIDE // 2] = case.label == "cancer"
        return {"union": mark}


def pair(case_id, patient, label, target="cancer"):
    case = Case(case_id, patient, "data", f"{case_id}.png", "0" * 64, label, "test", SIDE, SIDE)
    prediction = Prediction(
        case_id, patient, "mean", "test", label, label, target, (0.0, 0.0), (0.5, 0.5), CLASSES
    )
    return case, prediction


PAIRS = [
    pair("a", "1", "cancer"),
    pair("b", "1", "normal"),
    pair("c", "2", "normal"),
    pair("d", "3", "normal"),
    pair("e", "4", "cancer"),
]
LEVELS = {"a": 0.5, "b": 0.5, "c": 0.875, "d": 0.25, "e": 0.5}


@pytest.fixture
def classifier():
    torch.set_num_threads(1)
    return Classifier(
        id="mean",
        module=MeanReader(),
        class_names=CLASSES,
        model_hw=(SIDE, SIDE),
        mean=(0, 0, 0),
        std=(1, 1, 1),
    )


def chunk_of(classifier, pairs=PAIRS, pool=PAIRS):
    return Chunk(classifier, Source(LEVELS), pairs, DonorPool(classifier, Source(LEVELS), pool))


def test_a_donor_is_the_nearest_image_without_the_target_of_another_patient(classifier):
    chunk = chunk_of(classifier)
    donors = {one.case.case_id: chunk.donors.without_target(one).case_id for one in chunk.subjects}
    # b has the level of a, and is of its own patient; e may take it. c's nearest is b (.375 away, d .625).
    assert donors == {"a": "d", "b": "d", "c": "b", "d": "b", "e": "b"}


def test_a_case_without_a_donor_is_named(classifier):
    chunk = chunk_of(classifier, pool=PAIRS[:2])
    with pytest.raises(DataError) as raised:
        ask_reliance(chunk, RelianceSection(infills=("donor",)), seed=0)
    assert str(raised.value) == (
        "case a: the in-fill 'donor' needs a test image of another class than 'cancer' from another patient, and there "
        "is none"
    )
    assert raised.value.hint.startswith("take 'donor' out of reliance.infills")


def test_hiding_the_mark_by_a_donor_shows_the_donors_brightness(classifier):
    chunk = chunk_of(classifier, PAIRS[:1])
    found = {
        r.region: r for r in ask_reliance(chunk, RelianceSection(infills=("donor",), controls=1), seed=0)
    }
    mark = found["mark"]
    # A quarter of the frame falls from .5 to d's .25, but for the seam of one pixel along two of its sides: there, 63 of
    # the 1024 pixels go half the way. With equal channels the logit falls by the mean.
    assert mark.logit_drop == pytest.approx((1024 - 63 / 2) * 0.25 / SIDE**2, rel=1e-4)


def test_windows_are_hidden_by_a_donor_too(classifier):
    settings = RelianceMapSection(infills=("donor",), scales=(0.5,), stride=1, transplant=False)
    (effects,) = ask_reliance_map(chunk_of(classifier, PAIRS[:1]), settings, seed=0)
    assert (effects.question, effects.infill) == ("hide", "donor")
    np.testing.assert_allclose(
        effects.log_odds_drop, np.full((2, 2), (1024 - 63 / 2) * 0.25 / SIDE**2), rtol=1e-3
    )


def test_transplants_are_asked_on_other_classes_with_the_donors_mark(classifier):
    settings = RelianceMapSection(infills=("mean",), scales=(0.25, 0.5), stride=1)
    chunk = chunk_of(classifier)
    rows = ask_reliance_map(chunk, settings, seed=0)
    transplants = [row for row in rows if row.question == "transplant"]
    assert [(row.case_id, row.label, row.scale, row.infill) for row in transplants] == [
        (name, "normal", 0.25, "donor") for name in "bcd"
    ]
    for row in transplants:
        assert row.mark_share.tolist() == [[1, 1, 0, 0], [1, 1, 0, 0], [0] * 4, [0] * 4]
    # b's only donor is e, at .5, and its control c, at .875, or d, at .25; the same share of pixels is copied of each.
    (own,) = [row for row in transplants if row.case_id == "b"]
    (subject,) = [one for one in chunk.subjects if one.case.case_id == "b"]
    ((donor, control),) = chunk.donors.pairs(subject, 1, seed=0)
    difference = LEVELS[control.case_id] - LEVELS[donor.case_id]
    assert difference in (0.375, -0.25)
    assert own.log_odds_drop[0, 0] == pytest.approx((256 - 31 / 2) / SIDE**2 * difference, rel=1e-3)


class LinearReader(torch.nn.Module):
    """Its only feature is the brightness of the image."""

    def __init__(self):
        super().__init__()
        self.head = torch.nn.Linear(1, 2)
        with torch.no_grad():
            self.head.weight.copy_(torch.tensor([[0.0], [1.0]]))
            self.head.bias.zero_()

    def forward(self, images):
        return self.head(images.mean((1, 2, 3))[:, None])


def test_an_infilled_image_is_as_odd_as_its_features_are_far_from_those_of_other_patients():
    torch.set_num_threads(1)
    net = Classifier(
        id="mean", module=LinearReader(), class_names=CLASSES, model_hw=(SIDE, SIDE), mean=(0, 0, 0), std=(1, 1, 1)
    )  # fmt: skip
    # Twenty patients at .50, .51 ... .69; only half of them have a mark, and the last is dark but for its mark.
    pairs = [pair(f"c{i:02}", f"p{i}", "cancer" if i % 2 else "normal") for i in range(20)]
    source = Source({case.case_id: 0.5 + i / 100 for i, (case, _) in enumerate(pairs)})
    dark = pair("dark", "p-dark", "cancer")
    pixels = np.zeros((SIDE, SIDE), dtype=np.float32)
    pixels[: SIDE // 2, : SIDE // 2] = 1.0
    given = source.pixels
    source.pixels = lambda case: pixels if case.case_id == "dark" else given(case)
    chunk = Chunk(net, source, [pairs[9], dark], DonorPool(net, source, pairs))
    rows = ask_reliance(chunk, RelianceSection(infills=("mean",), controls=1), seed=0)
    found = {(row.case_id, row.region): row.percentile for row in rows}
    # A level image stays as it is, in the middle of the row, where neighbours are as near as they get but for rounding;
    # the four at the row's ends are farther.
    assert found["c09", "mark"] <= 80
    # The dark image without its mark is black, at 0; the real ones lie at .5 and above.
    assert found["dark", "mark"] == 100
    # With the mark alone it is all white, at 1, as far from .69 as no real image is from its neighbours.
    assert found["dark", "all-but-mark"] == 100


@pytest.fixture
def bright_rows():
    """Twenty patients at .5, .501, .504 ... .861, all cancers but the first, a normal one; the model reads the mean."""
    net = Classifier(
        id="mean", module=LinearReader(), class_names=CLASSES, model_hw=(SIDE, SIDE), mean=(0, 0, 0), std=(1, 1, 1)
    )  # fmt: skip
    pairs = [pair(f"c{i:02}", f"p{i}", "cancer" if i else "normal") for i in range(20)]
    source = Source({case.case_id: 0.5 + i**2 / 1000 for i, (case, _) in enumerate(pairs)})
    return net, source, pairs


@pytest.mark.parametrize("batch_size", [3, 64])
def test_each_hidden_window_has_its_images_oddness(bright_rows, batch_size):
    net, source, pairs = bright_rows
    net.batch_size = batch_size
    given = source.pixels
    quarter = np.zeros((SIDE, SIDE), dtype=np.float32)
    quarter[: SIDE // 2, : SIDE // 2] = 2.2
    source.pixels = lambda case: quarter if case.case_id == "quarter" else given(case)
    chunk = Chunk(net, source, [pair("quarter", "p-new", "cancer")], DonorPool(net, source, pairs))
    settings = RelianceMapSection(infills=("mean", "blur"), scales=(0.25, 0.5), stride=1, transplant=False)
    real = chunk.donors.real_features(feature_reader(net))
    seen = set()
    for row in ask_reliance_map(chunk, settings, seed=0):
        # The log odds are the feature.
        features = (row.log_odds - row.log_odds_drop).ravel()
        expected = [real.percentile(np.array([feature]), "p-new") for feature in features]
        assert row.oddness.ravel().tolist() == expected
        seen |= set(expected)
    assert len(seen) > 1


def test_a_copied_windows_oddness_is_that_of_the_image_with_the_targets_window(bright_rows):
    net, source, pairs = bright_rows
    pairs.append(pair("other", "p-other", "normal"))
    given = source.pixels
    bright = np.full((SIDE, SIDE), 50.0, dtype=np.float32)
    source.pixels = lambda case: bright if case.case_id == "other" else given(case)
    chunk = Chunk(net, source, pairs[:1], DonorPool(net, source, pairs))
    settings = RelianceMapSection(infills=("mean",), scales=(0.25,), stride=1)
    (row,) = [one for one in ask_reliance_map(chunk, settings, seed=0) if one.question == "transplant"]
    # The only control is far brighter than all real images; a window of the donor makes an ordinary one.
    assert row.oddness.max() < 100


def test_oddness_is_not_measured_without_features(classifier):
    settings = RelianceMapSection(infills=("mean",), scales=(0.5,), stride=1)
    assert all(row.oddness is None for row in ask_reliance_map(chunk_of(classifier), settings, seed=0))
    rows = ask_reliance(chunk_of(classifier), RelianceSection(infills=("mean",), controls=1), seed=0)
    assert all(row.percentile is None for row in rows)


def test_a_pair_of_donors_is_of_two_other_patients_and_the_patients_take_turns(classifier):
    many = [pair(f"c{i}", f"p{i}", "cancer" if i % 2 else "normal") for i in range(12)]
    source = Source({case.case_id: 0.5 for case, _ in many})
    chunk = Chunk(classifier, source, many, DonorPool(classifier, source, many))
    pairs = {one.case.case_id: chunk.donors.pairs(one, 2, seed=0) for one in chunk.subjects}
    for one in chunk.subjects:
        (donor, control), (other, another) = pairs[one.case.case_id]
        assert donor.label == other.label == "cancer"
        assert control.label == another.label == "normal"
        assert len({x.cluster for x in (donor, control, other, another)} | {one.case.cluster}) == 5
    assert len({two[0][0].case_id for two in pairs.values()}) >= 4
    assert pairs == {one.case.case_id: chunk.donors.pairs(one, 2, seed=0) for one in chunk.subjects}


def test_donors_are_spread_over_classes_and_patients():
    pairs = [pair(f"{label}-{i:03}", f"p{i // 2}", label) for label in CLASSES for i in range(80)]
    chosen = select_donors([case for case, _ in pairs], {c.case_id: p for c, p in pairs}, seed=0)
    for label in CLASSES:
        own = [case for case in chosen if case.label == label]
        assert len(own) == 24
        assert len({case.patient_id for case in own}) == 24


def test_that_every_case_has_a_donor_is_checked_beforehand():
    cases = [case for case, _ in PAIRS]
    check_donors(cases, ["cancer"])
    with pytest.raises(DataError, match=r"^case c: the in-fill 'donor' needs .* another class than 'cancer'"):
        check_donors([case for case in cases if case.case_id in "ace"], ["cancer"])
    # Where each case's own class is explained, a's donors are of class normal and c's of class cancer.
    check_donors([case for case in cases if case.case_id in "ace"], None)


def test_the_kinds_that_need_a_donor():
    assert need_donor(("blur", "donor"))
    assert not need_donor(("blur", "noise", "mean", "mirror"))
