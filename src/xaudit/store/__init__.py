"""The run folder on disk: its files, tables and manifest, and the resumption of a run that stopped.

This package is light to import. The Parquet tables are in :mod:`xaudit.store.tables` (whole) and
:mod:`xaudit.store.parts` (in pieces); these two import pyarrow.
"""

from xaudit.store.run_folder import RunFolder
from xaudit.store.run_list import RunEntry, list_runs

__all__ = ["RunEntry", "RunFolder", "list_runs"]
