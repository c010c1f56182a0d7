"""Write the generated pages and the picture of the rooms: ``python docs/generate.py``.

Each page is made from what the program itself uses, the catalog, the audit file's sections, the commands' help and
the tables' schemas, so that no page can say something else than the program does. A test compares them.
"""

import re
import types
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import draw_architecture
import typer
from architecture_matrix import matrix_blocks
from draw_architecture import users
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from xaudit.catalog import (
    EXPLAINERS,
    EXTERNAL,
    FAMILIES,
    FINDINGS,
    FORMATS,
    METRICS,
    MODELS,
    REGIONS,
    ExplainerRow,
    MetricRow,
    Option,
)
from xaudit.catalog.quantus import version
from xaudit.catalog.rows import QUANTUS
from xaudit.cli.application import application
from xaudit.cli.list_screen import quantus_metrics
from xaudit.config import AuditFile, Gate, NamedOptions, Section
from xaudit.errors import ExitCode
from xaudit.store.schema_page import schema_markdown

FOLDER = Path(__file__).parent / "reference"
DEPENDENCIES = Path(__file__).parent / "dependencies.md"
WIDTH = 80
_DEPENDENCY = re.compile(r"^(\| ([\w-]+) \| (?:`[\w-]+`)? ?\| )[^|\n]*\|(?=(?:[^|\n]*\|){4}$)", re.MULTILINE)
_NOTICE = "<!-- Made by docs/generate.py from {source}; do not edit by hand. -->"

_BOUNDS = {"ge": "at least {}", "gt": "more than {}", "le": "at most {}", "lt": "less than {}"}

_EXIT_CODES: dict[ExitCode, str] = {
    ExitCode.OK: "done; no gate failed, or `--exit-zero` was given",
    ExitCode.GATE_FAILED: "a gate failed, or had no value to be held against",
    ExitCode.USAGE: "the command line, the audit file, the data or a model cannot be used as they are",
    ExitCode.INTERNAL: "a mistake in xaudit itself; the traceback is printed",
    ExitCode.INCOMPLETE: "more cases failed than `run.max_error_rate` allows",
    ExitCode.NOTHING_SCORED: "not one score has a value",
    ExitCode.INTERRUPTED: "interrupted with Ctrl-C; the same command continues where it stopped",
}


def pages() -> dict[str, str]:
    """Every generated page as Markdown, by its file name in ``docs/reference``."""
    return {
        "audit-file.md": audit_file_page(),
        "command-line.md": command_line_page(),
        "explainers.md": explainers_page(),
        "findings.md": findings_page(),
        "metrics.md": metrics_page(),
        "models-and-formats.md": models_and_formats_page(),
        "run-folder.md": schema_markdown(),
    }


def explainers_page() -> str:
    """What can make a saliency map, with the settings of each."""
    head = ("Name", "Shows", "Signed", "Needs gradients", "Cost per map", "Source")
    blocks = [
        _head("Explainers", "the catalog"),
        "An explainer makes one heat map per image, for the class that `models[].target` chooses. A *signed* map has "
        "negative values where the image speaks against that class; localization metrics use its positive part. Name "
        "explainers under `explainers:` in the audit file, alone or with settings:",
        "```yaml\nexplainers:\n  - gradcam\n  - {name: lime, samples: 500}\n"
        "  - {name: lime, id: lime-coarse, segments: 20}\n```",
        _table(head, [_explainer_cells(row) for row in EXPLAINERS if not row.control]),
        f"## {EXTERNAL.id.capitalize()}\n\nFor a model with `source: external`: {EXTERNAL.meaning}. Name them under "
        "`models[].maps`, not under `explainers:`. In the tables they are called `external-` and their name. "
        "[How](../how-to/external-maps.md)",
        "## Controls\n\nA control knows nothing of the model. xaudit scores it like an explainer, and an explainer must beat "
        "it. All controls run, unless `controls:` names fewer. `mean-map` and `shuffled-marks` exist once for "
        "each explainer, such as `gradcam.mean-map`. `human` is what readers reach, not a level to beat.",
        _table(head, [_explainer_cells(row) for row in EXPLAINERS if row.control]),
        "## Settings",
        *_settings([(row.id, row.options) for row in EXPLAINERS]),
    ]
    return _page(blocks)


