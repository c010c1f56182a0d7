"""Publication of a data audit: the folder with its tables, its JSON and its page."""

import json
from pathlib import Path

from xaudit.records import DataAudit
from xaudit.report.files.data_audit_json import data_audit_as_json
from xaudit.report.html.data_page import data_page
from xaudit.store.atomic_folder import write_folder
from xaudit.store.data_audit_tables import encoded_tables

JSON_FILE, PAGE_FILE = "data-audit.json", "data-audit.html"


def write_data_audit(audit: DataAudit, out: Path) -> Path:
    """Write the folder of a data audit below ``out`` in one step, and return its path.

    Raises:
        OutputError: if it cannot be written; what was there before is kept.
    """
    plain = json.dumps(data_audit_as_json(audit), indent=2, ensure_ascii=False, allow_nan=False)
    files = {
        JSON_FILE: (plain + "\n").encode(),
        PAGE_FILE: data_page(audit).encode(),
        **encoded_tables(audit),
    }
    path = out / audit.audit_id
    write_folder(path, files, replaces_if=JSON_FILE)
    return path
