"""The ``xaudit`` command: one thin module per command, one boundary that turns errors into exit codes."""

import sys


def main() -> None:
    """Carries out the process's command line and ends the process with its exit code."""
    from xaudit.cli.boundary import run_command_line

    sys.exit(run_command_line(sys.argv[1:]))
