"""Lets ``python -m xaudit`` do what the ``xaudit`` command does."""

from xaudit.cli import main

main()
