"""Entry point of ``python -m xaudit``."""

from xaudit.cli import main

if __name__ == "__main__":  # a worker process imports this file too
    main()
