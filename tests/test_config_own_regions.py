"""Regions that an audit file names: their names, their gates, and what two data sets may not say differently."""

from pathlib import Path

import pytest

from xaudit.catalog import METRICS, REGIONS
from xaudit.config import build_audit_file
from xaudit.errors import AuditFileError

MODEL = {"id": "m", "source": "torchvision", "architecture": "resnet18"}


def read(own, *gates, **changes):
    plain = {
        "data": {"images": "images", "regions": {"own": own}},
        "models": [MODEL],
        "explainers": ["gradcam"],
        "gates": list(gates),
        **changes,
    }
    return build_audit_file(plain, shown="audit.yaml", root=Path("/study"))


def refused(said, hint):
    return pytest.raises(AuditFileError, check=lambda error: said in str(error) and error.hint == hint)


def test_a_path_or_a_mapping_names_a_region_and_paths_start_at_the_audit_file():
    audit = read({"ruler": "masks/ruler", "tube": {"path": "all.json", "category": "ETT", "evidence": True}})
    own = audit.data.regions.own
    assert own["ruler"].path == Path("/study/masks/ruler")
    assert (own["tube"].path, own["tube"].category) == (Path("/study/all.json"), "ETT")
    assert audit.own_regions == {"ruler": False, "tube": True}
    assert audit.own_regions_by_model == {"m": {"ruler": False, "tube": True}}


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Skin Ruler", "call it 'skin-ruler'"),
        ("skin_ruler", "call it 'skin-ruler'"),
        ("ü", "call it 'ruler'"),
        ("ruler-", "call it 'ruler'"),
        ("r" * 41, f"call it '{'r' * 40}'"),
    ],
)
def test_a_name_that_no_metric_could_have_is_refused_with_one_that_it_could(name, hint):
    with refused(f"data.regions.own: '{name}' cannot be the name of a region", hint):
        read({name: "masks"})


@pytest.mark.parametrize(
    "name", [*REGIONS, "agreement", "region", "logit", "logit-ruler", "area-1", "all-but-mark", "elsewhere"]
)
def test_a_name_that_stands_for_something_else_is_refused(name):
    with pytest.raises(AuditFileError, match=f"data.regions.own: '{name}' is a name that xaudit uses itself"):
        read({name: "masks"})


def test_no_region_can_take_the_id_of_a_metric():
    assert (
        not {f"{measure}-ruler" for measure in ("mass", "reliance", "reliance-logit")} & METRICS.by_id.keys()
    )
    with refused(
        "metrics: the id 'mass-ruler' is that of a measure of a region",
        "call it otherwise, such as 'my-mass-ruler'",
    ):
        read({}, metrics=[{"name": "iou", "id": "mass-ruler"}])


@pytest.mark.parametrize(
    "gate",
    [
        "reliance-tube <= 0.05",
        "reliance-logit-tube <= 1",
        "mass-tube@gradcam <= 0.1",
        "reliance-tube%class=sick <= 0.1",
    ],
)
def test_a_region_can_be_gated_on(gate):
    audit = read({"tube": "masks"}, gate, statistics={"strata": ["class"]})
    assert str(audit.gates[0]) == gate
    assert audit.metric_names[audit.gates[0].metric].endswith("-region")


@pytest.mark.parametrize(
    ("gate", "said", "hint"),
    [
        (
            "reliance-tubes <= 0.1",
            "no metric is called 'reliance-tubes'",
            "did you mean 'reliance-tube'? `xaudit list metrics` shows all",
        ),
        (
            "reliance-pacemaker <= 0.1",
            "'reliance-pacemaker': no region is called 'pacemaker'",
            "name its masks in the audit file, such as data.regions.own.pacemaker: masks/pacemaker",
        ),
        (
            "mass-region@gradcam <= 0.1",
            "'mass-region' stands for the regions that the audit file names",
            "name one of them, such as mass-tube",
        ),
        ("reliance-tube@gradcam <= 0.1", "reliance-tube asks the model itself and takes no @explainer", None),
    ],
)
def test_a_gate_on_no_region_is_refused_with_what_to_write(gate, said, hint):
    with pytest.raises(AuditFileError) as caught:
        read({"tube": "masks"}, gate)
    assert said in str(caught.value)
    assert hint is None or caught.value.hint == hint


def test_a_gate_on_the_reliance_of_a_region_needs_reliance_and_one_on_its_share_does_not():
    with refused("gates[0]: the audit does not measure 'reliance-tube'", "it takes `reliance.enabled: true`"):
        read({"tube": "masks"}, "reliance-tube <= 0.1", reliance={"enabled": False})
    read({"tube": "masks"}, "mass-tube@gradcam <= 0.1", reliance={"enabled": False})


def two_datasets(first, second, *gates):
    other = {"images": "others", "regions": {"own": second}}
    models = [MODEL, {**MODEL, "id": "n", "dataset": "b"}]
    return read(first, *gates, datasets={"b": other}, models=models)


def test_a_gated_region_must_be_there_in_every_data_set():
    with refused(
        "gates[0]: reliance-tube needs masks, and datasets.b.regions.own.tube is not set",
        "give the masks of every data set that a model is audited on, such as tube: masks/tube",
    ):
        two_datasets({"tube": "masks"}, {}, "reliance-tube <= 0.1")
    audit = two_datasets({"tube": "masks"}, {"port": "masks"})
    assert audit.own_regions_by_model == {"m": {"tube": False}, "n": {"port": False}}


def test_two_data_sets_cannot_disagree_on_what_may_be_evidence():
    with refused(
        "datasets.b.regions.own.tube: evidence is true, and false under data",
        "give both the same, or call one of the regions by another name",
    ):
        two_datasets({"tube": "masks"}, {"tube": {"path": "masks", "evidence": True}})


def test_what_is_no_path_is_refused():
    with pytest.raises(AuditFileError, match=r"data\.regions\.own\.tube: expected the path of masks, got 3"):
        read({"tube": 3})
    with pytest.raises(
        AuditFileError, match=r"data\.regions\.own\.tube\.categry: no key is called 'categry'"
    ):
        read({"tube": {"path": "masks", "categry": "ETT"}})


def test_a_region_beside_own_is_refused_and_told_its_place():
    with refused(
        "audit.yaml: data.regions.ruler: no key is called 'ruler'",
        "a region of your own belongs under own: {ruler: masks/ruler}",
    ):
        read({}, data={"images": "images", "regions": {"ruler": "masks/ruler"}})
