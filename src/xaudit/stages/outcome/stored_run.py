"""A finished run with all that is needed to hold it against another one, read when it is first asked for."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from xaudit.config import StatisticsSection
from xaudit.config.plain_yaml import PlainYamlError, plain_yaml
from xaudit.errors import RunFolderError
from xaudit.records import Annotation, Attribute, Case, Outcome, Prediction, ScoreResult
from xaudit.stages.outcome.read_outcome import load, read_head
from xaudit.store.parts import SCORES, part_keys, read_parts
from xaudit.store.run_folder import RunFolder
from xaudit.store.schema_version import AUDIT_AGAIN
from xaudit.store.tables import read_annotations, read_attributes, read_cases, read_predictions


class StoredRun:
    """A finished run.

    Every attribute raises RunFolderError where its file is missing, damaged or newer than this program.
    """

    def __init__(self, path: Path) -> None:
        self.folder = RunFolder.open_run(path)
        self.run_id = self.folder.run_id

    @cached_property
    def head(self) -> Mapping[str, Any]:
        """The outcome's fields that are not tables."""
        return read_head(self.folder)

    @cached_property
    def outcome(self) -> Outcome:
        """The run as reports see it."""
        return load(self.folder)

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        """Every image that could be read."""
        return read_cases(self.folder)

    @cached_property
    def attributes(self) -> Mapping[str, Attribute]:
        """Attributes of the cases, by name."""
        return read_attributes(self.folder)

    @cached_property
    def annotations(self) -> tuple[Annotation, ...]:
        """Readers' marks."""
        return read_annotations(self.folder)

    @cached_property
    def predictions(self) -> tuple[Prediction, ...]:
        """Predictions of every model for every case."""
        return read_predictions(self.folder)

    @cached_property
    def scores(self) -> tuple[ScoreResult, ...]:
        """Every score, and every missing one with its reason."""
        read = read_parts(self.folder, SCORES, part_keys(self.folder, SCORES))
        if read.notices:
            raise RunFolderError(f"{self.run_id}: {read.notices[0]}", hint=AUDIT_AGAIN)
        return read.rows

    @cached_property
    def settings(self) -> dict[str, Any]:
        """The audit file as the run kept it, with models and explainers."""
        try:
            plain = plain_yaml(self.folder.audit_path.read_text(encoding="utf-8"))
            return {"models": plain["models"], "explainers": plain["explainers"], **plain}
        except (OSError, PlainYamlError, KeyError, TypeError, UnicodeDecodeError):
            raise RunFolderError(
                f"{self.run_id}/{self.folder.audit_path.name}: missing or damaged", hint=AUDIT_AGAIN
            ) from None

    @property
    def explainers(self) -> tuple[str, ...]:
        """Ids of the explainers that are no controls."""
        controls = set(self.head["controls"])
        return tuple(one for one in self.head["explainers"] if one not in controls)

    @property
    def statistics(self) -> StatisticsSection:
        """Settings of the run's intervals."""
        return StatisticsSection.model_validate(self.head["statistics"])

    @property
    def metric_names(self) -> Mapping[str, str]:
        """Catalog name of each metric id that the audit file chose."""
        return dict(self.head["metric_names"])

    @property
    def schema_version(self) -> str:
        """Schema version of the run's files."""
        return str(self.head.get("schema_version"))
