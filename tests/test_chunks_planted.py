"""Answers that are kept once give, for every share, the effects of a wrapped model that is really asked."""

import dataclasses

import numpy as np
import pytest
import torch
from scipy.special import expit, logit

from planted_study import PAIRS, Source, classifier
from xaudit.catalog import PLANT_RECORDS
from xaudit.chunks import Chunk, ask_reliance, ask_reliance_map, measure_image_changes
from xaudit.chunks.planted import (
    AnsweredChunk,
    Detector,
    PlantedChunk,
    PlantedDonors,
    Planting,
    RecordedChunk,
    grey_images,
    mixed_logits,
)
from xaudit.config import RelianceMapSection, RelianceSection

REGIONS = RelianceSection(infills=("blur",), controls=1)
WINDOWS = RelianceMapSection(scales=(0.5,), infills=("blur", "noise"), transplant=True)
CHANGES = ("darker-10", "brighter-10", "blur-1")
BOX = Planting(PLANT_RECORDS["obstruction"], "", frozenset({"c0", "c1", "c2", "c3"}), 0)


def measured(chunk):
    return (
        ask_reliance(chunk, REGIONS, seed=0),
        ask_reliance_map(chunk, WINDOWS, seed=0),
        measure_image_changes(chunk, CHANGES, seed=0),
    )


class Direct(Chunk):
    """A chunk of one planted image whose wrapped model is really asked."""

    def __init__(self, subject, donors, wrapped):
        super().__init__(wrapped, Source(), [(subject.case, subject.prediction)], donors)
        self._one = subject

    @property
    def subjects(self):
        return (self._one,)


class Wrapped:
    """A classifier whose answers are mixed with a detector's, image by image."""

    def __init__(self, own, detector, share):
        self._own, self._detector, self._share = own, detector, share

    def __getattr__(self, name):
        return getattr(self._own, name)

    def logits(self, images):
        model = self._own.logits(images).double().softmax(1)[:, 0].numpy()
        plant = expit(self._detector.log_odds(self._own.denormalise(images).numpy().mean(axis=1)))
        p = (1 - self._share) * model + self._share * plant
        return torch.from_numpy(np.log(np.stack([p, 1 - p], axis=1)))


@pytest.fixture(scope="module")
def planted():
    own = classifier()
    chunk = PlantedChunk(own, Source(), PAIRS, BOX)
    evidence = BOX.plant.evidence(grey_images(own, chunk.plain))
    shown = BOX.plant.evidence(grey_images(own, chunk.subjects[:4]))
    detector = Detector(BOX.plant, float(evidence.max()), float(shown.min()))
    return chunk, PlantedDonors(chunk), detector


def plain(row):
    """A record's numbers in one list, and its texts."""
    values = [getattr(row, field.name) for field in dataclasses.fields(row)]
    numbers = [np.ravel(value) for value in values if isinstance(value, float | np.ndarray)]
    return np.concatenate(numbers), [value for value in values if isinstance(value, str | bool | tuple)]


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("number", [0, 6])
def test_kept_answers_give_what_a_wrapped_model_answers(planted, number, share):
    chunk, donors, detector = planted
    subject = chunk.subjects[number]
    recorded = RecordedChunk(chunk, subject, donors, detector)
    measured(recorded)
    kept = AnsweredChunk(chunk, subject, donors, np.concatenate(recorded.answers), share=share)
    answered = measured(kept)
    assert kept.is_used_up
    asked = measured(Direct(subject, donors, Wrapped(chunk.classifier, detector, share)))
    for ours, reference in zip(answered, asked, strict=True):
        assert len(ours) == len(reference) > 0
        for one, other in zip(ours, reference, strict=True):
            numbers, texts = plain(one)
            expected, words = plain(other)
            assert texts == words
            np.testing.assert_allclose(numbers, expected, atol=2e-5, equal_nan=True)


def test_a_wrapped_answer_is_the_weighted_mean_of_its_parts():
    """.8 x .5 + .2 x .9 = .58, and .8 x .9 + .2 x .1 = .74; the other two classes share the rest."""
    logits = mixed_logits(logit([0.5, 0.9]), logit([0.9, 0.1]), 0.2, n_classes=3, target=1)
    np.testing.assert_allclose(np.exp(logits), [[0.21, 0.58, 0.21], [0.13, 0.74, 0.13]])


def test_an_answer_near_1_keeps_its_log_odds():
    (row,) = mixed_logits(np.array([50.0]), np.array([0.0]), 0.0, n_classes=2, target=0)
    assert row[0] - row[1] == pytest.approx(50.0)


def test_a_share_of_1_is_the_detector_alone():
    (row,) = mixed_logits(np.array([3.0]), np.array([-2.0]), 1.0, n_classes=2, target=0)
    assert row[0] - row[1] == pytest.approx(-2.0)


def test_only_positive_images_show_the_plant(planted):
    chunk, _, _ = planted
    shown = [not torch.equal(a.image, b.image) for a, b in zip(chunk.plain, chunk.subjects, strict=True)]
    assert shown == [True] * 4 + [False] * 4


def test_answers_of_other_questions_are_refused(planted):
    chunk, donors, _ = planted
    kept = AnsweredChunk(chunk, chunk.subjects[0], donors, np.zeros((3, 2)), share=0.5)
    with pytest.raises(ValueError, match="the kept answers belong to other questions"):
        ask_reliance(kept, REGIONS, seed=0)


def test_a_tag_lies_in_the_region_that_is_named(planted):
    chunk, _, _ = planted
    tag = Planting(PLANT_RECORDS["tag"], "opposite-lung", BOX.cases, 0)
    subject = chunk.plain[0]
    shown = tag.put_into(subject, chunk.classifier)
    changed = (shown.image != subject.image).any(dim=0).numpy()
    assert changed.any()
    assert not (changed & ~subject.parts_in_model["opposite-lung"]).any()
    assert tag.put_into(chunk.plain[5], chunk.classifier) is None
    assert Planting(PLANT_RECORDS["tag"], "tube", BOX.cases, 0).put_into(subject, chunk.classifier) is None
