"""A short run of the fuzzer; `python -m tests.fuzz` makes a long one."""

from pathlib import Path

from tests.fuzz import SEEDS, run


def test_mutated_mails_are_read(tmp_path: Path) -> None:
    assert run(SEEDS, mails=500, seed=1, keep=tmp_path).failed == 0