def metrics_page() -> str:
    """What can be measured, by family."""
    blocks = [
        _head("Metrics", "the catalog"),
        "Under `metrics:` you choose only from the families *localization*, *faithfulness* and *complexity*; the others are "
        "always measured, or have a section of their own in the audit file. In a cost, `side` is the side of the model's "
        "frame in pixels; metrics that ask about the same images share their cost. [Concepts](../concepts.md) defines each "
        "metric and its chance level.",
    ]
    for family, (question, asked) in FAMILIES.items():
        rows = [row for row in METRICS if row.family == family]
        blocks += [
            f"## {family.capitalize()}\n\n{question} Measured: {asked[0].lower()}{asked[1:]}",
            _table(
                ("Name", "Meaning", "Better", "Range", "Cost", "Needs", "Source"),
                [_metric_cells(row) for row in rows],
            ),
        ]
    blocks += [
        f"## By Quantus itself\n\n`{QUANTUS}NAME` runs a metric class of the installed Quantus (here {version()}) "
        "unchanged. Their settings: `xaudit list quantus`. [How](../how-to/faithfulness.md#ask-quantus-itself)",
        _table(("Name", "Family", "Better", "Meaning"), [_quantus_cells(row) for row in quantus_metrics()]),
        "## Settings",
        *_settings([(row.id, row.options) for row in METRICS]),
    ]
    blocks.append(
        "## Order of the regions\n\nA pixel belongs to the first that claims it: "
        f"`{REGIONS[0]}`, those of `data.regions.own` in their order, {', '.join(f'`{region}`' for region in REGIONS[1:])}."
    )
    return _page(blocks)


def findings_page() -> str:
    """What a verdict can say."""
    blocks = [
        _head("Findings", "the catalog"),
        "A finding is a numbered statement about a gate, a model or an explainer. A code never changes its meaning. Only "
        "`XA101`, `XA102` and `XA104`, and with `strict` also `XA103`, decide the exit code. Every other finding informs, and "
        "fails nothing unless you set a gate on the metric behind it.",
    ]
    blocks += [
        f"## {row.code}: {row.title}\n\nCause: {row.cause}.\n\nWhat to do: {row.remedy}." for row in FINDINGS
    ]
    return _page(blocks)


def models_and_formats_page() -> str:
    """Where models come from and which files are read."""
    blocks = [
        _head("Models and formats", "the catalog"),
        "## Models\n\n`models[].source` in the audit file.",
        _table(
            ("Source", "Meaning", "Needs", "Extra", "Cannot"),
            [
                (
                    f"`{row.id}`",
                    row.meaning,
                    row.needs,
                    f"`xaudit[{row.extra}]`" if row.extra else "",
                    "; ".join(row.cannot),
                )
                for row in MODELS
            ],
        ),
        "xaudit reads weights as safetensors or as a state dict of tensors. It refuses a file that holds code and never runs "
        "it. This holds for maps of an `external` model too ([how](../how-to/external-maps.md)). The two sources whose files "
        "are programs need `trusted: true` ([why](../decisions/0045-what-a-model-file-may-do.md)).",
        *matrix_blocks(),
        "## Formats\n\nxaudit recognises images by their content, not by their name.",
        _table(("Format", "Meaning", "Holds"), [(f"`{row.id}`", row.meaning, row.holds) for row in FORMATS]),
    ]
    return _page(blocks)


