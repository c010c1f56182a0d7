"""Rows of the page's manifest: versions, settings and hardware of the run."""

from xaudit.report.card.plugged import plugins_of
from xaudit.report.wording import count
from xaudit.stages.views.report_material import ReportMaterial


def manifest_rows(material: ReportMaterial) -> tuple[tuple[str, str], ...]:
    """Names and values, in reading order; what the manifest does not hold is left out."""
    plain = material.manifest
    rows: list[tuple[str, str]] = [("run", material.outcome.run_id)]
    rows += [
        (key.replace("_", " "), str(plain[key]))
        for key in ("config_hash", "xaudit", "python", "seed", "started", "finished")
        if plain.get(key) is not None
    ]
    git = plain.get("git")
    if isinstance(git, dict):
        rows.append(("commit", str(git.get("commit", "")) + (", with changes" if git.get("dirty") else "")))
    hardware = plain.get("hardware")
    if isinstance(hardware, dict):
        rows.append(
            ("hardware", ", ".join(f"{name.replace('_', ' ')} {one}" for name, one in hardware.items()))
        )
    counts = plain.get("counts")
    if isinstance(counts, dict):
        rows.append(
            ("counts", ", ".join(count(one, str(name).removesuffix("s")) for name, one in counts.items()))
        )
    checksums = plain.get("checksums")
    if isinstance(checksums, dict):
        rows += [
            (f"SHA-256 of {name}", str(one))
            for name, one in checksums.items()
            if isinstance(one, str) and one
        ]
        weights = checksums.get("weights")
        if isinstance(weights, dict):
            rows += [(f"weights of {name}", str(one)) for name, one in weights.items()]
        for what in ("code", "answers"):
            digests = checksums.get(what)
            if isinstance(digests, dict):
                rows += [(f"{what} of {name}", str(one)) for name, one in digests.items()]
        external = checksums.get("external")
        if isinstance(external, dict):
            rows += [
                (f"{what} of {model}, from files", str(one))
                for model, files in external.items()
                for what, one in files.items()
            ]
    outputs = plain.get("outputs")
    if isinstance(outputs, dict):
        rows += [
            (f"outputs of {name}", ", ".join(map(str, classes)))
            for name, classes in outputs.items()
            if isinstance(classes, list)
        ]
    libraries = plain.get("libraries")
    if isinstance(libraries, dict):
        rows.append(("libraries", ", ".join(f"{name} {one}" for name, one in libraries.items() if one)))
    rows += [(f"from {package}", ", ".join(brought)) for package, brought in plugins_of(plain).items()]
    return tuple(rows)
