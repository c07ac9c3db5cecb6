"""The proof that no mail is lost: what is on the server against what is in the journal.

Looked for: UIDs on the server without a row; rows that have not come to an end for an hour; decided
mails whose ticket, entry or raw mail is missing; blobs whose bytes are not what their name says.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from desk.desk import Desk
from desk.renumbered import is_renumbered
from domain.errors import MailboxUnreachable, NotFound
from domain.intake import Intake, Outcome, State
from scanner.mailbox import MailboxConnection
from store.blobs import digest

PATIENCE = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One thing that is not as it should be: where, which mail, and what to do."""

    where: str
    what: str
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderProof:
    """A folder on the server: how many mails lie there, and which of them have no row."""

    mailbox: str
    folder: str
    on_server: int
    before_us: int
    without_row: tuple[int, ...]
    uidvalidity_changed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The whole of it.  `counts` are the rows by mailbox, folder, state and outcome."""

    folders: tuple[FolderProof, ...]
    counts: tuple[tuple[str, str, State, Outcome | None, int], ...]
    quarantined: tuple[Intake, ...]
    blobs: int
    gaps: tuple[Gap, ...]


def reconcile(
    desk: Desk, connections: Mapping[str, Callable[[], MailboxConnection]], *, now: datetime, check_blobs: bool = True
) -> Proof:
    """Hold the servers against the journal.  A server that does not answer is a gap of its own."""
    folders: list[FolderProof] = []
    gaps: list[Gap] = []
    for mailbox, connect in connections.items():
        try:
            folders += _folders(desk, mailbox, connect)
        except MailboxUnreachable as error:
            gaps.append(Gap(where=mailbox, what=str(error), advice="helpdesk check --connect"))
    for proof in folders:
        gaps += _of_folder(proof)
    with desk.store.reading() as view:
        counts = view.journal.counts()
        quarantined = view.journal.rows(states=(State.QUARANTINED,), limit=1000)
        late = view.journal.unfinished(listed_before=now - PATIENCE)
        incomplete = view.journal.incomplete()
    gaps += [_late(row) for row in late]
    gaps += [
        Gap(where=_name(row), what=f"its {missing} is not in the database", advice="put back a backup")
        for row, missing in incomplete
    ]
    checked, broken = _blobs(desk) if check_blobs else (0, [])
    return Proof(folders=tuple(folders), counts=counts, quarantined=quarantined, blobs=checked, gaps=(*gaps, *broken))


def _folders(desk: Desk, mailbox: str, connect: Callable[[], MailboxConnection]) -> Iterator[FolderProof]:
    connection = connect()
    try:
        for folder in desk.settings.mailboxes[mailbox].folders:
            yield _folder(desk, connection, mailbox, folder)
    finally:
        connection.close()


def _folder(desk: Desk, connection: MailboxConnection, mailbox: str, folder: str) -> FolderProof:
    state = connection.select(folder, readonly=True)
    uids = connection.uids(below=state.uidnext)
    with desk.store.reading() as view:
        mark = view.journal.mark(mailbox, folder)
        known = view.journal.known_uids(mailbox, folder, uidvalidity=state.uidvalidity)
    if mark is None:
        return FolderProof(mailbox=mailbox, folder=folder, on_server=len(uids), before_us=0, without_row=uids)
    same = not is_renumbered(mark, state)
    first = mark.first_uid if same else 0
    return FolderProof(
        mailbox=mailbox,
        folder=folder,
        on_server=len(uids),
        before_us=sum(uid < first and uid not in known for uid in uids),
        without_row=tuple(uid for uid in uids if uid >= first and uid not in known),
        uidvalidity_changed=not same,
    )


def _of_folder(proof: FolderProof) -> Iterator[Gap]:
    where = f"{proof.mailbox} {proof.folder}"
    advice = f"helpdesk scan {proof.mailbox}"
    if proof.uidvalidity_changed:
        yield Gap(where=where, what="the server renumbered its mail", advice=advice)
        return
    for uid in proof.without_row:
        yield Gap(where=where, what=f"UID {uid} is on the server and not in the journal", advice=advice)


def _late(row: Intake) -> Gap:
    what = f"{row.state} since {row.listed_at:%Y-%m-%d %H:%M} UTC and not at its end"
    return Gap(where=_name(row), what=f"{what}: {row.because}" if row.because else what, advice="helpdesk scan")


def _name(row: Intake) -> str:
    return f"{row.mailbox} {row.folder} intake {row.id}" + (f" UID {row.uid}" if row.uid else "")


def _blobs(desk: Desk) -> tuple[int, list[Gap]]:
    """Read every blob and compare its bytes with its name; each in its own short look."""
    with desk.store.reading() as view:
        names = tuple(view.blobs.names())
    broken: list[Gap] = []
    for name in names:
        try:
            with desk.store.reading() as view:
                data = view.blobs.get(name)
        except NotFound as error:
            broken.append(Gap(where=f"blob {name[:12]}", what=str(error), advice="put back a backup"))
            continue
        if digest(data) != name:
            broken.append(Gap(where=f"blob {name[:12]}", what="its bytes have changed", advice="put back a backup"))
    return len(names), broken
