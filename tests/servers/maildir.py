"""Fill a Maildir without a server: thousands of mails in a second."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

_FOLDERS = ("new", "cur", "tmp")
# Delivery times begin here, a second apart: Dovecot gives UIDs in the order of the names.
_EPOCH = 1_700_000_000


def fill(maildir: Path, mails: Iterable[bytes], *, uid: int, gid: int) -> int:
    """Make MAILDIR hold exactly MAILS, unseen, in their order, with a new UIDVALIDITY; how many they are."""
    shutil.rmtree(maildir, ignore_errors=True)
    for folder in _FOLDERS:
        (maildir / folder).mkdir(parents=True)
    count = 0
    for number, mail in enumerate(mails):
        _put(maildir / "new", mail, number=number, owner=(uid, gid))
        count += 1
    for path in (maildir, *(maildir / name for name in _FOLDERS)):
        os.chown(path, uid, gid)
    return count


def add(maildir: Path, mails: Iterable[bytes], *, uid: int, gid: int, first: int) -> int:
    """Put MAILS into MAILDIR beside what it holds, numbered from FIRST; how many they are."""
    count = 0
    for number, mail in enumerate(mails, start=first):
        _put(maildir / "new", mail, number=number, owner=(uid, gid))
        count += 1
    return count


def _put(folder: Path, mail: bytes, *, number: int, owner: tuple[int, int]) -> None:
    # A delivery agent writes LF; the name carries both sizes, so that Dovecot need not count.
    stored = mail.replace(b"\r\n", b"\n")
    wire = len(stored) + stored.count(b"\n")
    path = folder / f"{_EPOCH + number}.M{number:06d}P1.test,S={len(stored)},W={wire}"
    path.write_bytes(stored)
    os.chown(path, *owner)
    os.utime(path, (_EPOCH + number, _EPOCH + number))
