"""Check of the data in every run: the same file in two splits, by the digests that reading the data gave."""

from collections import defaultdict

from xaudit.cases.dataset import Dataset
from xaudit.cases.splits import SCORED
from xaudit.counts import counted
from xaudit.records import Case, DataCheck, ExactCopy, Verdict

CODE = "XA404"
RULE = "no copies across splits"


def check_exact_copies(data: Dataset) -> DataCheck:
    """Look for byte-for-byte copies of an image in another split; no image is read again.

    A changed copy, such as one saved again, has other bytes: ``xaudit data audit`` looks for those.
    """
    by_file: dict[str, list[Case]] = defaultdict(list)
    for case in data.cases:
        by_file[case.sha256].append(case)
    shared = [cases for cases in by_file.values() if len({case.split for case in cases}) > 1]
    rows = [
        ExactCopy(number, case.case_id, case.split, case.label)
        for number, cases in enumerate(sorted(shared, key=lambda cases: cases[0].case_id), start=1)
        for case in cases
    ]
    return DataCheck(
        id="exact-copies",
        title="The same file in two splits",
        dataset_id=data.id,
        verdicts=(_verdict(data, rows),) if rows else (),
        tables={"exact_copies": rows},
        n_patients=len({case.cluster for case in data.cases}),
    )


def _verdict(data: Dataset, rows: list[ExactCopy]) -> Verdict:
    tested = sum(row.split == SCORED for row in rows)
    if tested:
        n_test = sum(case.split == SCORED for case in data.cases)
        has = "has" if tested == 1 else "have"
        text = (
            f"{tested:,} of {counted(n_test, 'test image')} {has} an exact copy in training or validation, so the score on "
            f"{'it' if tested == 1 else 'them'} measures memory"
        )
    else:
        groups = max(row.group for row in rows)
        text = f"{counted(groups, 'file is', 'files are')} both in training and in validation"
    return Verdict(
        code=CODE,
        status="fail",
        model_id="",
        subject=data.id,
        rule=RULE,
        sentence=f"{text}; `xaudit data audit` proposes groups that stay together",
        value=float(tested),
        gating=False,
    )
