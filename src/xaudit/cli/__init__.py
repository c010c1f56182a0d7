"""The ``xaudit`` command: one thin module per command, one boundary that turns errors into exit codes."""

import sys


def main() -> None:
    """Carries out the process's command line and ends the process with its exit code."""
    from xaudit.streams import guard_standard_streams

    streams = guard_standard_streams()  # before any other import opens a file
    from xaudit.cli.boundary import run_command_line
    from xaudit.engine.allocator import keep_freed_memory

    keep_freed_memory()
    code = run_command_line(sys.argv[1:])
    sys.stdout.flush()
    note = streams.note_on_lost_output()
    if note:
        sys.stderr.write(f"note:  {note}\n")
    sys.exit(code)
