"""A private Postfix on loopback, in a directory of its own; no system service is touched.

Needs the Debian package postfix, and root: its daemons give up rights that only root has.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers.certificates import Certificates, make_certificates
from tests.servers.ports import LOOPBACK, answers, free_port
from tests.servers.processes import end

SIZE_LIMIT = 100_000
_PROGRAMS = Path("/usr/lib/postfix/sbin")
_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
_NOBODY = 65534


class PostfixMissing(Exception):
    """Postfix cannot run here; the message says why and what to do."""


def why_missing() -> str:
    """Why Postfix cannot run here, '' if it can."""
    if shutil.which("postfix", path=_PATH) is None or not (_PROGRAMS / "master").exists():
        return "Postfix is not installed: apt-get install --no-install-recommends postfix"
    if os.geteuid() != 0:
        return "Postfix gives up rights that only root has: run these tests as root"
    return ""


class Postfix:
    """A running Postfix that takes letters for everybody at kunde.example and acme.example, and for nobody else.

    `unknown@` does not exist, `later@` is greylisted for ever; messages have SIZE_LIMIT octets at most.
    """

    def __init__(self) -> None:
        if reason := why_missing():
            raise PostfixMissing(reason)
        # Short, because sockets are made below it, and open to the users that the daemons become.
        self.directory = Path(tempfile.mkdtemp(prefix="postfix-"))
        self.port = free_port()
        self.certificates: Certificates = make_certificates(self.directory / "tls")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def start(self) -> None:
        """Start it.  Raises PostfixMissing if it does not answer."""
        self._prepare()
        self._process = subprocess.Popen(
            [str(_PROGRAMS / "master"), "-c", str(self._etc), "-d"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # It ends its own group when it stops, and ours is not to go with it.
            start_new_session=True,
        )
        if not answers(self.port):
            self.stop()
            raise PostfixMissing(f"Postfix did not start in {self.directory}; its log says: {self.log()[-1000:]}")

    def stop(self) -> None:
        """Stop this instance; its mail stays."""
        process, self._process = self._process, None
        end(process)

    def log(self) -> str:
        """What Postfix has said so far."""
        file = self.directory / "postfix.log"
        return file.read_text(errors="replace") if file.exists() else ""

    def mails(self, *, count: int, within: float = 10.0) -> list[bytes]:
        """The mails that arrived, once there are COUNT or so many seconds are over."""
        last = time.monotonic() + within
        while True:
            found = sorted((self.directory / "mail" / "all" / "new").glob("*"))
            if len(found) >= count or time.monotonic() >= last:
                return [file.read_bytes() for file in found]
            time.sleep(0.02)

    def clear(self) -> None:
        """Forget all mails, also those that are still on their way."""
        last = time.monotonic() + 10
        while any(self._queued()) and time.monotonic() < last:
            time.sleep(0.02)
        if any(self._queued()):
            raise TimeoutError(f"mails are still on their way after ten seconds; the log says: {self.log()[-1000:]}")
        for file in (self.directory / "mail" / "all" / "new").glob("*"):
            file.unlink()

    def _queued(self) -> Iterator[Path]:
        for name in ("maildrop", "incoming", "active"):
            yield from (file for file in (self.directory / "queue" / name).rglob("*") if file.is_file())

    @property
    def _etc(self) -> Path:
        return self.directory / "etc"

    def _prepare(self) -> None:
        self.directory.chmod(0o755)
        owner = pwd.getpwnam("postfix").pw_uid
        for name, user in (("etc", 0), ("queue", 0), ("data", owner), ("mail", _NOBODY)):
            (self.directory / name).mkdir(exist_ok=True)
            os.chown(self.directory / name, user, -1)
        (self._etc / "main.cf").write_text(self._main())
        (self._etc / "master.cf").write_text(_MASTER.format(address=LOOPBACK, port=self.port))
        # It makes the folders of the queue, with their owners.
        done = subprocess.run(
            [shutil.which("postfix", path=_PATH) or "postfix", "-c", str(self._etc), "check"],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        if done.returncode:
            raise PostfixMissing(f"postfix check failed in {self.directory}: {done.stderr[-1000:]}")

    def _main(self) -> str:
        good = self.certificates.good
        return _MAIN.format(
            directory=self.directory, programs=_PROGRAMS, size=SIZE_LIMIT, nobody=_NOBODY,
            certificate=good.certificate, key=good.key,
        )  # fmt: skip


_MAIN = """\
compatibility_level = 3.6
queue_directory = {directory}/queue
data_directory = {directory}/data
daemon_directory = {programs}
command_directory = /usr/sbin
maillog_file = {directory}/postfix.log
maillog_file_prefixes = {directory}
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = relay.example
mydestination =
mynetworks =
local_recipient_maps =
local_transport = error:no local mail here
alias_maps =
alias_database =
virtual_mailbox_domains = kunde.example, acme.example, xn--bcher-kva.example
virtual_mailbox_base = {directory}/mail
virtual_mailbox_maps = static:all/
virtual_uid_maps = static:{nobody}
virtual_gid_maps = static:{nobody}
virtual_mailbox_limit = 0
message_size_limit = {size}
smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access inline:{{
    {{unknown@kunde.example = 550 5.1.1 no such user here}},
    {{later@kunde.example = 450 4.7.1 greylisted, try again}} }}
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_tls_security_level = may
smtpd_tls_received_header = yes
smtputf8_enable = yes
smtpd_error_sleep_time = 0
smtpd_client_connection_rate_limit = 0
"""

_MASTER = """\
{address}:{port} inet n - n - - smtpd
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
virtual   unix  - n n - - virtual
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
proxymap  unix  - - n - - proxymap
tlsmgr    unix  - - n 1000? 1 tlsmgr
anvil     unix  - - n - 1 anvil
showq     unix  n - n - - showq
postlog   unix-dgram n - n - 1 postlogd
"""
