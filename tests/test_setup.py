"""The set-up itself: import names, the lock, the Makefile.

The project's top-level names are common words (rules, store, ...). A foreign distribution of the same name would
write into our folders or shadow them, so these tests fail as soon as one turns up in the environment.
"""

import ast
import importlib.util
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DISTRIBUTION = "mail-helpdesk"
OUR_NAMES = ["domain", "scanner", "rules", "store", "notifier", "desk", "commands", "demo", "clock", "cli"]


@pytest.mark.parametrize("name", OUR_NAMES)
def test_no_other_distribution_owns_our_import_name(name: str) -> None:
    # An editable install lists no modules, so our own distribution may be absent, but no other may be present.
    assert set(packages_distributions().get(name, [])) <= {DISTRIBUTION}


@pytest.mark.parametrize("name", OUR_NAMES)
def test_import_name_leads_into_the_project(name: str) -> None:
    spec = importlib.util.find_spec(name)
    assert spec is not None, f"{name} cannot be imported"
    assert spec.origin is not None, f"{name} has no __init__.py"
    assert Path(spec.origin).resolve().is_relative_to(ROOT)


def test_the_wheel_lists_exactly_our_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
    assert sorted(entry.removesuffix(".py") for entry in listed) == sorted(OUR_NAMES)
    assert project["project"]["name"] == DISTRIBUTION
    assert "Private :: Do Not Upload" in project["project"]["classifiers"]


def test_domain_imports_the_standard_library_and_pydantic_only() -> None:
    # The import-linter contract can only forbid libraries it knows by name; this also catches the next one.
    allowed = sys.stdlib_module_names | {"domain", "pydantic", "pydantic_core"}
    foreign = set()
    for path in (ROOT / "domain").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                modules = [node.module or ""]
            else:
                continue
            foreign |= {f"{path.name}: {module}" for module in modules if module.split(".")[0] not in allowed}
    assert not foreign


def test_the_lock_names_no_address_and_no_path() -> None:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    suspicious = [line for line in lines if re.search(r"://|^\s*-(?!-hash=)|\bfile:|@ |(^|\s)/\w", line)]
    assert not suspicious


def test_every_pin_in_the_lock_has_a_hash() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=[A-Za-z0-9])", lock)[1:]
    assert entries
    assert [entry.split()[0] for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []


def test_the_lock_holds_every_package_that_pyproject_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = list(project["project"]["dependencies"]) + list(project["build-system"]["requires"])
    for extra in project["project"]["optional-dependencies"].values():
        wanted += extra
    names = {re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~; ]", entry, maxsplit=1)[0]).lower() for entry in wanted}
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = {match.lower() for match in re.findall(r"^([A-Za-z0-9._-]+)==", lock, flags=re.MULTILINE)}
    assert names <= locked, "run `make lock`"


def test_make_help_names_real_targets() -> None:
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    named = [line.split()[0] for line in shown.splitlines() if not line.startswith("make[")]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):(?!=)", makefile, flags=re.MULTILINE))
    assert set(named) <= targets
    assert {"install", "demo", "test", "lint", "bench", "docs", "clean", "lock"} <= set(named)
