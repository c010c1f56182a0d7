"""``xaudit open``: the page of a run, in the browser."""

from xaudit.cli.options import DEFAULT_OUT, Out, RunPath
from xaudit.cli.output import emit, say
from xaudit.errors import UsageError


def open_page(run: RunPath = None, out: Out = DEFAULT_OUT) -> int:
    """Opens the page of a finished run in the browser, and prints its path.

    The page is written first if the run has none.
    """
    import webbrowser

    from xaudit.cli.audit_choice import existing_run
    from xaudit.report.html.page_file import NAME

    folder = existing_run(run, out)
    path = folder / NAME
    if not path.is_file():
        from xaudit.report.html.page_file import write_page
        from xaudit.stages import load_material

        write_page(load_material(folder), path)
    emit(str(path))
    try:
        opened = webbrowser.open(path.resolve().as_uri())
    except webbrowser.Error as error:
        raise _no_browser() from error
    if not opened:
        raise _no_browser()
    say("opened in the browser")
    return 0


def _no_browser() -> UsageError:
    return UsageError(
        "no browser could be started here",
        hint="open the printed path yourself, or copy the file: it needs no network",
    )
