"""A process that has imported everything and carries out each command line in a child of its own.

A child begins at once, so that a hundred runs can be started and killed in minutes. Nothing is computed before the
fork, and every library has one thread, so that a child finds no lock held.
"""

import importlib
import os
import sys

LIBRARIES = (
    "xaudit.cli.boundary",
    "xaudit.stages.run",
    "xaudit.chunks",
    "xaudit.explainers.lime",
    "xaudit.explainers.cam",
    "xaudit.explainers.cam_library",
    "xaudit.explainers.controls",
    "xaudit.metrics.faithfulness",
    "xaudit.metrics.localization",
    "xaudit.report.terminal.screen",
    "xaudit.report.sections.first_screen",
    "xaudit.cli.show_outcome",
    "xaudit.stages.scores.changed_images",
    "pytorch_grad_cam",
    "known_network",
)


def main():
    for name in LIBRARIES:
        importlib.import_module(name)
    from xaudit.cli.boundary import run_command_line

    tell("ready")
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            os._exit(run_command_line(line.split()))
        tell(f"started {pid}")
        _, status = os.waitpid(pid, 0)
        tell(f"ended {os.waitstatus_to_exitcode(status)}")


def tell(text):
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