def audit_file_page() -> str:
    """Every key of the audit file, section by section."""
    blocks = [
        _head("Audit file", "the audit file's sections in xaudit.config"),
        "The audit file says what to audit. It is YAML, or TOML by its suffix. Relative paths start at the file. A key that "
        "is not listed here is an error that names the nearest one. `xaudit config init` writes a file to start from, `xaudit config validate FILE` checks "
        "one, and `xaudit config schema` prints the JSON Schema that editors complete it with. "
        "`--set key.path=value` on the command line changes any key.",
    ]
    blocks += _section_blocks("", AuditFile, seen=set())
    blocks += [
        "## Entries of explainers, controls and metrics\n\nA name, or a mapping with `name`, optionally `id`, and the "
        "settings listed under [explainers](explainers.md#settings) and [metrics](metrics.md#settings). `id` is the "
        "name in the tables; you need it if one name is there twice.",
        "## Entries of gates\n\nA text such as `iou@gradcam%lesion-size=small >= 0.3`: a metric, optionally `@` and an "
        "explainer's id, optionally `%` and a stratum, `>=` or `<=`, and a number. A bare `=` takes the metric's own "
        "direction. Without an explainer the gate holds for every explainer that is not a control, without a stratum for all "
        "cases together. A `reliance-` metric tests the model itself and takes no explainer. `{gate: TEXT, informational: true}` "
        "is judged and shown, and does not decide the exit code.",
    ]
    return _page(blocks)


def command_line_page() -> str:
    """Every command's help and the exit codes."""
    blocks = [
        _head("Command line", "the commands' own help"),
        "Results go to stdout, everything else to stderr. Give several values to an option after one name, separated "
        "by blanks or commas: `--explainer lime gradcam`. Put words that belong to no option before the options, or after "
        "`--`. If the help names an environment variable, the option wins over the variable, and the variable over the audit "
        "file.",
        "## Exit codes",
        _table(("Code", "Meaning"), [(str(int(code)), meaning) for code, meaning in _EXIT_CODES.items()]),
        "`xaudit run` and `xaudit gate` judge. `xaudit report` does not: it ends with 0 whatever it shows.",
    ]
    blocks += [f"## {name}\n\n```text\n{text}\n```" for name, text in _helps()]
    return _page(blocks)


def _helps() -> Iterator[tuple[str, str]]:
    root: Any = typer.main.get_command(application)
    with root.context_class(
        root, info_name="xaudit", terminal_width=WIDTH, max_content_width=WIDTH
    ) as context:
        yield from _helps_below(root, context, "xaudit")


