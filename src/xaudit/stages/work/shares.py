"""A run divided among several machines: each share in a folder of its own, and all of them merged into one run."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from xaudit.config import fingerprint
from xaudit.counts import counted
from xaudit.engine.local import Lane
from xaudit.errors import IncompleteRunError, RunFolderError, UsageError
from xaudit.stages.request import RunRequest, Share
from xaudit.store.adoption import adopt_parts, adopt_predictions, adopt_weights
from xaudit.store.manifest import Contents, library_versions
from xaudit.store.run_folder import RunFolder
from xaudit.store.schema_version import AUDIT_AGAIN

SHARE = "share.json"
PREDICTED_FROM = "predicted-from.json"
"""The note of what a run's predictions were made from; there once they are whole."""

_NAMES = {
    "external": "predictions or maps of an external model",
    "annotations": "marks",
    "code": "files of model code",
    "answers": "models' answers",
}
"""How an error calls what a checksum is of."""


def name_of(request: RunRequest) -> str:
    """Return the name of a request's run: the audit's, and for a share its number and how many there are."""
    share = request.share
    name = request.audit.name
    return name if share is None else f"{name}-shard-{share.index}-of-{share.of}"


def audit_hash(request: RunRequest) -> str:
    """Hash every setting of a request that can change a result; of the files it names, only their names."""
    return fingerprint([request.audit.fingerprint(with_places=False), request.retrain, request.device])


def run_hash(request: RunRequest, inputs: str) -> str:
    """Hash what a run id stands for: the settings of a request, and its inputs.

    Args:
        inputs: see :func:`xaudit.stages.work.inputs.inputs_digest`.
    """
    return fingerprint([audit_hash(request), inputs])


def note_share(run: RunFolder, request: RunRequest, scores_mean: int) -> None:
    """Writes which share this is, and all that must be the same in the others."""
    share = request.share
    if share is None:
        return
    plain = {
        **run.identity,
        "index": share.index,
        "of": share.of,
        "audit": audit_hash(request),
        "shard_size": request.audit.run.shard_size,
        "scores_mean": scores_mean,
    }
    run.save_json(SHARE, plain)


def begin_share(run: RunFolder, request: RunRequest) -> None:
    """Takes over weights and predictions of an undivided run of the same audit, where there is one."""
    found = RunFolder.find(
        request.out, name=name_of(replace(request, share=None)), config_hash=run.config_hash
    )
    if found is not None:
        adopt_weights(run, found)
        adopt_predictions(run, found, PREDICTED_FROM)


def states_of_shares(request: RunRequest, folder: Path) -> dict[int, str]:
    """Return how far each share is, as far as its folder lies beside this one's; ``absent`` where there is none.

    Args:
        folder: of this share.
    """
    found: dict[int, str] = {}
    assert request.share is not None
    digest = RunFolder.open_run(folder, tidy=False).config_hash
    for index in range(1, request.share.of + 1):
        one = replace(request, share=Share(index, request.share.of))
        run = RunFolder.find(request.out, name=name_of(one), config_hash=digest)
        found[index] = "absent" if run is None else run.status.state
    return found


def shard_size_of(runs: Sequence[Path]) -> int:
    """Into how many cases each the work was cut; raises as :func:`check_shares` where a folder is no share."""
    return int(_read(RunFolder.open_run(runs[0], tidy=False))["shard_size"])


def check_shares(request: RunRequest) -> None:
    """Nothing where the folders to be merged are all shares of this audit.

    Raises:
        UsageError: where one is no share, stands twice, or is one of another audit.
        RunFolderError: where they were made with other versions, images, marks or weights than each other.
        IncompleteRunError: where one is missing.
    """
    runs = [RunFolder.open_run(path, tidy=False) for path in request.merges]
    notes = [_read(run) for run in runs]
    first = notes[0]
    _require_one_audit(request, notes)
    found: dict[int, Path] = {}
    for run, note in zip(runs, notes, strict=True):
        if note["index"] in found:
            raise UsageError(
                f"{run.path}: shard {note['index']} of {note['of']} stands twice; the other one is {found[note['index']]}",
                hint="name each shard once",
            )
        found[note["index"]] = run.path
    manifests = [_manifest(run) for run in runs]
    for run, manifest in zip(runs, manifests, strict=True):
        for what, now, then in (
            ("xaudit", manifests[0]["xaudit"], manifest["xaudit"]),
            *(
                (name, version, manifest["libraries"].get(name))
                for name, version in manifests[0]["libraries"].items()
            ),
        ):
            if now != then:
                raise RunFolderError(
                    f"{run.path}: made with {what} {then}, and {runs[0].path} with {now}",
                    hint="make all shards with the same versions",
                )
        if manifests[0]["plugins"] != manifest["plugins"]:
            raise RunFolderError(
                f"{run.path}: made with other plug-ins, or other versions of them, than {runs[0].path}",
                hint="make all shards with the same packages installed",
            )
        for what, checksum in manifests[0]["checksums"].items():
            if what == "predictions":  # each share may have asked the models by itself, on another processor
                continue
            if checksum != manifest["checksums"].get(what):
                raise RunFolderError(
                    f"{run.path}: its {_NAMES.get(what, what)} are not those of {runs[0].path}",
                    hint="make all shards from the same files; `xaudit predict` trains once for all of them",
                )
    missing = [index for index in range(1, first["of"] + 1) if index not in found]
    if missing:
        raise _incomplete(missing, first["of"], "missing")


