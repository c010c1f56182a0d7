"""Settings of the check of what predicts the label."""

from pathlib import Path

import pytest

from xaudit.config import build_audit_file
from xaudit.errors import AuditFileError

MODEL = {"id": "m", "source": "torchvision", "architecture": "resnet18"}


def read(own, **label):
    plain = {
        "data": {"images": "images", "regions": {"own": own}},
        "models": [MODEL],
        "data_audit": {"label": label},
    }
    return build_audit_file(plain, shown="audit.yaml", root=Path("/study"))


def refused(said, hint):
    return pytest.raises(AuditFileError, check=lambda error: said in str(error) and error.hint == hint)


def test_the_organ_is_a_region_of_the_users_own():
    assert read({"breast": "masks"}, organ=["breast"]).data_audit.label.organ == ("breast",)
    said = "data_audit.label.organ: no region under data.regions.own is called 'brest'"
    with refused(said, "did you mean 'breast'? there are: breast; the lungs need not be named"):
        read({"breast": "masks"}, organ=["brest"])
    with refused("is called 'disc'", "there are: none; the lungs need not be named"):
        read({}, organ=["disc"])


def test_the_limits_stand_in_order():
    limits = read({}, gives_away=0.6, harmless=0.65).data_audit.label
    assert (limits.gives_away, limits.harmless) == (0.6, 0.65)
    with refused(
        "gives_away: 0.8 is not below harmless, 0.7", "chance is 0.5; by default they are 0.55 and 0.7"
    ):
        read({}, gives_away=0.8)
