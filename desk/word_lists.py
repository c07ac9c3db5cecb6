"""The files that `in_file` names in rules: one value a line, read with config.yaml.

Fails with: nothing; what cannot be read comes back as remarks, each at its place in config.yaml.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path as FilePath

import rules
from desk.complaints import Remark
from desk.cross_checks import rule_remark
from domain.rule import RuleSpec

MAX_OCTETS = 50_000_000


def read(specs: Sequence[RuleSpec], folder: FilePath) -> tuple[Mapping[str, tuple[str, ...]], tuple[Remark, ...]]:
    """The lines of the files that SPECS name, relative to FOLDER, and what is wrong with files and lines."""
    lists: dict[str, tuple[str, ...]] = {}
    remarks: list[Remark] = []
    for path, name in rules.files(specs):
        if name in lists:
            continue
        lists[name], problem = _lines(folder / name)
        if problem:
            remarks.append(Remark(path=("rules", *path), text=f"{name}: {problem}"))
    # Without a file there is nothing that has not been checked before.
    found = rules.problems(specs, lists=lists) if lists else ()
    remarks += [rule_remark(one, specs) for one in found if "in_file" in one.path or one.severity == "warning"]
    return lists, tuple(remarks)


def _lines(file: FilePath) -> tuple[tuple[str, ...], str]:
    """The values in FILE, and why it cannot be read, '' if it can."""
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_OCTETS + 1)
    except FileNotFoundError:
        return (), "there is no such file"
    except (OSError, ValueError) as error:
        return (), f"cannot be read: {getattr(error, 'strerror', None) or 'this is not the name of a file'}"
    if len(data) > MAX_OCTETS:
        return (), f"has more than {MAX_OCTETS // 1_000_000} MB"
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return (), f"line {data[: error.start].count(10) + 1} is not UTF-8"
    lines = (line.strip() for line in text.splitlines())
    return tuple(line for line in lines if line and not line.startswith("#")), ""