def _helps_below(command: Any, context: Any, name: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401
    yield name, context.get_help()
    for inner_name, inner in getattr(command, "commands", {}).items():
        with inner.context_class(
            inner,
            info_name=inner_name,
            parent=context,
            terminal_width=WIDTH,
            max_content_width=WIDTH,
        ) as below:
            yield from _helps_below(inner, below, f"{name} {inner_name}")


def _section_blocks(place: str, section: type[Section], *, seen: set[type[Section]]) -> Iterator[str]:
    """A table of the section's keys, then the sections below it."""
    title = place or "Top level"
    meaning = "" if section is AuditFile else (section.__doc__ or "").splitlines()[0]
    rows: list[tuple[str, ...]] = []
    inner: list[tuple[str, type[Section]]] = []
    for key, field in section.model_fields.items():
        below = _section_in(field.annotation)
        if below is None or issubclass(below, NamedOptions | Gate):
            rows.append((f"`{key}`", _type(field), _default(field), field.description or ""))
            continue
        path = _path(place, key, field)
        about = field.description or (below.__doc__ or "").splitlines()[0].rstrip(".")
        if below in seen:
            rows.append((f"`{key}`", _kind(field.annotation), _default(field), f"{about}; keys as in `data`"))
            continue
        rows.append(
            (f"`{key}`", _kind(field.annotation), _default(field), f"{about}; see [{path}](#{_anchor(path)})")
        )
        seen.add(below)
        inner.append((path, below))
    yield f"## {title}" + (f"\n\n{meaning}" if meaning else "")
    yield _table(("Key", "Type", "Default", "Meaning"), rows)
    for path, below in inner:
        yield from _section_blocks(path, below, seen=seen)


def _path(place: str, key: str, field: FieldInfo) -> str:
    several = get_origin(field.annotation) is tuple
    return ".".join(part for part in (place, key) if part) + ("[]" if several else "")


def _anchor(title: str) -> str:
    return "".join(sign for sign in title.lower() if sign.isalnum() or sign in "-_")


def _section_in(annotation: Any) -> type[Section] | None:  # noqa: ANN401
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    for inner in get_args(annotation):
        found = _section_in(inner)
        if found is not None:
            return found
    return None


def _type(field: FieldInfo) -> str:
    bounds = [
        text.format(f"{getattr(limit, name):g}")
        for limit in field.metadata
        for name, text in _BOUNDS.items()
        if isinstance(getattr(limit, name, None), int | float)
    ]
    return ", ".join([_kind(field.annotation), *bounds])


def _kind(annotation: Any) -> str:  # noqa: ANN401
    """A type in the words of somebody who writes YAML."""
    plain = {str: "text", int: "whole number", float: "number", bool: "true or false", Path: "path"}
    if annotation in plain:
        return plain[annotation]
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " \\| ".join(f"`{choice}`" for choice in inner)
    if origin in (Union, types.UnionType):
        return " or ".join(_kind(one) for one in inner if one is not type(None))
    if origin is tuple:
        several = len(inner) == 2 and inner[1] is Ellipsis
        return f"list of {_kind(inner[0])}" if several else f"{len(inner)} numbers"
    if origin is dict:
        return f"mapping of {_kind(inner[0])} to {_kind(inner[1])}"
    if isinstance(annotation, type) and issubclass(annotation, NamedOptions):
        return "entry"
    if isinstance(annotation, type) and issubclass(annotation, Gate):
        return "text"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "section"
    return _kind(inner[0])


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**needed**"
    value = field.get_default(call_default_factory=True)
    if value is PydanticUndefined or value is None or value in ((), {}, ""):
        return ""
    if isinstance(value, Section):
        return ""
    if isinstance(value, tuple):
        names = [one.name if isinstance(one, NamedOptions) else one for one in value]
        return f"`[{', '.join(map(str, names))}]`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`"


def _explainer_cells(row: ExplainerRow) -> tuple[str, ...]:
    return (
        f"`{row.id}`",
        row.meaning,
        "yes" if row.signed else "",
        "yes" if row.gradients else "",
        row.cost,
        row.citation,
    )


def _metric_cells(row: MetricRow) -> tuple[str, ...]:
    better = {True: "higher", False: "lower", None: ""}[row.higher_is_better]
    source = "[concepts](../concepts.md)" if row.citation.startswith("xaudit") else row.citation
    meaning = f"{row.meaning}. *Not available*: {row.unavailable}" if row.unavailable else row.meaning
    return (f"`{row.id}`", meaning, better, row.range, row.cost, ", ".join(row.needs), source)


def _quantus_cells(row: MetricRow) -> tuple[str, ...]:
    name, meaning, better, *_ = _metric_cells(row)
    return name, row.family, better, meaning


def _settings(named: Sequence[tuple[str, tuple[Option, ...]]]) -> list[str]:
    blocks = []
    for name, options in named:
        if options:
            rows = [(f"`{o.name}`", _default_of(o), _allowed(o), o.meaning) for o in options]
            blocks.append(f"### {name}\n\n" + _table(("Setting", "Default", "Allowed", "Meaning"), rows))
    return blocks


def _default_of(option: Option) -> str:
    return "" if option.default is None else f"`{option.default}`"


def _allowed(option: Option) -> str:
    choices = [f"`{choice}`" for choice in option.choices]
    low = [] if option.minimum is None else [f"at least {option.minimum:g}"]
    high = [] if option.maximum is None else [f"at most {option.maximum:g}"]
    return ", ".join(low + high + choices)


def _head(title: str, source: str) -> str:
    return f"# {title}\n\n{_NOTICE.format(source=source)}"


def _page(blocks: Sequence[str]) -> str:
    return "\n\n".join(block.rstrip("\n") for block in blocks) + "\n"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def with_users(page: str) -> str:
    """Return the page of dependencies with the files that import each package in its third column."""
    files = users()

    def row(found: re.Match[str]) -> str:
        paths = files[found[2]]
        rooms = sorted({path.partition("/")[0].removesuffix(".py") for path in paths})
        names = ", ".join(f"`{name}`" for name in (paths if len(paths) <= 3 else rooms))
        return f"{found[1]}{names or 'nowhere'} |"

    return _DEPENDENCY.sub(row, page)


def main() -> None:
    """Write every page, the picture of the rooms, and the files that use each dependency."""
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    draw_architecture.main()
    DEPENDENCIES.write_text(with_users(DEPENDENCIES.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
