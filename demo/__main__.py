"""`python -m demo`: from the first mail of the day to the proof that none was lost."""

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType

from commands import queue
from commands.opening import now, opened_with
from commands.phrases import Now
from commands.screen import complain, say
from demo import mails, transcript
from demo.bell import Bell
from demo.day import ADA, Day
from demo.interrupts import uninterrupted
from demo.post import HOST, PASSWORD, PostOffice
from demo.program import Program
from desk.config import load
from desk.desk import Desk
from domain.errors import DeskError

INTERRUPTED = 130


def main() -> int:
    """Play the day; the exit code: 0 all came true, 1 something did not, 130 interrupted."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError):
            stream.reconfigure(errors="replace", line_buffering=True)  # type: ignore[union-attr]
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, _interrupt)
    keep = os.environ.get("KEEP", "") not in ("", "0")
    folder = Path(tempfile.mkdtemp(prefix="helpdesk-"))
    try:
        _run(folder, keep=keep)
    except KeyboardInterrupt:
        return _interrupted(folder, keep=keep)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except DeskError as error:
        complain(f"\nThe demo failed: {error}\nIts files, the log among them: {folder}", style="bold red")
        return 1
    return 0


def _interrupted(folder: Path, *, keep: bool) -> int:
    """Everything has been stopped; the exit code.  What was only half played is not kept."""
    if not keep:
        shutil.rmtree(folder, ignore_errors=True)
    complain("\nInterrupted; everything is stopped.")
    return INTERRUPTED


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt


def _run(folder: Path, *, keep: bool) -> None:
    bell = Bell()
    program = Program(folder, bell=bell)
    addresses = [mails.SUPPORT, *(person.address for person in mails.CUSTOMERS)]
    transcript.heading("A morning at the support desk of Acme")
    with ExitStack() as stack:
        # An interrupt between the start of the servers and the moment that somebody minds them would leave them behind.
        with uninterrupted():
            post = stack.enter_context(PostOffice(addresses, bell=bell))
        program.set_up(imap_port=post.imap_port, smtp_port=post.smtp_port)
        with opened_with(load(program.config)) as desk, _stopped(program):
            _open(desk, program, post, bell)
            Day(desk, program, post, bell=bell).play()
            _sum_up(desk, program)
            if keep:
                _keep(program, post)
    _farewell(folder)


@contextmanager
def _stopped(program: Program) -> Iterator[None]:
    """Whatever happens inside, the daemon is stopped afterwards, and nothing interrupts that."""
    try:
        yield
    finally:
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, signal.SIG_IGN)
        program.stop()


def _open(desk: Desk, program: Program, post: PostOffice, bell: Bell) -> None:
    """Before the first mail: a contact who wants no letters, and the daemon at its post."""
    transcript.line("servers", f"IMAP on {HOST}:{post.imap_port}, SMTP on {HOST}:{post.smtp_port}", timed=True)
    words = ("contacts", mails.PAUL.address, "--add", "--name", mails.PAUL.name, "--opt-out")
    program.command(*words, agent=ADA)
    transcript.line("contact", f"{mails.PAUL} wants no letters from us (helpdesk contacts … --opt-out)", timed=True)
    program.start()
    bell.wait_for("the daemon has looked into its mailbox", lambda: _is_at_work(desk))
    transcript.line("daemon", "helpdesk run: scans support@acme.example and waits for mail", timed=True)


def _is_at_work(desk: Desk) -> bool:
    with desk.store.reading() as view:
        return bool(view.journal.marks())


def _sum_up(desk: Desk, program: Program) -> None:
    """The queue, as `helpdesk list --all` shows it, and the proof, which fails on a gap."""
    transcript.heading("The tickets at noon (helpdesk list --all)")
    moment = now()
    listed = queue.look(desk, queue.Wish(everything=True), who=None, moment=moment)
    queue.show(desk, listed, Now.of(moment, desk.settings))
    transcript.heading("The proof that no mail is lost (helpdesk reconcile)")
    transcript.plain(program.command("reconcile").splitlines())


def _keep(program: Program, post: PostOffice) -> None:
    """Stay up until somebody interrupts."""
    post.hand_out()
    transcript.heading("The helpdesk stays up until you press Ctrl-C")
    command = f"{_helpdesk()} -c {program.config}"
    transcript.plain((
        f"  read mail   IMAP {HOST}, port {post.imap_port}, no encryption",
        f"              user {mails.JONAS.address} (or another address from above),",
        f"              password {PASSWORD}",
        f"  write mail  SMTP {HOST}, port {post.smtp_port}, no encryption, no login,",
        f"              to {mails.SUPPORT}",
        f"  be an agent, in another terminal: export HELPDESK_AGENT={ADA}",
        f"    {command} list",
        f"    {command} reply 2 -m Hello",
        "",
        "The log of the daemon, from here on:",
    ))  # fmt: skip
    program.echo = say
    while True:
        signal.pause()


def _farewell(folder: Path) -> None:
    say()
    transcript.plain((
        f"Files  {folder}  (settings, database, log, mails of the day)",
        f"Look   {_helpdesk()} -c {folder / 'config.yaml'} show 1",
        f"Start  {_helpdesk()} init -d ../support  (six commands: README.md)",
    ))  # fmt: skip


def _helpdesk() -> str:
    """How to call the program from here."""
    installed = Path(sys.executable).with_name("helpdesk")
    with suppress(ValueError):
        return str(installed.relative_to(Path.cwd()))
    return str(installed) if installed.is_file() else f"{sys.executable} -m cli"


if __name__ == "__main__":
    sys.exit(main())
