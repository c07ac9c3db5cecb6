"""The real `helpdesk`, as its own processes: the daemon, and the commands of an agent.

It stands on a folder with a config.yaml made of the shipped one, with other hosts, ports and secrets.
The log of the daemon goes into a file there, and every line of it rings the bell.

Fails with: CommandFailed, ConfigOutOfStep.
"""

import contextlib
import os
import re
import secrets
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from demo.bell import Bell
from demo.interrupts import uninterrupted
from demo.post import HOST, PASSWORD
from domain.errors import DeskError

ROOT = Path(__file__).parent.parent
STOP_SECONDS = 15.0
COMMAND_SECONDS = 30.0
# `helpdesk` itself, also where nobody has put it on the path.
_HELPDESK = (sys.executable, "-m", "cli")


class CommandFailed(DeskError):
    """A command of the helpdesk ended with an error."""


class ConfigOutOfStep(DeskError):
    """The shipped config.yaml has lost a line that the demo puts its own values into."""


class Program:
    """The helpdesk whose files are in FOLDER."""

    def __init__(self, folder: Path, *, bell: Bell) -> None:
        self.folder = folder
        self.config = folder / "config.yaml"
        self.log = folder / "helpdesk.log"
        self.echo: Callable[[str], None] | None = None
        self._bell = bell
        self._daemon: subprocess.Popen[str] | None = None
        self._reader = threading.Thread(target=self._read_log, name="log", daemon=True)
        self._ending = False

    def set_up(self, *, imap_port: int, smtp_port: int) -> None:
        """Write settings and secrets."""
        _write_secret(self.folder / "signing.key", secrets.token_hex(32))
        _write_secret(self.folder / "imap.password", PASSWORD)
        shipped = (ROOT / "config.yaml").read_text(encoding="utf-8")
        self.config.write_text(settings(shipped, imap_port=imap_port, smtp_port=smtp_port), encoding="utf-8")

    def start(self) -> None:
        """Start `helpdesk run`."""
        # A session of its own: Ctrl-C is for the demo, which then ends the daemon in good order.
        with uninterrupted():
            self._daemon = subprocess.Popen(
                self._words("run", "--verbose"), cwd=ROOT, env=_environment(), stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, encoding="utf-8", errors="replace",
                start_new_session=True,
            )  # fmt: skip
        self._reader.start()

    def stop(self) -> bool:
        """End the daemon as systemd would, by SIGTERM; whether it finished what was in hand."""
        self._ending = True
        daemon = self._daemon
        if daemon is None:
            return True
        daemon.terminate()
        try:
            code = daemon.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            daemon.kill()
            code = daemon.wait()
        self._reader.join(2)
        return code == 0

    def command(self, *words: str, agent: str = "") -> str:
        """What a command prints.  Raises CommandFailed with its complaint."""
        running: subprocess.Popen[str] | None = None
        try:
            with uninterrupted():
                running = subprocess.Popen(
                    self._words(*words), cwd=ROOT, env=_environment(HELPDESK_AGENT=agent), stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8", errors="replace",
                    start_new_session=True,
                )  # fmt: skip
            out, complaint = running.communicate(timeout=COMMAND_SECONDS)
        except BaseException:
            if running is not None:
                running.kill()
                running.wait()
            raise
        if running.returncode != 0:
            reason = complaint.strip().splitlines()[-1:] or out.strip().splitlines()[-1:] or ["no reason given"]
            raise CommandFailed(f"helpdesk {words[0]} ended with exit code {running.returncode}: {reason[0]}")
        return out

    def _words(self, *words: str) -> list[str]:
        return [*_HELPDESK, "--config", str(self.config), *words]

    def _read_log(self) -> None:
        assert self._daemon is not None
        assert self._daemon.stderr is not None
        last = ""
        with self.log.open("w", encoding="utf-8") as file, self._daemon.stderr as lines:
            for line in lines:
                file.write(line)
                file.flush()
                last = line.strip() or last
                if self.echo is not None:
                    with contextlib.suppress(OSError):
                        self.echo(line.rstrip())
                self._bell.ring()
        if not self._ending:
            self._bell.break_down(f"the daemon has ended; its last words: {last or 'none'}")


def settings(shipped: str, *, imap_port: int, smtp_port: int) -> str:
    """The shipped config.yaml with the servers, secrets and database of the demo.  Raises ConfigOutOfStep."""
    text = re.sub(r"\A(?:#.*\n|\n)+", "", shipped)
    values = {
        "keys": "[file:signing.key]",
        "database": "sqlite:///helpdesk.db",
        "imap": f"{{host: {HOST}, port: {imap_port}, tls: none, user: support@acme.example, "
        "password: file:imap.password}",
        "smtp": f"{{host: {HOST}, port: {smtp_port}, tls: none}}",
    }
    for key, value in values.items():
        text, count = re.subn(rf"^( *{key}): .*$", rf"\1: {value}", text, flags=re.MULTILINE)
        if count != 1:
            raise ConfigOutOfStep(f"{ROOT / 'config.yaml'}: the demo looks for one line '{key}: …' and finds {count}")
    return f"# The shipped config.yaml with the servers of one run of the demo.\n\n{text}"


def _environment(**more: str) -> Mapping[str, str]:
    """Our own without what would lead the helpdesk elsewhere."""
    foreign = {"HELPDESK_CONFIG", "HELPDESK_AGENT", "NOTIFY_SOCKET", "JOURNAL_STREAM", "FORCE_COLOR"}
    return {name: value for name, value in os.environ.items() if name not in foreign} | more


def _write_secret(file: Path, text: str) -> None:
    file.touch(mode=0o600)
    file.write_text(text + "\n", encoding="utf-8")