def take_over(run: RunFolder, request: RunRequest) -> None:
    """Takes over weights, predictions and finished parts of all shares."""
    for path in request.merges:
        other = RunFolder.open_run(path, tidy=False)
        adopt_weights(run, other)
        adopt_predictions(run, other, PREDICTED_FROM)
        adopt_parts(run, other)


def require_same_contents(request: RunRequest, contents: Contents) -> None:
    """Raises RunFolderError where the shares saw other images, marks or weights than are here now, or other versions."""
    run = RunFolder.open_run(request.merges[0], tidy=False)
    manifest = _manifest(run)
    here = {
        "weights": dict(contents.weights),
        "external": {model: dict(files) for model, files in contents.external.items()} or None,
        "images": contents.images,
        "annotations": contents.annotations,
    }
    for what, checksum in here.items():
        if manifest["checksums"].get(what) != checksum:
            raise RunFolderError(
                f"{run.path}: its {_NAMES.get(what, what)} are not those that the audit file names now",
                hint="merge with the files that the shards were made from",
            )
    if manifest["plugins"] != [dict(one) for one in contents.plugins]:
        raise RunFolderError(
            f"{run.path}: made with other plug-ins, or other versions of them, than are installed here",
            hint="merge with the packages that made the shards",
        )
    for name, version in library_versions().items():
        if manifest["libraries"].get(name) != version:
            raise RunFolderError(
                f"{run.path}: made with {name} {manifest['libraries'].get(name)}, and here is {version}",
                hint="merge with the versions that made the shards",
            )


def require_all_stored(request: RunRequest, lanes: Sequence[Lane]) -> None:
    """Raises IncompleteRunError where a share has not done all of its work; it names them."""
    of = int(_read(RunFolder.open_run(request.merges[0], tidy=False))["of"])
    missing: dict[int, int] = {}
    for index, lane in enumerate(lanes):
        n_missing = sum(not (shard.is_stored or shard.is_done)() for shard in lane.shards())
        if n_missing:
            missing[index % of + 1] = missing.get(index % of + 1, 0) + n_missing
    if missing:
        raise _incomplete(sorted(missing), of, "not finished", missing)


def _incomplete(
    shares: Sequence[int], of: int, how: str, n_missing: Mapping[int, int] = {}
) -> IncompleteRunError:
    names = ", ".join(str(index) for index in shares)
    noun, verb = ("shard", "is") if len(shares) == 1 else ("shards", "are")
    return IncompleteRunError(
        f"{noun} {names} of {of} {verb} {how}",
        hint=f"give the command that makes it, `xaudit run … --shard {shares[0]}/{of}`, then merge again",
        missing=tuple(
            (
                f"shard {index} of {of}",
                counted(n_missing[index], "piece of work", "pieces of work") if index in n_missing else how,
            )
            for index in shares
        ),
    )


def _require_one_audit(request: RunRequest, notes: Sequence[Mapping[str, Any]]) -> None:
    asked = audit_hash(request)
    for path, note in zip(request.merges, notes, strict=True):
        for key, what in (
            ("of", "of a run divided otherwise"),
            ("audit", "of another audit"),
            ("shard_size", "cut into pieces of another size (run.shard_size)"),
            ("scores_mean", "made by another version of xaudit"),
        ):
            if note[key] != notes[0][key]:
                raise UsageError(
                    f"{path}: is {what} than {request.merges[0]}", hint="merge the shards of one run"
                )
        if note["audit"] != asked:
            raise UsageError(
                f"{path}: is not a shard of this audit with these options",
                hint="name the shards' audit file with --audit, and give the options that they were made with",
            )


def _read(run: RunFolder) -> dict[str, Any]:
    try:
        plain = json.loads((run.path / SHARE).read_text(encoding="utf-8"))
        return {**plain, **{key: int(plain[key]) for key in ("index", "of", "shard_size", "scores_mean")}}
    except FileNotFoundError:
        raise UsageError(
            f"{run.path}: is not a shard of a divided run", hint="`xaudit run AUDIT --shard 1/4` makes one"
        ) from None
    except (OSError, ValueError, KeyError, TypeError):
        raise RunFolderError(f"{run.path}/{SHARE}: damaged", hint=AUDIT_AGAIN) from None


def _manifest(run: RunFolder) -> dict[str, Any]:
    try:
        plain = json.loads(run.manifest_path.read_text(encoding="utf-8"))
        return {key: plain[key] for key in ("xaudit", "libraries", "checksums", "plugins")}
    except (OSError, ValueError, KeyError, TypeError):
        raise RunFolderError(f"{run.manifest_path}: missing or damaged", hint=AUDIT_AGAIN) from None
