"""Plug-ins found, checked, refused, and asked as xaudit's own are."""

import json
import re
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
import yaml

from plugin_site import PACKAGE, installed, write_example, write_package
from xaudit.cases.marks.annotation_files import read_annotations
from xaudit.cases.names.image_index import ImageIndex
from xaudit.catalog import METRICS, explainer_row, metric_row
from xaudit.catalog.plugin_rows import remember, told_row
from xaudit.catalog.plugins import all_brought, bring, offers
from xaudit.cli.boundary import run_command_line
from xaudit.config import (
    AnnotationSection,
    AuditFile,
    ExplainerSpec,
    MetricSpec,
    audit_schema,
    build_audit_file,
)
from xaudit.errors import AuditFileError, DataError, PluginError
from xaudit.explainers import AskingExplainer, make_explainer
from xaudit.explainers.native_grids import native_grids
from xaudit.metrics import Absent, score_complexity, score_faithfulness, score_localization
from xaudit.models.sources.build import architecture_of, build_module
from xaudit.plugins.study import tried_classifier, tried_images, tried_map, tried_mark
from xaudit.records import Annotation, Box

DATA = {"images": "images", "annotations": {"path": "marks.json"}}
MODEL = {"id": "m", "source": "torchvision", "architecture": "resnet18"}


@pytest.fixture
def example(tmp_path):
    with installed(write_example(tmp_path / "site")):
        yield


@pytest.fixture
def brings(tmp_path):
    """Installs a package `other` 2.0 with one entry point whose module has the given code."""
    opened = []

    def install(kind, code, *, name="other-one", package="other", value=None):
        module = f"{package}_module"
        group = f"xaudit.{kind}s"
        site = write_package(
            tmp_path / package, package, "2.0", {group: {name: value or f"{module}:THING"}}, **{module: code}
        )
        opened.append(installed(site))
        opened[-1].__enter__()

    yield install
    for one in reversed(opened):
        one.__exit__(None, None, None)


def build(tmp_path, **changes):
    return build_audit_file({"data": DATA, "models": [MODEL], **changes}, shown="audit.yaml", root=tmp_path)


def refused(tmp_path, **changes):
    with pytest.raises((AuditFileError, PluginError)) as caught:
        build(tmp_path, **changes)
    return str(caught.value), caught.value.hint


EXPLAINER = """
from xaudit.plugins import ExplainerPlugin, ExplainerRow, Option
class Made:
    def __init__(self, classifier):
        self.classifier = classifier
    def explain(self, images, targets, seeds):
        {explain}
ROW = ExplainerRow("other-one", "in words", "occlusion", True, False, {control}, "none", "nobody", made_of="{made_of}")
THING = ExplainerPlugin(ROW, lambda options, classifier: Made(classifier))
"""
METRIC = """
from xaudit.plugins import Absent, MetricPlugin, MetricRow
ROW = MetricRow("{name}", "in words", "{family}", True, "0 to 1", "none", False, False, "nobody")
THING = MetricPlugin(ROW, {measure})
"""


def explainer_code(explain="return images.sum(1)", *, control=False, made_of="image"):
    return EXPLAINER.format(explain=explain, control=control, made_of=made_of)


def metric_code(measure="lambda marked, options: 0.5", *, family="localization", name="other-one"):
    return METRIC.format(measure=measure, family=family, name=name)


# What is found, and when


def test_an_audit_names_what_a_package_brings_with_settings_that_are_checked(example, tmp_path):
    audit = build(
        tmp_path,
        explainers=[{"name": "patch-drop", "patch_px": 4}],
        metrics=["iou", {"name": "top-share", "id": "tenth", "share": 0.1}],
        gates=["tenth@patch-drop >= 0.3", "iou = 0.1"],
    )
    assert audit.explainers[0].options == {"patch_px": 4}
    assert audit.metric_names["tenth"] == "top-share"
    assert audit.gates[0].metric == "tenth"
    assert [(one.offer.kind, one.offer.name, one.offer.origin) for one in audit.plugins] == [
        ("explainer", "patch-drop", "xaudit-example 1.0"),
        ("metric", "top-share", "xaudit-example 1.0"),
    ]


