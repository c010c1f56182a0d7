"""The schema version of a run folder's files, and the check that this program can read them.

The minor number grows when a column or a key is added; the major one when an old reader would misunderstand.
"""

import re
from typing import TypeGuard

from xaudit.errors import RunFolderError

SCHEMA_VERSION = "1.6"
"""Version written into every table's footer and every JSON file of a run folder.

1.6: the column `finding` of every table with models, and of the cases.
1.5: the table `map_clusters`.
1.4: the table `attributes`.
1.3: the model is asked about images of every class; the tables `reliance_map` and `reliance_areas`.
1.2: maps are float32; those of earlier versions are float16 and are still read.
1.1: the state `shard` and `share.json`; `outcome.json` has all of its keys. Before, keys came without a new number.
"""

AUDIT_AGAIN = "audit again with --fresh to replace it"
"""The hint for a run folder that cannot be read."""

_MAJOR = int(SCHEMA_VERSION.partition(".")[0])


def require_readable(version: object, shown: str) -> None:
    """Check that this program can read files of a schema version.

    Args:
        version: the value in the file.
        shown: the file's name in an error.

    Raises:
        RunFolderError: if the file is newer than this program, or carries no version.
    """
    if not is_version(version):
        raise RunFolderError(f"{shown}: damaged: it names no schema version", hint=AUDIT_AGAIN)
    if int(version.partition(".")[0]) > _MAJOR:
        raise RunFolderError(
            f"{shown}: written by a newer xaudit (schema {version}; this one reads up to {_MAJOR}.x)",
            hint="upgrade xaudit, or audit again with --fresh",
        )


def is_version(version: object) -> TypeGuard[str]:
    """Return True for the text of a version, such as ``1.0``."""
    return isinstance(version, str) and re.fullmatch(r"[0-9]{1,9}\.[0-9]{1,9}", version) is not None
