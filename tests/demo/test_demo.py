"""The demo as a newcomer starts it: a process of its own, without a home, into a pipe."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from demo.bell import Bell, Broken, NotInTime
from demo.program import ROOT, ConfigOutOfStep, settings

SITUATIONS = (
    r"^A question$",
    r"^Another question, in English",
    r"reply with the tag",
    r"lost the tag",
    r"^An out-of-office answer",
    r"^A rule gives priority and group",
    r"^A newsletter",
    r"^A customer who opted out",
    r"^A stranger guesses a tag",
    r"^An agent takes",
    r"^The agent solves, comments .*, closes",
)
# What was decided, sent and withheld, and why; one line of the transcript each.
FACTS = (
    r"because  tag \[ACME-1\], from its requester",
    r"because  token: answers letter \w+",
    r"waiting → open: the customer wrote",
    r"written by a machine \(signs: Auto-Submitted",
    r"rule 'outage at a key account': priority urgent",
    r"because  rule 'newsletters'",
    r"withheld from paul@stille\.example: opted out",
    r"because  tag \[ACME-1\], but the sender has no part in it",
    r"letter   to olivia@brown\.example \(acknowledgement, en\)",
    r"letter   to jonas@weiss\.example \(solution, de\), queued",
    r"^ACME-1 .* closed ",
    r"^No gap\.$",
)


@contextmanager
def started(tmp_path: Path, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """The demo, at work; its files are below TMP_PATH.  Whatever is left of it is ended."""
    home = tmp_path / "home"
    home.mkdir()
    environment = {name: value for name, value in os.environ.items() if name not in ("KEEP", "HELPDESK_AGENT")}
    process = subprocess.Popen(
        [sys.executable, "-m", "demo"], cwd=ROOT, text=True, encoding="utf-8", stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=environment | {"HOME": str(home), "TMPDIR": str(tmp_path)} | variables,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def read_until(process: subprocess.Popen[str], pattern: str) -> str:
    """What the demo prints up to the line with PATTERN, or to its end."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if re.search(pattern, line):
            break
    return "".join(lines)


def helpdesks_of(folder: Path) -> list[int]:
    """The processes of the helpdesk whose settings are below FOLDER."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if f"\0{folder}/".encode() in file.read_bytes():
                found.append(int(file.parent.name))
    return found


def test_a_morning_at_the_support_desk(tmp_path: Path) -> None:
    with started(tmp_path) as process:
        transcript, complaint = process.communicate(timeout=110)
    assert (process.returncode, complaint) == (0, "")
    for pattern in (*SITUATIONS, *FACTS):
        assert re.search(pattern, transcript, re.MULTILINE), f"{pattern} is missing in:\n{transcript}"
    # A screen of 80 columns is enough, but for the line with the folder, whose name is not ours to choose.
    assert [line for line in transcript.splitlines() if len(line) > 80 and str(tmp_path) not in line] == []
    assert "\x1b" not in transcript
    assert not helpdesks_of(tmp_path)


@pytest.mark.parametrize("moment", ["A morning at the support desk", "agent "])
def test_ctrl_c_at_any_moment_ends_it_cleanly(tmp_path: Path, moment: str) -> None:
    with started(tmp_path) as process:
        read_until(process, moment)
        process.send_signal(signal.SIGINT)
        _, complaint = process.communicate(timeout=30)
    assert (process.returncode, complaint.strip()) == (130, "Interrupted; everything is stopped.")
    assert not list(tmp_path.glob("helpdesk-*"))
    assert not helpdesks_of(tmp_path)


def test_kept_up_it_says_how_to_connect(tmp_path: Path) -> None:
    with started(tmp_path, KEEP="1") as process:
        transcript = read_until(process, "The log of the daemon, from here on")
        command = re.search(r"helpdesk -c (\S+) list$", transcript, re.MULTILINE)
        assert command is not None, transcript
        listed = subprocess.run(
            [sys.executable, "-m", "cli", "-c", command[1], "list"], cwd=ROOT, capture_output=True, text=True,
            timeout=30, check=True,
        )  # fmt: skip
        process.send_signal(signal.SIGINT)
        _, complaint = process.communicate(timeout=30)
    assert "ACME-2" in listed.stdout
    for words in (r"IMAP 127\.0\.0\.1, port \d+", r"SMTP 127\.0\.0\.1, port \d+", r"password demo"):
        assert re.search(words, transcript), transcript
    assert (process.returncode, complaint.strip()) == (130, "Interrupted; everything is stopped.")


def test_a_daemon_that_dies_is_one_clear_line(tmp_path: Path) -> None:
    with started(tmp_path) as process:
        read_until(process, "decided")
        for pid in helpdesks_of(tmp_path):
            os.kill(pid, signal.SIGKILL)
        _, complaint = process.communicate(timeout=60)
    assert process.returncode == 1
    assert re.match(r"\nThe demo failed: .+\nIts files, the log among them: .+\n\Z", complaint), complaint


def test_what_does_not_come_true_fails_in_its_time() -> None:
    with pytest.raises(NotInTime, match="the moon turns blue: not within 0 seconds"):
        Bell().wait_for("the moon turns blue", lambda: None, seconds=0.01)


def test_who_waits_on_something_broken_is_told_at_once() -> None:
    bell = Bell()
    bell.break_down("the daemon has ended")
    with pytest.raises(Broken, match="the daemon has ended"):
        bell.wait_for("a mail", lambda: None)


def test_the_shipped_config_lost_a_line_that_the_demo_needs() -> None:
    shipped = (ROOT / "config.yaml").read_text(encoding="utf-8")
    with pytest.raises(ConfigOutOfStep, match="one line 'smtp: …' and finds 0"):
        settings(shipped.replace("\nsmtp:", "\nmail:"), imap_port=1, smtp_port=2)
