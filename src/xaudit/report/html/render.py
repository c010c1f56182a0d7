"""The page as HTML: one file, no network, and a content policy that lets nothing run but its own script."""

import base64
import hashlib
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from xaudit.report.hashed_ids import HashedIds
from xaudit.report.html.contents import contents
from xaudit.report.html.page import page_of
from xaudit.report.html.parts import Page
from xaudit.stages.views.report_material import ReportMaterial

_TEMPLATES = Path(__file__).parent / "templates"


def html_report(material: ReportMaterial, *, images: bool = True, hashed: HashedIds | None = None) -> str:
    """The whole page of a finished run.

    Args:
        material: its outcome is shown as it is; with ``hashed`` the ids of cases are replaced here.
        images: whether images, maps and outlines are shown.
        hashed: what stands for ids; None to show them.
    """
    named: Callable[[str], str] = str if hashed is None else hashed.id
    texts: Callable[[str], str] = str if hashed is None else hashed.text
    return render(page_of(material, images=images, named=named, texts=texts))


def render(page: Page) -> str:
    """The page laid out."""
    style = _asset("report.css") + _asset("viewer.css") + _asset("data-audit.css")
    script = _asset("viewer.js") + _asset("report.js")
    return _template("report.html.j2").render(
        page=page,
        contents=contents(page),
        policy=_policy(style, f"'{_digest(script)}'"),
        # Both are this program's own files, and hold no value of a run.
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
        data=Markup(data_block(page.gallery.data)),  # noqa: S704
    )


def page_text(template: str, page: object, *, styles: tuple[str, ...]) -> str:
    """Lay out another page that runs no script, under the same policy; ``styles`` are files beside the templates."""
    style = "".join(_asset(name) for name in styles)
    return _template(template).render(page=page, policy=_policy(style, "'none'"), style=Markup(style))  # noqa: S704


def _policy(style: str, scripts: str) -> str:
    return (
        "default-src 'none'; img-src data:; "
        f"style-src '{_digest(style)}'; script-src {scripts}; base-uri 'none'; form-action 'none'"
    )


def data_block(value: dict[str, Any]) -> str:
    r"""JSON that can stand in a ``script`` element, whatever its texts hold.

    Example:
        >>> data_block({"id": "</script><img>"})
        '{"id":"\\u003c/script\\u003e\\u003cimg\\u003e"}'
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


@cache
def _template(name: str) -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["code"] = _code
    return environment.get_template(name)


def _code(text: str) -> Markup:
    """A text whose parts in backticks are code; the rest is escaped like every other text."""
    parts = [str(escape(part)) for part in text.split("`")]
    if len(parts) % 2 == 0:
        return Markup("`".join(parts))  # noqa: S704
    return Markup("".join(f"<code>{part}</code>" if place % 2 else part for place, part in enumerate(parts)))  # noqa: S704


@cache
def _asset(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
