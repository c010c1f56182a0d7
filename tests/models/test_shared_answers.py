"""Findings of one network that share its answers: each image is evaluated once, and every answer is the same bits."""

import pytest
import torch
from model_files import tiny
from safetensors.torch import save_file

from xaudit.config import FindingSection, ModelSection
from xaudit.models import load_classifier
from xaudit.models.features import answers_with_features
from xaudit.models.network import shared_answers
from xaudit.models.network.shared_answers import SharedAnswers
from xaudit.stages.work.sharing import share_answers

FINDINGS = tuple(
    FindingSection(name=name, target=place) for place, name in enumerate(("mass", "nodule", "fluid"))
)


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "net.safetensors"
    save_file({name: value.contiguous() for name, value in tiny(n_classes=3).state_dict().items()}, path)
    return path


def entry(weights, *findings, **settings):
    sections, classifiers = [], {}
    for one in findings:
        section = ModelSection(
            id=f"net ({one.name})", finding=one.name, source="python", factory="tiny_networks:tiny", weights=weights,
            **{"input_size": 32, "outputs": "multilabel", "n_outputs": 3, "findings": findings, **settings},
        )  # fmt: skip
        classifiers[section.id] = load_classifier(
            section,
            class_names=("no", one.name),
            weights=weights,
            device="cpu",
            batch_size=4,
            positive=one.name,
        )
        sections.append(section)
    share_answers(sections, classifiers)
    return list(classifiers.values())


def images(n=6, seed=0):
    return torch.randn((n, 3, 32, 32), generator=torch.Generator().manual_seed(seed))


def spent(classifiers):
    return sum(one.meter.n_evaluated for one in classifiers)


def test_three_findings_cost_the_evaluations_of_one(weights):
    together = entry(weights, *FINDINGS)
    # Six images are two blocks of four, of which two are fillers.
    for one in together:
        one.logits(images())
    assert spent(together) == 8
    assert [one.meter.n_evals for one in together] == [6, 6, 6]
    # An image that is asked again among others, and twice in one question, is known as well.
    mixed = torch.cat([images()[3:], images(1, seed=5), images()[:1], images(1, seed=5)])
    assert torch.equal(together[2].logits(mixed)[:3], together[2].logits(images())[3:])
    assert spent(together) == 12


def test_the_answers_are_the_bits_of_each_finding_alone_whoever_asks_first(weights):
    together = entry(weights, *FINDINGS)[::-1]
    for asked in (images(), images(11, seed=3)[2:], images()[[4, 1]]):
        for one in together:
            [alone] = entry(weights, next(f for f in FINDINGS if f.name == one.class_names[1]))
            assert torch.equal(one.logits(asked), alone.logits(asked))


def test_they_are_those_of_the_network_for_its_finding(weights):
    for place, one in enumerate(entry(weights, *FINDINGS)):
        found = one.logits(images())
        torch.testing.assert_close(found, one.module(images()).detach(), rtol=0, atol=1e-5)
        with torch.no_grad():
            torch.testing.assert_close(found[:, 1], tiny(n_classes=3)(images())[:, place], rtol=0, atol=1e-5)


def test_one_copy_of_the_weights_is_in_memory(weights):
    first, *others = entry(weights, *FINDINGS)
    for other in others:
        for mine, theirs in zip(first.module.parameters(), other.module.parameters(), strict=True):
            assert mine is theirs


def test_features_are_shared_beside_the_logits(weights):
    first, second, _ = entry(weights, *FINDINGS)
    one, other = (answers_with_features(each)(images()) for each in (first, second))
    assert spent([first, second]) == 8
    assert torch.equal(one[:, 2:], other[:, 2:])
    assert one.shape == (6, 2 + 6)
    assert torch.equal(one[:, :2], first.logits(images()))
    with torch.no_grad():
        net = tiny(n_classes=3).eval()
        features = torch.relu(net.last(net.features(images()))).mean(dim=(2, 3))
    torch.testing.assert_close(one[:, 2:], features, rtol=0, atol=1e-5)


def test_a_network_that_is_watched_or_changed_answers_by_itself(weights):
    first, second, _ = entry(weights, *FINDINGS)
    before = first.logits(images())
    seen = []
    handle = second.module.head.register_forward_hook(lambda *_: seen.append(1))
    second.logits(images())
    assert seen
    handle.remove()
    with torch.no_grad():
        second.module.head.bias.add_(1)  # the weights are shared, so both see it
    torch.testing.assert_close(first.logits(images()), before + torch.tensor([0.0, 1.0]), rtol=0, atol=1e-5)


def test_pixels_that_stand_for_being_gone_are_asked_by_each(weights):
    first, second, _ = entry(weights, *FINDINGS)
    gone = images()
    gone[0, :, :4, :4] = torch.nan
    first.logits(gone)
    second.logits(gone)
    assert first.meter.n_saved == second.meter.n_saved == 0


class DependsOnPlace(torch.nn.Module):
    def forward(self, block):
        place = torch.arange(len(block), dtype=torch.float32)[:, None]
        return torch.cat([block.mean(dim=(1, 2, 3))[:, None], 1e-7 * place], dim=1)


def test_a_network_whose_bits_depend_on_the_place_in_a_batch_shares_nothing():
    answers = SharedAnswers(2, block=4)
    assert not answers.is_exact("outputs", DependsOnPlace(), (3, 8, 8))
    assert answers.is_exact("features", lambda block: block.mean(dim=(2, 3)), (3, 8, 8))


def test_memory_is_bounded_and_what_is_beyond_is_asked_again(weights, monkeypatch):
    monkeypatch.setattr(shared_answers, "MOST_BYTES", 4 * (300 + 3 * 4))
    together = entry(weights, *FINDINGS)
    alone = [entry(weights, one)[0] for one in FINDINGS]
    for one, other in zip(together, alone, strict=True):
        assert torch.equal(one.logits(images()), other.logits(images()))
    assert spent(together) == 8 + 4 + 4
