"""Nobody else may own our import names."""

from pathlib import Path

from commands.ownership import OURS, complaint, foreign_owners, found_elsewhere, must_be_ours
from tests.faults.house import House


def test_this_environment_is_ours() -> None:
    must_be_ours()


def test_our_own_distribution_is_no_stranger() -> None:
    assert foreign_owners({name: ["mail-helpdesk"] for name in OURS}) == {}
    assert foreign_owners({"rules": ["mail_helpdesk"], "yaml": ["PyYAML"], "scanners": ["scanners"]}) == {}


def test_a_stranger_is_named() -> None:
    owners = {"rules": ["mail-helpdesk", "rules"], "store": ["shop", "shop", "attic"], "yaml": ["PyYAML"]}
    assert foreign_owners(owners) == {"rules": "rules", "store": "attic, shop"}
    said = complaint(foreign_owners(owners))
    assert "rules of rules; store of attic, shop" in said
    assert "virtual environment of its own" in said
    assert "\n" not in said


def test_only_what_an_import_finds_before_us_counts(tmp_path: Path) -> None:
    first, second, ours, last = (tmp_path / name for name in ("first", "second", "ours", "last"))
    for place in (first, second, ours, last):
        place.mkdir()
    (second / "rules").mkdir()
    assert found_elsewhere([first, second, ours, last], root=ours) == {}, "a folder without __init__.py gives way"
    (second / "rules" / "__init__.py").touch()
    (last / "clock.py").touch()
    assert found_elsewhere([first, second, ours, last], root=ours) == {"rules": second}
    (first / "rules.py").touch()
    assert found_elsewhere([first, second, ours, last], root=ours)["rules"] == first


def test_check_and_run_name_the_stranger(house: House) -> None:
    """A foreign `rules` that comes first, with the list of files that `pip install` leaves."""
    site = house.folder / "site"
    record = site / "rules-1.0.dist-info"
    record.mkdir(parents=True)
    (site / "rules.py").write_text("")
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: rules\nVersion: 1.0\n")
    (record / "RECORD").write_text("rules.py,,\nrules-1.0.dist-info/METADATA,,\n")
    start = "import sys; sys.path.insert(0, sys.argv.pop(1)); import cli; cli.main()"
    for command in ("check", "run"):
        with house.running(command, program=(house.python, "-c", start, str(site), "-c", house.config)) as running:
            running.ends().fails("foreign code takes the place of ours", "rules of rules", "uninstall it")