def test_wrong_settings_and_names_are_refused_with_the_nearest(example, tmp_path):
    assert refused(tmp_path, explainers=[{"name": "patch-drop", "patch": 4}]) == (
        "audit.yaml: explainers[0]: no option is called 'patch'",
        "did you mean 'patch_px'? it takes: patch_px",
    )
    assert refused(tmp_path, metrics=[{"name": "top-share", "share": 2}])[0] == (
        "audit.yaml: metrics[0]: share: expected a number at least 0.001 and at most 1, got 2"
    )
    assert refused(tmp_path, explainers=["patch-dropp"]) == (
        "audit.yaml: explainers[0]: no explainer is called 'patch-dropp'",
        "did you mean 'patch-drop'? `xaudit list explainers` shows all",
    )
    message, hint = refused(tmp_path, data={**DATA, "annotations": {"path": "marks.csv", "format": "disc"}})
    assert message.startswith("audit.yaml: data.annotations.format: input should be 'auto', 'coco'")
    assert hint == "did you mean 'discs'? `xaudit list formats` shows all"
    model = {"id": "m", "source": "colour-net", "options": {"widht": 4}}
    assert refused(tmp_path, models=[model]) == (
        "audit.yaml: models[0]: no option is called 'widht'",
        "did you mean 'width'? it takes: width",
    )
    assert refused(tmp_path, models=[{**MODEL, "options": {"width": 4}}])[1] == "it takes: none"


def test_names_are_found_without_importing_and_only_what_is_asked_for_is_imported(
    example, brings, tmp_path, monkeypatch
):
    monkeypatch.delitem(sys.modules, "xaudit_example", raising=False)  # another file's tests may have had it
    brings("metric", metric_code())
    assert list(offers("metric")) == ["other-one", "peak-drop", "top-share"]
    assert "xaudit_example" not in sys.modules
    assert "other_module" not in sys.modules
    build(tmp_path, metrics=["iou"], explainers=["gradcam"])
    assert "xaudit_example" not in sys.modules
    build(tmp_path, metrics=["other-one"])
    assert "other_module" in sys.modules
    assert "xaudit_example" not in sys.modules
    assert [row.id for row in METRICS][len(METRICS.own) :] == ["other-one"]


def test_package_and_version_are_part_of_the_hash_and_of_nothing_that_is_xaudits_own(tmp_path):
    def hashes():
        return ExplainerSpec(name="patch-drop").fingerprint, MetricSpec(name="top-share").fingerprint

    def network():
        return build(tmp_path, models=[{"id": "m", "source": "colour-net"}]).models[0]

    own = ExplainerSpec(name="lime").fingerprint
    with installed(write_example(tmp_path / "one")):
        first = hashes()
        assert hashes() == first
        assert ExplainerSpec(name="lime").fingerprint == own
        assert architecture_of(network()) == 'xaudit-example 1.0: colour-net {"width": 8}'
    with installed(write_example(tmp_path / "two", version="1.1")):
        assert not set(hashes()) & set(first)
        assert architecture_of(network()) == 'xaudit-example 1.1: colour-net {"width": 8}'


