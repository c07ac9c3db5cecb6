"""The daemon takes changed settings over while it runs, and a broken file changes nothing."""

import json
import os
import signal
from pathlib import Path
from typing import Any

from tests.faults.house import House, Running

URGENT = {"name": "all", "match": "always", "then": [{"set": {"priority": "urgent"}}]}


def priorities(house: House) -> list[str]:
    return [priority for (priority,) in house.ask("SELECT priority FROM ticket ORDER BY number")]


def state(house: House) -> dict[str, Any]:
    (daemon,) = json.loads(house.helpdesk("status", "--json").out)["daemons"]
    return dict(daemon)


def replaced(house: House, text: str) -> None:
    """Write config.yaml as careful editors do: another file takes its place."""
    fresh = Path(house.config + ".new")
    fresh.write_text(text, encoding="utf-8")
    os.replace(fresh, house.config)


def arrives(house: House, running: Running) -> None:
    house.mails(1)
    running.until("mail.decided")


def test_a_broken_file_is_refused_and_the_last_good_one_stays(house: House) -> None:
    """SIGHUP on a broken file: the daemon goes on as before, says so in one line, and so does `status`."""
    with house.running("run") as running:
        running.until("daemon.started")
        arrives(house, running)
        house.settings["rules"] = [URGENT]
        house.write()
        running.process.send_signal(signal.SIGHUP)
        running.until("settings.reloaded")
        arrives(house, running)
        good = Path(house.config).read_text(encoding="utf-8")

        replaced(house, good.replace('"match": "always"', '"match": "allways"'))
        running.process.send_signal(signal.SIGHUP)
        running.until("settings.refused")
        assert "rules[0] 'all' match" in running.last
        arrives(house, running)
        replaced(house, good)
        running.until("settings.good_again")
        assert (state(house)["refused"], state(house)["alive"]) == (None, True)
        ended = running.stop()
    assert ended.code == 0
    assert "Traceback" not in ended.err
    assert priorities(house) == ["normal", "urgent", "urgent"]
    assert json.loads(house.does("status", "--json"))["daemons"] == []


def test_status_names_what_was_refused_and_what_waits_for_a_restart(house: House) -> None:
    """Without a signal: the file and what it includes are looked at every few seconds."""
    (house.folder / "rules.d").mkdir()
    rules = house.folder / "rules.d" / "one.yaml"
    rules.write_text("- name: all\n  match: always\n  then: [{tag: [x]}]\n", encoding="utf-8")
    house.write()
    plain = Path(house.config).read_text(encoding="utf-8").rstrip().removesuffix("}")
    Path(house.config).write_text(f'{plain}, "rules": !include rules.d/*.yaml }}\n', encoding="utf-8")
    with house.running("run") as running:
        running.until("daemon.started")
        rules.write_text(rules.read_text(encoding="utf-8") + "  tehn: []\n", encoding="utf-8")
        running.until("settings.refused")
        assert "one.yaml:4:3: rules[0] 'all' tehn: no such key" in state(house)["refused"]
        rules.write_text(json.dumps([URGENT]), encoding="utf-8")
        running.until("settings.reloaded")
        changed = Path(house.config).read_text(encoding="utf-8").replace('"poll": "1s"', '"poll": "2s"')
        Path(house.config).write_text(changed, encoding="utf-8")
        running.until("settings.restart")
        assert state(house)["restart"] == "mailboxes.support.poll"
        said = house.helpdesk("status").out
        assert "wait for a restart: mailboxes.support.poll" in said
        arrives(house, running)
        running.process.kill()
        running.process.wait()
        assert "which has ended without a word" in house.helpdesk("status").out
    assert priorities(house) == ["urgent"]


def test_rules_whose_own_tests_fail_are_refused(house: House) -> None:
    """`helpdesk check` says no; who does not ask it has his old rules."""
    test = {"mail": {"from": "a@x.example", "subject": "x"}, "expect": {"priority": "urgent"}}
    house.settings["rules"] = [{**URGENT, "tests": [test]}]
    house.write()
    with house.running("run") as running:
        running.until("daemon.started")
        house.settings["rules"] = [{**URGENT, "then": [{"set": {"priority": "low"}}], "tests": [test]}]
        house.write()
        running.process.send_signal(signal.SIGHUP)
        running.until("settings.refused")
        assert "rules[0] 'all' tests[0]" in running.last
        assert "tests[0]" in state(house)["refused"]
        arrives(house, running)
        house.settings["rules"] = [URGENT]
        house.write()
        running.until("settings.reloaded")
        assert state(house)["refused"] is None
    assert priorities(house) == ["urgent"]
