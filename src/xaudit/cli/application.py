"""The table of commands. Importing it must stay cheap: what is heavy is imported inside the commands."""

from typing import Annotated

import typer

import xaudit
from xaudit.cli import (
    calibrate,
    catalog_list,
    compare,
    config_file,
    diff,
    doctor,
    gate,
    merge,
    open_page,
    report,
    run,
    show,
    verify,
)
from xaudit.cli.data import agreement
from xaudit.cli.data import audit as data_audit
from xaudit.cli.data import check as data
from xaudit.cli.data import convert as data_convert
from xaudit.cli.data import regions as data_regions
from xaudit.cli.output import emit
from xaudit.cli.variadic import VariadicCommand

application = typer.Typer(
    name="xaudit",
    help="Does an image classifier look where the radiologist looks, and can the picture that says so be believed?",
    epilog="Try `xaudit run`: without a file it audits two built-in models on synthetic chest CT.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_show_locals=False,
    pretty_exceptions_enable=False,
)
_config = typer.Typer(
    help="Write, check and describe audit files.", no_args_is_help=False, rich_markup_mode=None
)
_data = typer.Typer(help="Make and check data.", no_args_is_help=False, rich_markup_mode=None)

_STAGES: tuple[tuple[run.Stage, str], ...] = (
    ("train", "Trains the models that have no weights."),
    ("predict", "Trains where needed, and classifies every case."),
    ("explain", "Goes as far as the saliency maps."),
    ("score", "Goes as far as the scores."),
)


def _version(wanted: bool) -> None:
    if wanted:
        emit(f"xaudit {xaudit.__version__}")
        raise typer.Exit


@application.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001  (acted on by its callback)
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        emit(context.get_help())


_RUN = """Carries out a whole audit and prints the verdict.

Models are trained or loaded, cases classified, maps made, scored and judged. What an earlier run of the same audit
finished is reused. Exits with 1 where a gate failed."""

application.command("run", cls=VariadicCommand)(run.stage_command("report", _RUN))
for _name, _meaning in _STAGES:
    application.command(_name, cls=VariadicCommand)(run.stage_command(_name, _meaning))
application.command("merge", cls=VariadicCommand)(merge.merge)
application.command("report", cls=report.ReportCommand)(report.report)
application.command("open", cls=VariadicCommand)(open_page.open_page)
application.command("show", cls=VariadicCommand)(show.show)
application.command("compare", cls=VariadicCommand)(compare.compare)
application.command("diff", cls=VariadicCommand)(diff.diff)
application.command("gate", cls=VariadicCommand)(gate.gate)
application.command("verify", cls=VariadicCommand)(verify.verify)
application.add_typer(_data, name="data")
application.command("calibrate", cls=VariadicCommand)(calibrate.calibrate)
application.command("list", cls=VariadicCommand)(catalog_list.list_known)
application.add_typer(_config, name="config")
application.command("doctor", cls=VariadicCommand)(doctor.doctor)

_data.command("phantom", cls=VariadicCommand)(data.phantom)
_data.command("check", cls=VariadicCommand)(data.check)
_data.command("audit", cls=VariadicCommand)(data_audit.audit_the_data)
_data.command("convert", cls=VariadicCommand)(data_convert.convert)
_data.command("agreement", cls=VariadicCommand)(agreement.agreement)
_data.command("regions", cls=VariadicCommand)(data_regions.regions)
_config.command("init", cls=VariadicCommand)(config_file.init)
_config.command("validate", cls=VariadicCommand)(config_file.validate)
_config.command("schema", cls=VariadicCommand)(config_file.schema)
_config.command("export", cls=VariadicCommand)(config_file.export)
