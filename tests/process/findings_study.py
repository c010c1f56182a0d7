"""The known study for a network of four outputs: output 2 reads the red mark, output 0 the green corner."""

import csv
import json

import torch
from known_network import ColourReader
from known_study import HEIGHT, N_PATIENTS, N_SLICES, WIDTH, study_model, write_audit
from safetensors.torch import save_file

UNKNOWN = ("p7-0.png", "p7-1.png", "p7-2.png")
"""Images of which nobody said whether they show the green corner."""

RED = {"name": "red mark", "target": 2, "column": "red"}
GREEN = {"name": "green", "target": 0, "marks": ["corner"]}


def write_findings(study):
    """A table with a column for each finding, marks with a label for each, and the network's weights."""
    rows = []
    for number in range(N_PATIENTS * N_SLICES):
        patient, turn = divmod(number, N_SLICES)
        name = f"p{patient}-{turn}.png"
        state = "1" if turn < 2 else "0"
        rows.append([name, state, "nan" if name in UNKNOWN else state, f"patient {patient}", "test"])
    write_rows(study, rows)
    coco = json.loads((study / "marks.json").read_text())
    corners = [
        {"id": 100 + mark["id"], "image_id": mark["image_id"], "category_id": 2, "bbox": [0, 0, 8, 10]}
        for mark in coco["annotations"]
    ]
    coco["annotations"] += corners
    coco["categories"] = [{"id": 1, "name": "red mark"}, {"id": 2, "name": "corner"}]
    (study / "marks.json").write_text(json.dumps(coco))
    network = ColourReader(4)
    with torch.no_grad():
        network.features[0].weight.fill_(-1.0)
        network.features[0].weight[0, 0] = network.features[0].weight[1, 1] = 1.0
        network.features[0].bias.zero_()
        network.head.weight.copy_(torch.tensor([[0.0, 200.0], [1.0, 1.0], [200.0, 0.0], [-1.0, 1.0]]))
        network.head.bias.copy_(torch.tensor([-4.0, 0.5, -4.0, 0.5]))
    save_file(
        {name: value.contiguous() for name, value in network.state_dict().items()},
        study / "findings.safetensors",
    )
    assert (HEIGHT, WIDTH) == (40, 32)


def write_rows(study, rows, names=("image", "red", "green", "patient", "split")):
    with (study / "findings.csv").open("w", newline="") as file:
        csv.writer(file).writerows([names, *rows])


def read_rows(study):
    with (study / "findings.csv").open(newline="") as file:
        return list(csv.reader(file))[1:]


def findings_model(*findings, **changes):
    return study_model(
        weights="findings.safetensors",
        **{"id": "net", "outputs": "multilabel", "n_outputs": 4, "findings": list(findings), **changes},
    )


def findings_audit(study, *findings, name="audit.yaml", model=None, **changes):
    data = {
        "format": "csv",
        "images": "images",
        "labels": "findings.csv",
        "annotations": {"path": "marks.json"},
    }
    defaults = {"data": data, "models": [findings_model(*findings, **(model or {}))], "gates": []}
    return write_audit(study, name, **{**defaults, **changes})