def test_the_schema_has_the_names_and_settings_of_what_is_installed(example):
    schema = audit_schema()["$defs"]
    names, *objects = schema["ExplainerSpec"]["anyOf"]
    assert {"gradcam", "patch-drop"} <= set(names["enum"])
    *objects, _files = objects
    [own] = [one for one in objects if one["properties"]["name"]["const"] == "patch-drop"]
    assert own["properties"]["patch_px"] == {
        "description": "side of a patch in pixels of the model's frame",
        "default": 8,
        "type": "integer",
        "minimum": 1,
    }
    assert own["additionalProperties"] is False
    assert "top-share" in schema["MetricSpec"]["anyOf"][0]["enum"]
    assert schema["ModelSection"]["properties"]["source"]["enum"][-1] == "colour-net"
    assert schema["AnnotationSection"]["properties"]["format"]["enum"][-1] == "discs"


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("explainers", "patch-drop"),
        ("metrics", "top-share"),
        ("metrics", "peak-drop"),
        ("models", "colour-net"),
        ("formats", "discs"),
    ],
)
def test_list_shows_what_packages_bring_and_which(example, capsys, kind, name):
    assert run_command_line(["list", kind, "--format", "json"]) == 0
    packages = {one["id"]: one["package"] for one in json.loads(capsys.readouterr().out)}
    assert packages.pop(name) == "xaudit-example 1.0"
    assert {"xaudit"} <= set(packages.values())
    assert run_command_line(["list", kind, "--format", "csv"]) == 0
    assert "; from xaudit-example 1.0" in capsys.readouterr().out


def doctor_told(capsys):
    """Exit code, and state and text of each line on plug-ins."""
    code = run_command_line(["doctor", "--format", "json"])
    lines = json.loads(capsys.readouterr().out)
    return code, {one["name"]: (one["state"], one["found"]) for one in lines if "plug-in" in one["name"]}


