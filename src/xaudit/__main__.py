"""Lets ``python -m xaudit`` do what the ``xaudit`` command does."""

from xaudit.cli import main

if __name__ == "__main__":  # a worker process imports this file too
    main()
