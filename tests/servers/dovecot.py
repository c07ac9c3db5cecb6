"""A private Dovecot 2.3 on loopback, in a directory of its own; no system service is touched.

Needs the Debian packages dovecot-imapd and dovecot-lmtpd.  As root the mail belongs to nobody;
otherwise everything belongs to the calling user.
"""

import grp
import os
import pwd
import shutil
import smtplib
import subprocess
import tempfile
from collections.abc import Iterable
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers import maildir as maildirs
from tests.servers.certificates import Certificates, make_certificates
from tests.servers.ports import LOOPBACK, answers, free_port
from tests.servers.processes import end

PASSWORD = "secret"
# The same server shows the expired certificate on this address and the one for another name on the next.
EXPIRED_HOST = "127.0.0.2"
FOREIGN_HOST = "127.0.0.3"
_NOBODY = 65534
_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
_PROGRAMS = ("/usr/lib/dovecot", "/usr/libexec/dovecot")


class DovecotMissing(Exception):
    """Dovecot cannot run here; the message says why and what to install."""


def why_missing() -> str:
    """Why Dovecot cannot run here, '' if it can."""
    if shutil.which("dovecot", path=_PATH) is None:
        return "Dovecot is not installed: apt-get install --no-install-recommends dovecot-imapd dovecot-lmtpd"
    homes = [Path(home) for home in _PROGRAMS]
    for name in ("imap", "lmtp"):
        if not any((home / name).exists() for home in homes):
            return f"Dovecot's {name} is not installed: apt-get install --no-install-recommends dovecot-{name}d"
    if shutil.which("openssl") is None:
        return "the openssl command is not installed: apt-get install openssl"
    return ""


class Dovecot:
    """A running Dovecot with USERS accounts; `user(1)` is the first, all have PASSWORD.

    `imap_port` speaks plain and STARTTLS, `imaps_port` implicit TLS, `lmtp_port` takes mail.
    """

    def __init__(self, directory: Path | None = None, *, users: int = 20, fsync: str = "never") -> None:
        if reason := why_missing():
            raise DovecotMissing(reason)
        self._is_temporary = directory is None
        # Short, because sockets are made below it, and open to the user that the mail belongs to.
        self.directory = directory or Path(tempfile.mkdtemp(prefix="dovecot-"))
        self.imap_port = free_port()
        self.imaps_port = free_port()
        self.lmtp_port = free_port()
        self.certificates: Certificates = make_certificates(self.directory / "tls")
        self.pid = 0
        self._users = users
        self._fsync = fsync
        self._fresh = count(users + 1)
        self._additions = count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._is_root = os.geteuid() == 0
        self._owner = (_NOBODY, _NOBODY) if self._is_root else (os.geteuid(), os.getegid())

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
        if self._is_temporary:
            shutil.rmtree(self.directory, ignore_errors=True)

    def start(self) -> None:
        """Start it, with the mail that is there.  Raises DovecotMissing if it does not answer."""
        self._prepare()
        program = shutil.which("dovecot", path=_PATH)
        assert program is not None
        self._process = subprocess.Popen(
            [program, "-F", "-c", str(self.directory / "dovecot.conf")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.pid = self._process.pid
        if not answers(self.imap_port):
            self.stop()
            log = self.directory / "dovecot.log"
            said = log.read_text(errors="replace")[-1000:] if log.exists() else "nothing"
            raise DovecotMissing(f"Dovecot did not start in {self.directory}; its log says: {said}")

    def stop(self) -> None:
        """Stop this instance; its mail stays."""
        process, self._process = self._process, None
        end(process)

    def user(self, number: int) -> str:
        """The login name and address of account NUMBER, from 1."""
        if not 1 <= number <= self._users:
            raise ValueError(f"users are numbered 1 to {self._users}, not {number}")
        return _name(number)

    def fresh_user(self) -> str:
        """The login name of a new account with an empty mailbox."""
        return _name(next(self._fresh))

    def deliver(self, user: str, *mails: bytes) -> None:
        """Deliver MAILS to USER's INBOX over one LMTP connection."""
        with smtplib.LMTP(LOOPBACK, self.lmtp_port, timeout=10) as lmtp:
            for mail in mails:
                lmtp.sendmail("sender@example.net", [user], mail)

    def maildir(self, user: str) -> Path:
        """Where USER's INBOX is."""
        return self.directory / "mail" / user

    def fill(self, user: str, mails: Iterable[bytes]) -> int:
        """Make USER's INBOX hold exactly MAILS, with a new UIDVALIDITY; how many they are."""
        uid, gid = self._owner
        return maildirs.fill(self.maildir(user), mails, uid=uid, gid=gid)

    def add(self, user: str, mails: Iterable[bytes]) -> int:
        """Put MAILS beside what USER's INBOX holds, under the same UIDVALIDITY; how many they are."""
        uid, gid = self._owner
        # Far above every number that is taken, also those of mails that have been moved away.
        first = 1_000_000 * next(self._additions)
        return maildirs.add(self.maildir(user), mails, uid=uid, gid=gid, first=first)

    def _prepare(self) -> None:
        for name in ("run", "mail", "state"):
            (self.directory / name).mkdir(parents=True, exist_ok=True)
        self.directory.chmod(0o755)
        os.chown(self.directory / "mail", *self._owner)
        (self.directory / "dovecot.conf").write_text(self._config())

    def _config(self) -> str:
        tls = self.certificates
        return _CONFIG.format(
            directory=self.directory,
            imap_port=self.imap_port,
            imaps_port=self.imaps_port,
            lmtp_port=self.lmtp_port,
            fsync=self._fsync,
            uid=self._owner[0],
            gid=self._owner[1],
            password=PASSWORD,
            good=tls.good,
            expired=tls.expired,
            foreign=tls.foreign,
            expired_host=EXPIRED_HOST,
            foreign_host=FOREIGN_HOST,
            login_user="dovenull" if self._is_root else _own_name(),
            internal_user="dovecot" if self._is_root else _own_name(),
            internal_group="dovecot" if self._is_root else grp.getgrgid(os.getegid()).gr_name,
        )


def _name(number: int) -> str:
    return f"user{number}@helpdesk.example"


def _own_name() -> str:
    return pwd.getpwuid(os.geteuid()).pw_name


_CONFIG = """\
base_dir = {directory}/run
state_dir = {directory}/state
log_path = {directory}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{good.certificate}
ssl_key = <{good.key}
local {expired_host} {{
  ssl_cert = <{expired.certificate}
  ssl_key = <{expired.key}
}}
local {foreign_host} {{
  ssl_cert = <{foreign.certificate}
  ssl_key = <{foreign.key}
}}
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0 secs
default_internal_user = {internal_user}
default_internal_group = {internal_group}
default_login_user = {login_user}
first_valid_uid = {uid}
last_valid_uid = {uid}
first_valid_gid = 0
mail_location = maildir:{directory}/mail/%u
mail_fsync = {fsync}
mail_max_userip_connections = 200
# Every name is an account; all have the same password.
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={directory}/mail/%u allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1 {expired_host} {foreign_host}
    port = {imap_port}
  }}
  inet_listener imaps {{
    address = 127.0.0.1 {expired_host} {foreign_host}
    port = {imaps_port}
    ssl = yes
  }}
  service_count = 0
  process_min_avail = 1
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp_port}
  }}
  process_min_avail = 1
}}
service anvil {{
  chroot =
  # No growing delays after a wrong password.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
protocol lmtp {{
  postmaster_address = postmaster@helpdesk.example
}}
"""