def test_the_doctor_names_what_each_package_brings(example, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert doctor_told(capsys) == (
        0,
        {
            "plug-ins": (
                "ok",
                "xaudit-example 1.0: patch-drop (explainer), peak-drop (metric), top-share (metric), "
                "colour-net (model), discs (format)",
            )
        },
    )


def test_the_doctor_says_what_cannot_be_used_and_why(brings, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert doctor_told(capsys) == (0, {"plug-ins": ("absent", "no installed package brings any")})
    brings("explainer", "import nowhere")
    brings("metric", metric_code(name="iou"), name="iou", package="another")
    assert doctor_told(capsys) == (
        2,
        {
            "plug-in 'other-one'": (
                "broken",
                "other 2.0: entry point 'other-one' of xaudit.explainers: other_module:THING cannot be imported: "
                "ModuleNotFoundError: No module named 'nowhere'; install other again, or uninstall it",
            ),
            "plug-in 'iou'": (
                "broken",
                "another 2.0: entry point 'iou' of xaudit.metrics: xaudit has its own 'iou'; it must have another "
                "name; tell the authors of another",
            ),
        },
    )


def test_a_package_without_a_name_or_a_version_is_told_all_the_same(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    info = tmp_path / "odd-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\n")
    (info / "entry_points.txt").write_text("[xaudit.metrics]\nodd = not a module\n")
    with installed(tmp_path):
        code, told = doctor_told(capsys)
    assert code == 2
    assert told["plug-in 'odd'"][1].startswith(
        "an unnamed package ?: entry point 'odd' of xaudit.metrics: not a module cannot be imported: "
    )


# What is refused


def test_a_name_of_xaudits_own_stays_xaudits_and_list_says_who_else_wants_it(brings, tmp_path, capsys):
    brings("metric", metric_code(name="iou"), name="iou")
    build(tmp_path, metrics=["iou"])
    assert "other_module" not in sys.modules
    [(offer, error)] = list(all_brought("metric"))
    assert (offer.name, str(error)) == (
        "iou",
        "other 2.0: entry point 'iou' of xaudit.metrics: xaudit has its own 'iou'; it must have another name",
    )
    assert run_command_line(["list", "metrics"]) == 0
    assert "not usable iou cannot be used: other 2.0: entry point 'iou'" in " ".join(
        capsys.readouterr().out.split()
    )


def test_a_name_that_two_packages_offer_is_refused_where_it_is_used(brings, tmp_path):
    for package in ("other", "another"):
        brings("metric", metric_code(), package=package)
    assert refused(tmp_path, metrics=["other-one"]) == (
        "the metric 'other-one' is offered by another 2.0 and other 2.0",
        "uninstall all of them but one",
    )
    build(tmp_path, metrics=["iou"])


@pytest.mark.parametrize(
    ("kind", "code", "told"),
    [
        ("metric", "import nowhere", "other_module:THING cannot be imported: ModuleNotFoundError: No module named 'nowhere'"),
        ("metric", "1 / 0", "other_module:THING cannot be imported: ZeroDivisionError: division by zero"),
        ("metric", "raise SystemExit(7)", "other_module:THING cannot be imported: SystemExit: 7"),
        ("metric", "", "other_module:THING cannot be imported: AttributeError: module 'other_module' has no attribute 'THING'"),
        ("metric", "THING = len", "other_module:THING is a builtin_function_or_method, expected an xaudit.plugins.MetricPlugin"),
        ("metric", explainer_code(), "other_module:THING is a ExplainerPlugin, expected an xaudit.plugins.MetricPlugin"),
        ("metric", metric_code(name="another"), "its row has the id 'another', and the entry point another; they must be the same"),
        ("metric", metric_code(family="reliance"), "its row has the family 'reliance', expected one of localization, faithfulness, complexity"),
        ("metric", metric_code("7"), "its `measure` is a int, expected a function"),
        ("explainer", explainer_code(control=True), "a plug-in cannot be a control"),
        ("explainer", explainer_code(made_of="maps"), "its row says made_of 'maps', and a plug-in makes maps of an image"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_an_error_of_its_package_and_breaks_nothing_else(
    brings, tmp_path, kind, code, told
):
    brings(kind, code)
    message, hint = refused(tmp_path, **{f"{kind}s": ["other-one"]})
    assert message == f"other 2.0: entry point 'other-one' of xaudit.{kind}s: {told}"
    assert "other" in hint
    build(tmp_path, metrics=["iou"], explainers=["lime"])
    audit_schema()


@pytest.mark.parametrize(
    "name", ["mass-of-ours", "reliance", "ours-ceiling", "mprt-9", "Upper", "two--hyphens"]
)
def test_names_that_xaudit_makes_itself_cannot_be_brought(brings, tmp_path, name):
    brings("metric", metric_code(name=name), name=name)
    assert re.search("name", refused(tmp_path, metrics=[name])[0])


# What is asked


def test_a_plugged_explainer_is_asked_and_its_map_is_by_how_much_the_answer_falls(example):
    model, images = tried_classifier(), tried_images(2, (32, 32))
    maps = make_explainer(ExplainerSpec(name="patch-drop", patch_px=16), model).explain(
        images, [1, 0], [1, 2]
    )
    changed = images.clone()
    changed[:, :, 16:, :16] = 0
    falls = (model.logits(images) - model.logits(changed))[[0, 1], [1, 0]]
    np.testing.assert_allclose(maps[:, 16:, :16], falls[:, None, None].expand(2, 16, 16), atol=1e-6)
    assert native_grids(ExplainerSpec(name="patch-drop"), model) is None
    assert make_explainer(ExplainerSpec(name="patch-drop"), model).explain(images[:0], [], []).shape == (
        0,
        32,
        32,
    )


@pytest.mark.parametrize(
    ("explain", "told"),
    [
        ("return images[:, 0, :8]", "its map is float32 of (2, 8, 32), expected float32 of (2, 32, 32)"),
        ("return [[1.0]]", "its map is a list, expected float32 of (2, 32, 32)"),
        ("raise KeyError('gone')", "explaining failed: KeyError: 'gone'"),
    ],
)
def test_an_explainer_that_fails_is_told_as_its_packages(brings, explain, told):
    brings("explainer", explainer_code(explain))
    with pytest.raises(PluginError) as caught:
        make_explainer(ExplainerSpec(name="other-one"), tried_classifier()).explain(
            tried_images(2, (32, 32)), [1, 0], [1, 2]
        )
    assert str(caught.value) == f"other 2.0: entry point 'other-one' of xaudit.explainers: {told}"


def test_images_and_model_are_lent_and_come_back_as_they_were(brings):
    brings(
        "explainer",
        explainer_code("images.zero_(); self.classifier.module.train(); return images.sum(1)"),
    )
    model, images = tried_classifier(), tried_images(2, (32, 32))
    before = images.clone()
    maps = make_explainer(ExplainerSpec(name="other-one"), model).explain(images, [1, 0], [1, 2])
    assert torch.equal(images, before)
    assert not model.module.training
    assert (maps == 0).all()


def test_an_explainer_that_only_asks_shares_batches_with_others(brings):
    asks = """return None
    def askings(self, images, targets, seeds):
        from xaudit.plugins import Question
        def one(image, target):
            logits = yield Question(1, lambda start, stop: image[None])
            return image[0].numpy() * logits[0, target]
        return [one(image, target) for image, target in zip(images, targets)]"""
    brings("explainer", explainer_code(asks))
    from xaudit.explainers.asked import explained

    model, images = tried_classifier(), tried_images(2, (32, 32))
    explainer = make_explainer(ExplainerSpec(name="other-one"), model)
    assert isinstance(explainer, AskingExplainer)
    maps = explained(explainer.askings(images, [1, 0], [1, 2]), model)
    logits = model.logits(images)[[0, 1], [1, 0]]
    np.testing.assert_allclose(maps, images[:, 0] * logits[:, None, None], rtol=1e-5)


def test_a_localization_metric_is_asked_of_the_positive_part_and_the_mark(example):
    # Of 1024 pixels the highest 4 % are 41; the map's highest are the mark's 64 pixels, then its corner.
    mark, spec = tried_mark(), MetricSpec(name="top-share", share=0.04)
    valid = np.ones_like(mark)
    assert score_localization(spec, mark.astype(float), mark, valid) == pytest.approx(1.0)
    assert score_localization(spec, 1.0 - mark, mark, valid) == 0
    # All tied: the mark's share, 64 of 1024.
    level = np.ones(mark.shape)
    level[0, 0] = 2
    assert score_localization(spec, level, mark, valid) == pytest.approx(40 * (64 / 1023) / 41)
    assert score_localization(spec, np.zeros(mark.shape), mark, valid) == 0
    assert isinstance(score_localization(spec, level, np.zeros_like(mark), valid), Absent)


def test_a_faithfulness_metric_asks_the_model_through_the_generator(example):
    model, image = tried_classifier(), tried_images(1, (32, 32))[0]
    before = model.meter.n_evals
    found = score_faithfulness(MetricSpec(name="peak-drop", share=0.25), model, image, 1, tried_map())
    assert model.meter.n_evals - before == 2
    # Blurring everything is the same whichever map orders it.
    whole = [
        score_faithfulness(MetricSpec(name="peak-drop", share=1.0), model, image, 1, saliency)
        for saliency in (tried_map(), -tried_map())
    ]
    assert whole[0] == pytest.approx(whole[1], abs=1e-6)
    assert found != pytest.approx(whole[0], abs=1e-4)


def test_a_complexity_metric_gets_the_map(brings):
    brings("metric", metric_code("lambda values, options: float((values > 0).mean())", family="complexity"))
    assert score_complexity(MetricSpec(name="other-one"), np.array([[1.0, -1.0], [2.0, 3.0]])) == 0.75


@pytest.mark.parametrize(
    ("measure", "told"),
    [
        ("lambda marked, options: float('nan')", "`measure` gave nan, expected a finite number, or Absent with the reason"),
        ("lambda marked, options: 1.5", "`measure` gave 1.5, and its row says '0 to 1'"),
        ("lambda marked, options: None", "`measure` gave a NoneType, expected a number or Absent"),
        ("lambda marked, options: True", "`measure` gave a bool, expected a number or Absent"),
        ("lambda marked: 1.0", "measuring failed: TypeError: <lambda>() takes 1 positional argument but 2 were given"),
    ],
)  # fmt: skip
def test_a_value_that_is_none_is_told_as_the_packages(brings, measure, told):
    brings("metric", metric_code(measure))
    mark = tried_mark()
    with pytest.raises(PluginError) as caught:
        score_localization(MetricSpec(name="other-one"), tried_map(), mark, np.ones_like(mark))
    assert str(caught.value) == f"other 2.0: entry point 'other-one' of xaudit.metrics: {told}"


def test_what_a_metric_writes_into_its_arrays_reaches_no_other_metric(brings):
    changes = "[array.fill(0) for array in (marked.saliency, marked.mark, marked.valid)]"
    brings("metric", metric_code(f"lambda marked, options: len({changes}) / 10"))
    mark, saliency, valid = tried_mark(), tried_map(), np.ones((32, 32), dtype=bool)
    assert score_localization(MetricSpec(name="other-one"), saliency, mark, valid) == 0.3
    assert np.array_equal(mark, tried_mark())
    assert np.array_equal(saliency, tried_map())
    assert valid.all()


ASKS = """def measure(asked, options):
    asked.{change}.zero_() if "{change}" == "image" else asked.{change}.fill(0)
    answer = yield Question(1, lambda _start, _stop: asked.image[None], asked.key("untouched"))
    return 0.5
from xaudit.plugins import Question
"""


@pytest.mark.parametrize("change", ["image", "saliency"])
def test_a_metric_that_asks_has_an_image_and_a_map_of_its_own(brings, change):
    brings("metric", ASKS.format(change=change) + metric_code("measure", family="faithfulness"))
    model, image, saliency = tried_classifier(), tried_images(1, (32, 32))[0], tried_map()
    assert score_faithfulness(MetricSpec(name="other-one"), model, image, 1, saliency) == 0.5
    assert torch.equal(image, tried_images(1, (32, 32))[0])
    assert np.array_equal(saliency, tried_map())


def test_a_network_is_built_with_its_settings_and_for_any_number_of_classes(example, tmp_path):
    model = {"id": "m", "source": "colour-net", "options": {"width": 3}, "input_size": 32}
    module = build_module(build(tmp_path, models=[model]).models[0], 5)
    assert module[0].weight.shape == (3, 3, 3, 3)
    assert module(torch.zeros(2, 3, 32, 32)).shape == (2, 5)
    grey = build(tmp_path, models=[{**model, "channels": 1, "mean": [0.5] * 3, "std": [0.2] * 3}]).models[0]
    assert grey.channels == 1


FORMAT = """
from xaudit.plugins import Box, FormatPlugin, FormatRow
def collect(path, marks):
    with marks.item():
        marks.case("marks.txt: line 1", "a.png")
        {marks}
THING = FormatPlugin(FormatRow("other-one", "in words", "annotations"), "Other", collect)
"""


def marked(brings, tmp_path, code):
    brings("format", FORMAT.format(marks=code))
    (tmp_path / "marks.txt").touch()
    section = AnnotationSection(path=tmp_path / "marks.txt", format="other-one")
    return read_annotations(section, ImageIndex({"a.png": "a"}, {"a": (20, 30)}), merge={}).annotations


def test_a_format_marks_what_lies_on_its_images(brings, tmp_path):
    [mark] = marked(brings, tmp_path, "marks.add('a', 'dr-a', Box(1, 2, 30.25, 4))")
    assert mark == Annotation("a", "dr-a", Box(1, 2, 30, 4))


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("marks.add('a', 'dr-a', Box(1, 2, 31, 4))", "marks.txt: line 1: the box from (1, 2) to (31, 4) leaves the image of 30 × 20"),
        ("marks.add('a', 'dr-a', Box(1, 2, 1, 4))", "marks.txt: line 1: the box from (1, 2) to (1, 4) has no area"),
    ],
)  # fmt: skip
def test_a_mark_that_no_image_can_hold_is_the_files_fault_and_told_with_its_place(
    brings, tmp_path, code, told
):
    with pytest.raises(DataError) as caught:
        marked(brings, tmp_path, code)
    assert str(caught.value) == told


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("marks.add('b', 'dr-a', Box(1, 2, 3, 4))", "`marks.add` was given the case 'b', expected one that `marks.case` gave, which is not None"),
        ("marks.add('a', None, Box(1, 2, 3, 4))", "`marks.add` was given the reader None, expected a name"),
        ("marks.add('a', 'dr-a', (1, 2, 3, 4))", "`marks.add` was given a tuple, expected a Box, a Polygon or a MaskRegion"),
        ("marks.nothing('here', None, 'dr-a')", "`marks.nothing` was given the case None, expected one that `marks.case` gave, which is not None"),
        ("{}['gone']", "reading marks.txt failed: KeyError: 'gone'"),
    ],
)  # fmt: skip
def test_a_mark_that_is_none_is_told_as_the_packages(brings, tmp_path, code, told):
    with pytest.raises(PluginError) as caught:
        marked(brings, tmp_path, code)
    assert str(caught.value) == f"other 2.0: entry point 'other-one' of xaudit.formats: {told}"


# What a run keeps


def test_a_rows_copy_in_a_run_stands_in_where_the_package_is_gone(tmp_path):
    with installed(write_example(tmp_path / "site")):
        kept = [told_row(bring("metric", "top-share")), told_row(bring("explainer", "patch-drop"))]
        rows = metric_row("top-share"), explainer_row("patch-drop")
    kept = json.loads(json.dumps(kept))
    with installed():
        assert "top-share" not in METRICS.by_id
        remember([*kept, {}, {"kind": "metric"}, {"kind": "metric", "row": {"id": "half"}}])
        assert (metric_row("top-share"), explainer_row("patch-drop")) == rows
        assert "half" not in METRICS.by_id
        own = replace(metric_row("iou"), meaning="something else")
        remember([{"kind": "metric", "row": {**kept[0]["row"], "id": own.id}}])
        assert metric_row("iou") != own
        with pytest.raises(AuditFileError, match="no metric is called 'top-share'"):
            build(tmp_path, metrics=["top-share"])


def test_an_audit_with_plug_ins_can_be_read_again_from_its_own_text(example, tmp_path):
    from xaudit.stages.work.folder import audit_text

    audit = build(
        tmp_path,
        models=[{"id": "m", "source": "colour-net", "options": {"width": 3}}],
        data={**DATA, "annotations": {"path": "discs.csv", "format": "discs"}},
        explainers=["patch-drop"],
        metrics=["peak-drop"],
    )
    again = AuditFile.model_validate(yaml.safe_load(audit_text(audit)))
    assert [one.fingerprint for one in again.explainers] == [one.fingerprint for one in audit.explainers]
    assert again.models == audit.models


def test_the_page_shows_the_whole_example(tmp_path):
    page = (PACKAGE.parents[1] / "docs" / "how-to" / "plug-ins.md").read_text(encoding="utf-8")
    [project] = re.findall(r"^```toml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert project == (PACKAGE / "pyproject.toml").read_text(encoding="utf-8")
    *module, own_test = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert "\n\n".join(module) == (PACKAGE / "xaudit_example.py").read_text(encoding="utf-8")
    with installed(write_example(tmp_path / "site")):
        found = {}
        exec(compile(own_test, "page", "exec"), found)
        found["test_xaudit_can_rely_on_what_we_bring"]()
        found["test_discs_are_read_and_damaged_tables_refused"](tmp_path)
