"""Copies in `xaudit data audit`: the gate fails, the proposed groups mend it, a faulty table is refused."""

import numpy as np
import pytest
from PIL import Image

AUDIT = """
name: small
data: {format: folder, images: images, positive: b}
models: [{id: net, source: torchvision, architecture: resnet18}]
gates: [leakage == 0]
"""


@pytest.fixture
def audit(tmp_path):
    rng = np.random.default_rng(0)
    for number in range(8):
        folder = tmp_path / "images" / "ab"[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        noise = Image.fromarray(rng.integers(0, 255, (30, 30), dtype=np.uint8))
        values = np.asarray(noise.resize((128, 128), Image.Resampling.BICUBIC))
        Image.fromarray(values).save(folder / f"{number}.png")
        Image.fromarray(np.ascontiguousarray(values[:, ::-1])).save(folder / f"{number}-mirrored.png")
    (tmp_path / "audit.yaml").write_text(AUDIT)
    return tmp_path / "audit.yaml"


def test_a_gate_on_leakage_fails_and_passes_with_the_proposed_groups(answer, refusal, audit, tmp_path):
    command = ("data", "audit", audit, "--without-models", "-q", "-o", tmp_path / "out")
    code, out, _ = answer(*command)
    assert code == 1
    assert "a changed copy (saved again," in out
    (folder,) = (tmp_path / "out").iterdir()
    groups = folder / "groups.csv"
    lines = groups.read_text().splitlines()
    assert lines[:3] == ["image,group", "a/0.png,group-0001", "a/0-mirrored.png,group-0001"]
    assert len(lines) == 1 + 16
    page = (folder / "data-audit.html").read_text()
    assert page.count('<img src="data:image/webp') == 16

    override = ("--set", f"data.split.groups={groups}", "--set", "report.images=false")
    code, out, _ = answer(*command, *override)
    assert (code, "no copies, but for 8 pairs of one patient or group" in " ".join(out.split())) == (0, True)
    pages = [(path / "data-audit.html").read_text() for path in (tmp_path / "out").iterdir()]
    assert sorted(page.count("<img ") for page in pages) == [0, 16]

    groups.write_text("image,group\na/9.png,x\n")
    error, _ = refusal(*command, *override)
    assert error == "groups.csv: line 2: no image of the data that can be read is 'a/9.png'"
