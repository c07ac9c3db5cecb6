"""Scanning a mailbox: from the server into the journal, through `receive`, and filed again.

    list (commit) → fetch and store (commit a batch) → receive → file by UID, after the commit

What an earlier scan left unfinished is taken up first, whether the server answers or not.  Mail is
never looked for by sequence number, flag or date; it is what has a UID above the last listed one.

Fails with: MailboxUnreachable and its kind (what is in the journal stays there and goes on next
time), StoreUnusable, TemporaryFailure.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TypeVar

from desk import log
from desk.after_a_crash import after_a_crash
from desk.desk import Desk
from desk.ingest import file_ingested, receive_left
from desk.ingest import source as ingested
from desk.receive import Read, Received, Round, receive
from desk.renumbered import is_renumbered, recognise
from domain.errors import FolderMissing, MailboxUnreachable
from domain.intake import Arrival, FolderMark, Intake, Outcome, imap_position
from domain.message import RawMail
from domain.settings import After, Mailbox
from scanner.mailbox import FolderState, Listed, MailboxConnection
from store.lease import Lease

LEASE = timedelta(minutes=5)
# The UIDVALIDITY of a mail that was lost sight of when the server renumbered its folder; no server has it.
NOWHERE = 0
BATCH_MAILS = 50
BATCH_OCTETS = 8_000_000
# So many batches of which nothing arrived: it is the server, not a mail.
FRUITLESS = 2

Connect = Callable[[], MailboxConnection]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanReport:
    """What one scan of a mailbox came to.

    `busy` names the process that scans it instead, `failures` the folders that could not be scanned.
    """

    mailbox: str
    listed: int = 0
    received: tuple[Received, ...] = ()
    quarantined: tuple[int, ...] = ()
    filed: int = 0
    busy: str = ""
    failures: tuple[MailboxUnreachable, ...] = ()

    @property
    def letters(self) -> int:
        return sum(one.letters for one in self.received)


class _Incomplete(Exception):
    """The server did not hand over all that was asked for; `arrived`: but some of it."""

    def __init__(self, failure: MailboxUnreachable, *, arrived: bool) -> None:
        super().__init__(str(failure))
        self.failure = failure
        self.arrived = arrived


class MailboxScanner:
    """One mailbox and the connection to it, kept from scan to scan.  For one thread."""

    def __init__(
        self, desk: Desk, mailbox: str, connect: Connect | None, *, read: Read, clock: Callable[[], datetime],
        stop: Callable[[], bool] = lambda: False, told: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self._desk = desk
        self._name = mailbox
        self._settings: Mailbox = desk.settings.mailboxes[mailbox]
        self._connect = connect
        self._read = read
        self._clock = clock
        self._stop = stop
        self._told = told
        self._asked = clock()
        self._connection: MailboxConnection | None = None

    def scan(self) -> ScanReport:
        """One scan of every folder.  Nothing is done where another process is scanning this mailbox.

        TOLD is called after each batch that made letters.
        """
        lease = self._lease()
        if lease.holder != self._desk.holder:
            log.scan_busy(self._name, lease.holder)
            return ScanReport(mailbox=self._name, busy=lease.holder)
        try:
            return self._scan()
        finally:
            with self._desk.store.act() as view:
                view.leases.leave(lease)

    def use(self, desk: Desk) -> None:
        """Go by the settings and rules of DESK from the next scan on; its mailbox has the same account."""
        self._desk = desk
        self._settings = desk.settings.mailboxes[self._name]

    def close(self) -> None:
        """Hang up."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _lease(self) -> Lease:
        self._asked = self._clock()
        with self._desk.store.act() as view:
            now = view.leases.moment(self._asked)
            return view.leases.take(
                f"scan {self._name}", self._desk.holder, now=now, duration=LEASE, is_dead=self._desk.is_dead
            )

    def _hold(self) -> None:
        """Keep the lease; it is asked before each write, so that a process that hung for long writes nothing."""
        if self._lease().holder != self._desk.holder:
            raise MailboxUnreachable(f"mailbox {self._name}: another process took over while this one hung")

    def _hold_for_long(self) -> None:
        """Keep the lease while mails are worked off; each write there is guarded by the journal's own fence."""
        if self._clock() - self._asked > LEASE / 5:
            self._hold()

    def _scan(self) -> ScanReport:
        for source in (self._name, ingested(self._name)):
            after_a_crash(self._desk, source, mailbox=self._name, read=self._read, now=self._clock(), hold=self._hold)
        report = self._work_off_piped(ScanReport(mailbox=self._name))
        report = self._work_off(report)
        if self._connect is None:
            return report
        # Mail in one folder does not wait until what is wrong with another is mended.
        for folder in self._settings.folders:
            self._connected()
            try:
                report = self._scan_folder(report, folder)
            except MailboxUnreachable as failure:
                report = replace(report, failures=(*report.failures, failure))
                if not isinstance(failure, FolderMissing):
                    self.close()
            if self._stop():
                break
        if len(report.failures) == len(self._settings.folders):
            raise report.failures[0]
        for one in report.failures:
            log.scan_failed(self._name, str(one))
        return report

    def _scan_folder(self, report: ScanReport, folder: str) -> ScanReport:
        state = self._select(folder)
        report = replace(report, listed=report.listed + self._list(state))
        report = self._file(report, state)
        failure: MailboxUnreachable | None = None
        try:
            for batch in self._fetched(state):
                self._hold()
                self._keep(batch)
                report = self._work_off(report, at_hand={row.id: raw.data for row, raw in batch.items()})
                if self._stop():
                    break
        except MailboxUnreachable as error:
            failure = error
            self.close()
        if failure is None or self._is_again(state):
            report = self._file(report, state)
        if failure is not None:
            raise failure
        return report

    def _is_again(self, state: FolderState) -> bool:
        """The folder could be opened once more, and is still numbered the same."""
        try:
            return self._select(state.name).uidvalidity == state.uidvalidity
        except MailboxUnreachable:
            return False

    def _connected(self) -> MailboxConnection:
        if self._connection is None:
            assert self._connect is not None, "a mailbox without imap has nothing to connect to"
            self._connection = self._connect()
        return self._connection

    def _select(self, folder: str) -> FolderState:
        """Open FOLDER; a kept connection that turns out dead is replaced once."""
        kept = self._connection is not None
        try:
            return self._connected().select(folder)
        except FolderMissing:
            raise
        except MailboxUnreachable:
            if not kept:
                raise
            self.close()
            return self._connected().select(folder)

    def _list(self, state: FolderState) -> int:
        """Enter what is new in the folder into the journal; how many mails are to be fetched."""
        now, connection = self._clock(), self._connected()
        with self._desk.store.reading() as view:
            mark = view.journal.mark(self._name, state.name)
        if mark is None:
            return self._first_contact(connection, state, now)
        if is_renumbered(mark, state):
            return recognise(self._desk, self._name, connection, state, mark, now=now)
        arrivals: tuple[Arrival, ...] = ()
        if state.uidnext > mark.last_uid + 1:
            listed = connection.list_above(mark.last_uid, below=state.uidnext)
            arrivals = tuple(arrival(self._name, state, one) for one in listed)
        self._enter(arrivals, replace(mark, last_uid=state.uidnext - 1, scanned_at=now))
        return len(arrivals)

    def _first_contact(self, connection: MailboxConnection, state: FolderState, now: datetime) -> int:
        """Enter the mail that `start` asks for and remember where this folder begins for us."""
        start = self._settings.start
        log.first_contact(self._name, state.name, str(start))
        listed: tuple[Listed, ...] = ()
        if start != "now":
            listed = connection.list_above(0, below=state.uidnext)
        arrivals = []
        for one in listed:
            entered = arrival(self._name, state, one)
            if isinstance(start, str) or one.arrived is None or one.arrived.date() >= start:
                arrivals.append(entered)
                continue
            why = f"it arrived before start: {start}"
            arrivals.append(replace(entered, outcome=Outcome.BEFORE_START, because=why))
        mark = FolderMark(
            mailbox=self._name,
            folder=state.name,
            uidvalidity=state.uidvalidity,
            first_uid=state.uidnext if start == "now" else 1,
            last_uid=state.uidnext - 1,
            first_contact=now,
            scanned_at=now,
        )
        self._enter(arrivals, mark)
        return sum(one.outcome is None for one in arrivals)

    def _enter(self, arrivals: Sequence[Arrival], mark: FolderMark) -> None:
        with self._desk.store.act() as view:
            view.journal.arrive(arrivals, now=mark.scanned_at)
            view.journal.set_mark(mark)
        log.scan_listed(mark.mailbox, mark.folder, sum(one.outcome is None for one in arrivals))

    def _fetched(self, state: FolderState) -> Iterator[dict[Intake, RawMail]]:
        """The mails whose bytes are not here yet, in batches of bounded size; the missing are noted as gone.

        A mail that the server has and does not hand over takes no other with it: the first such
        failure is raised when all the rest is fetched.  A server that hands over nothing is away.
        """
        above, fruitless = 0, 0
        failure: MailboxUnreachable | None = None
        while rows := self._to_fetch(state, above=above):
            above = rows[-1].uid
            try:
                yield from self._fetch(rows)
                fruitless = 0
            except _Incomplete as error:
                failure = failure or error.failure
                fruitless = 0 if error.arrived else fruitless + 1
                self.close()
                if fruitless > FRUITLESS or not self._is_again(state):
                    raise failure from error
        if failure is not None:
            raise failure

    def _to_fetch(self, state: FolderState, *, above: int) -> tuple[Intake, ...]:
        with self._desk.store.reading() as view:
            return view.journal.to_fetch(
                self._name, state.name, uidvalidity=state.uidvalidity, above=above, limit=BATCH_MAILS
            )

    def _fetch(self, rows: Sequence[Intake]) -> Iterator[dict[Intake, RawMail]]:
        """The mails of ROWS.  Raises _Incomplete after what did arrive."""
        wanted = {row.uid: row for row in rows}
        batch: dict[Intake, RawMail] = {}
        octets, limit = 0, self._desk.settings.limits.mail_size
        try:
            for uid, raw in self._connected().fetch(tuple(wanted), limit=limit):
                batch[wanted.pop(uid)] = raw
                octets += len(raw.data)
                if octets >= BATCH_OCTETS:
                    yield batch
                    batch, octets = {}, 0
        except MailboxUnreachable as failure:
            # What did arrive is not thrown away with what did not.
            if batch:
                yield batch
            raise _Incomplete(failure, arrived=len(wanted) < len(rows)) from failure
        self._lost(tuple(wanted.values()))
        if batch:
            yield batch

    def _lost(self, rows: Sequence[Intake]) -> None:
        if not rows:
            return
        with self._desk.store.act() as view:
            view.journal.lose([row.id for row in rows], now=self._clock())
        for row in rows:
            log.mail_gone(row)

    def _keep(self, batch: dict[Intake, RawMail]) -> None:
        with self._desk.store.act() as view:
            view.journal.store({row.id: view.blobs.put(raw.data) for row, raw in batch.items()})
        for row, raw in batch.items():
            log.mail_stored(row, len(raw.data))

    def _work_off(self, report: ScanReport, *, at_hand: Mapping[int, bytes] = MappingProxyType({})) -> ScanReport:
        """Receive what is stored until nothing is left."""
        return self._receive(
            report,
            lambda: receive(self._desk, self._name, read=self._read, now=self._clock(), at_hand=at_hand),
            enough=len(at_hand),
        )

    def _work_off_piped(self, report: ScanReport) -> ScanReport:
        """Take up what was handed over by a pipe and did not come to its end."""
        report = self._receive(report, lambda: receive_left(self._desk, self._name, read=self._read, now=self._clock()))
        file_ingested(self._desk, self._name)
        return report

    def _receive(self, report: ScanReport, once: Callable[[], Round], *, enough: int = 0) -> ScanReport:
        """Receive until nothing is left, or as many mails as ENOUGH came to an end, where it is known how many wait."""
        received, quarantined = list(report.received), list(report.quarantined)
        while not self._stop():
            self._hold_for_long()
            done = once()
            received += done.received
            quarantined += done.quarantined
            if any(one.letters for one in done.received):
                self._told()
            if done.is_empty or 0 < enough <= len(received) - len(report.received):
                break
        return replace(report, received=tuple(received), quarantined=tuple(quarantined))

    def _file(self, report: ScanReport, state: FolderState) -> ScanReport:
        """Move, flag, delete or leave on the server what is decided."""
        with self._desk.store.reading() as view:
            done = view.journal.to_file(self._name, state.name, uidvalidity=state.uidvalidity)
            nowhere = view.journal.to_file(self._name, state.name, uidvalidity=NOWHERE)
        if nowhere:
            with self._desk.store.act() as view:
                view.journal.filed([row.id for row in nowhere])
        after = self._settings.after
        # What was too large to be fetched whole is whole on the server only.
        kept = [row for row in done if after.do == "delete" and row.size > self._desk.settings.limits.mail_size]
        wished, others = self._wished(done)
        whole = {row.id for row in others} - {row.id for row in kept}
        filed = sum(self._file_as(rows, After(do="move", folder=folder)) for folder, rows in wished.items())
        filed += self._file_as([row for row in kept if row in others], After(do="keep"))
        filed += self._file_as([row for row in others if row.id in whole], after)
        if filed:
            log.mail_filed(self._name, state.name, filed, after.folder or after.do)
        return replace(report, filed=report.filed + filed)

    def _wished(self, done: Sequence[Intake]) -> tuple[dict[str, list[Intake]], list[Intake]]:
        """The mails that rules want in folders that are there, by folder, and all others.

        A folder that is missing is not made, for its name may be mistyped; the journal says so.
        """
        if not any(row.file_in for row in done):
            return {}, list(done)
        there = self._connected().folders()
        wished: dict[str, list[Intake]] = {}
        for row in done:
            if row.file_in in there and row.file_in != row.folder:
                wished.setdefault(row.file_in, []).append(row)
        missing = [row for row in done if row.file_in and row.file_in not in there]
        if missing:
            with self._desk.store.act() as view:
                for row in missing:
                    why = f"not filed in {row.file_in}: {self._name} has no such folder"
                    view.journal.filed_elsewhere(row, because=why)
        moved = {row.id for rows in wished.values() for row in rows}
        return wished, [row for row in done if row.id not in moved]

    def _file_as(self, mails: Sequence[Intake], after: After) -> int:
        """File MAILS in one way; how many of them are filed."""
        filed = 0
        for rows in _chunks(mails, 500):
            self._hold()
            gone = self._connected().file([row.uid for row in rows], after)
            ids = [row.id for row in rows if row.uid in gone]
            with self._desk.store.act() as view:
                view.journal.filed(ids)
            filed += len(ids)
        return filed


def arrival(mailbox: str, state: FolderState, listed: Listed) -> Arrival:
    """A mail that is on the server, about to enter the journal."""
    return Arrival(
        source=mailbox,
        position=imap_position(state.name, state.uidvalidity, listed.uid),
        mailbox=mailbox,
        folder=state.name,
        uidvalidity=state.uidvalidity,
        uid=listed.uid,
        size=listed.size,
        arrived=listed.arrived,
    )


def _chunks(items: Sequence[T], size: int) -> Iterable[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))
