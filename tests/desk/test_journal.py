"""No mail is lost, none counts twice: the process dies at every step of the way of a mail."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from desk import holder
from domain.errors import MailboxUnreachable, StoreUnusable
from domain.intake import State
from domain.letter import Letter
from domain.message import Message, RawMail
from domain.settings import After
from notifier.memory import MemorySmtp
from notifier.sender import nothing
from scanner.mailbox import MailboxConnection
from scanner.memory import MemoryMailbox, MemoryServer
from scanner.read import read
from store.store import Store, View
from tests.conversation import SALES, Begin, Conversation, Death

ANNA = "Anna Kunde <anna@kunde.example>"


# Readers, servers and stores that die or fail at one point


class Poison:
    """Reads mails; raises ERROR at those whose bytes hold WORD, so many times."""

    def __init__(self, word: str, error: BaseException, *, times: int = 1_000) -> None:
        self.word, self.error, self.times = word.encode(), error, times

    def __call__(self, raw: RawMail) -> Message:
        if self.word in raw.data and self.times:
            self.times -= 1
            raise self.error
        return read(raw)


class Killer(Poison):
    """Kills the process that reads such a mail: ours, or the child that tries it."""

    def __init__(self, word: str) -> None:
        super().__init__(word, Death())
        self.process = os.getpid()

    def __call__(self, raw: RawMail) -> Message:
        if self.word in raw.data and os.getpid() != self.process:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__call__(raw)


class DyingMailbox(MemoryMailbox):
    """A connection in whose COMMAND, the nth, the process dies before anything is done."""

    def __init__(self, server: MemoryServer, command: str) -> None:
        super().__init__(server)
        self.deadly = command

    def fetch(self, uids: Sequence[int], *, limit: int) -> Iterator[tuple[int, RawMail]]:
        for n, mail in enumerate(super().fetch(uids, limit=limit)):
            if self.deadly == "fetch" and n:
                raise Death
            yield mail

    def file(self, uids: Sequence[int], after: After) -> frozenset[int]:
        if self.deadly == "file":
            raise Death
        done = super().file(uids, after)
        if self.deadly == "filed":
            raise Death
        return done


class FailingStore:
    """A store that fails from the nth act on, at its commit, as a full disk or the end of the process does."""

    def __init__(self, store: Store, error: BaseException, *, after: int, times: int = 1_000) -> None:
        self._store, self._error, self._acts, self._times = store, error, after, times
        self.database = store.database

    @contextmanager
    def act(self) -> Iterator[View]:
        with self._store.act() as view:
            yield view
            if self._acts <= 0 and self._times > 0:
                self._times -= 1
                raise self._error
            self._acts -= 1

    @contextmanager
    def reading(self) -> Iterator[View]:
        with self._store.reading() as view:
            yield view

    def close(self) -> None:
        self._store.close()


class DyingSmtp(MemorySmtp):
    """The server says 250, and the process dies before it can note it."""

    def send(self, letter: Letter, *, meanwhile: Callable[[], object] = nothing) -> str:
        super().send(letter, meanwhile=meanwhile)
        raise Death


def assert_all_is_well(talk: Conversation, mails: int) -> None:
    """Every mail has become one ticket, is filed, and a further scan finds nothing to do."""
    assert talk.outcomes() == ["ticket"] * mails
    assert set(talk.states()) == {State.FILED}
    assert talk.tickets() == mails
    assert talk.servers["support"].mails() == ()
    assert len(talk.servers["support"].mails("Processed")) == mails
    again = talk.scan()
    assert (again.listed, again.received, again.filed) == (0, (), 0)
    assert talk.gaps() == ()


# The crash table


def with_store(talk: Conversation, store: Any) -> None:
    """This process works on STORE; the next one on the real one."""
    object.__setattr__(talk.desk, "store", store)


@pytest.mark.parametrize("acts", range(9))
def test_dying_at_any_commit_loses_and_doubles_nothing(anywhere: Begin, acts: int) -> None:
    talk = anywhere()
    anna = talk.customer(ANNA)
    for n in range(3):
        talk.put(anna.mail(f"Drucker {n} brennt", f"Nummer {n}"))
    with_store(talk, FailingStore(talk.store, Death(), after=acts, times=1_000))
    with suppress(Death):
        talk.scan()
    talk.restart()
    talk.scan()
    assert_all_is_well(talk, 3)


@pytest.mark.parametrize("command", ["fetch", "file", "filed"])
def test_dying_in_the_servers_hands(talk: Conversation, command: str) -> None:
    anna = talk.customer(ANNA)
    for n in range(3):
        talk.put(anna.mail(f"Drucker {n} brennt"))
    talk.dies(talk.scanner(connect=lambda: DyingMailbox(talk.servers["support"], command)).scan)
    talk.scan()
    assert_all_is_well(talk, 3)


def test_decided_from_the_stored_bytes_even_if_the_mail_has_left_the_server(talk: Conversation) -> None:
    talk.put(talk.customer(ANNA).mail("Drucker brennt"))
    talk.read = Poison("Drucker", Death())
    talk.dies(talk.scan)
    assert talk.states() == [State.STORED]
    talk.servers["support"].expunge(1)
    talk.scan()
    assert (talk.outcomes(), talk.states()) == (["ticket"], [State.FILED])


def test_stored_mail_is_decided_while_the_server_is_away(talk: Conversation) -> None:
    talk.put(talk.customer(ANNA).mail("Drucker brennt"))
    talk.read = Poison("Drucker", Death())
    talk.dies(talk.scan)
    talk.servers["support"].refuse_login = True
    with pytest.raises(MailboxUnreachable):
        talk.scan()
    assert (talk.outcomes(), talk.states()) == (["ticket"], [State.DONE])
    talk.servers["support"].refuse_login = False
    talk.scan()
    assert_all_is_well(talk, 1)


def test_the_bytes_of_a_suspect_are_missing(talk: Conversation) -> None:
    for n in range(2):
        talk.put(talk.customer(ANNA).mail(f"Drucker {n} brennt"))
    for _ in range(talk.settings.limits.attempts):
        talk.read = Poison("Drucker 0", Death())
        talk.dies(talk.scan)
    with talk.store.database.act() as connection:
        connection.exec_driver_sql("UPDATE blob SET data = NULL WHERE sha256 = ?", (talk.journal()[0].blob,))
    talk.scan()
    assert talk.outcomes() == ["quarantined", "ticket"]


@pytest.mark.parametrize("after", range(1, 12))
def test_a_connection_that_breaks_anywhere(begin: Begin, after: int) -> None:
    talk = begin()
    anna = talk.customer(ANNA)
    for n in range(4):
        talk.put(anna.mail(f"Drucker {n} brennt"))
    talk.servers["support"].cut_after = after
    with suppress(MailboxUnreachable):
        talk.scan()
    talk.servers["support"].cut_after = None
    talk.scan()
    assert_all_is_well(talk, 4)


def test_a_kept_connection_that_died_is_replaced(talk: Conversation) -> None:
    scanner = talk.scanner()
    scanner.scan()
    talk.servers["support"].cut_after = 0
    with pytest.raises(MailboxUnreachable):
        scanner.scan()
    talk.servers["support"].cut_after = None
    talk.put(talk.customer(ANNA).mail("Drucker brennt"))
    assert scanner.scan().filed == 1


def test_between_250_and_sent_the_same_letter_goes_once_more(anywhere: Begin) -> None:
    talk = anywhere()
    anna = talk.customer(ANNA)
    talk.put(anna.mail("Drucker brennt"))
    talk.scan()
    dying = DyingSmtp()
    talk.start(sender=dying)
    talk.dies(talk.deliver)
    talk.deliver()
    first = dying.sent[0]
    copies = [letter for letter in talk.smtp.sent if letter.id == first.id]
    assert [copy.data for copy in copies] == [first.data], "the very same bytes, so the same Message-ID"
    assert talk.deliver().sent == 0


# Mails that cannot be read


def test_a_mail_that_kills_its_reader_ends_in_quarantine_and_the_others_get_through(anywhere: Begin) -> None:
    talk = anywhere()
    anna = talk.customer(ANNA)
    for n in range(5):
        talk.put(anna.mail(f"Drucker {n} brennt", "GIFT" if n == 2 else "harmlos"))
    talk.read = Poison("GIFT", ValueError("no such word"))
    talk.scan()
    assert talk.outcomes() == ["ticket", "ticket", "quarantined", "ticket", "ticket"]
    assert [talk.ticket(n).title[8] for n in (1, 2, 3, 4)] == ["0", "1", "3", "4"], "in the order of their coming"
    quarantined = talk.journal()[2]
    assert quarantined.because == "ValueError: no such word"
    assert quarantined.attempts == talk.settings.limits.attempts
    assert [mail.uid for mail in talk.servers["support"].mails()] == [3], "it stays on the server"
    assert [row.id for row in talk.proof().quarantined] == [3]
    assert talk.gaps() == ()


@pytest.mark.parametrize("attempts", [1, 3])
def test_a_mail_that_kills_the_process_cannot_do_so_for_ever(begin: Begin, attempts: int) -> None:
    talk = begin({"limits": {"attempts": attempts}})
    anna = talk.customer(ANNA)
    for n in range(3):
        talk.put(anna.mail(f"Drucker {n} brennt", "GIFT" if n == 0 else "harmlos"))
    deaths = 0
    while True:
        talk.read = Killer("GIFT")
        try:
            talk.scan()
            break
        except Death:
            deaths += 1
            assert deaths <= attempts
            talk.restart()
    assert talk.outcomes() == ["quarantined", "ticket", "ticket"]


def test_a_released_mail_gets_another_go(talk: Conversation) -> None:
    talk.put(talk.customer(ANNA).mail("Drucker brennt", "GIFT"))
    talk.read = Poison("GIFT", ValueError())
    talk.scan()
    talk.read = read
    talk.scan()
    assert talk.outcomes() == ["quarantined"], "nobody but a person lets it out"
    with talk.store.act() as view:
        assert view.journal.release(talk.journal()[0])
    talk.scan()
    assert_all_is_well(talk, 1)


def test_a_discarded_mail_is_at_its_end(talk: Conversation) -> None:
    talk.put(talk.customer(ANNA).mail("Drucker brennt", "GIFT"))
    talk.read = Poison("GIFT", ValueError())
    talk.scan()
    with talk.store.act() as view:
        assert view.journal.discard(talk.journal()[0], because="spam", now=talk.now)
    talk.scan()
    assert (talk.outcomes(), talk.states()) == (["discarded"], [State.FILED])
    talk.later(hours=2)
    assert talk.gaps() == ()


def test_a_store_that_fails_does_not_use_up_attempts(talk: Conversation) -> None:
    talk.put(talk.customer(ANNA).mail("Drucker brennt"))
    for _ in range(5):
        # List, store and claim work; carrying out does not, giving back does.
        with_store(talk, FailingStore(talk.store, StoreUnusable("the disk is full"), after=5, times=1))
        for acts in range(3, 8):
            with_store(talk, FailingStore(talk.store, StoreUnusable("the disk is full"), after=acts, times=1))
            with pytest.raises(StoreUnusable):
                talk.scan()
            if talk.journal() and talk.journal()[0].state is State.STORED:
                assert talk.journal()[0].attempts == 0
            if talk.journal() and talk.journal()[0].state in (State.DONE, State.FILED):
                break
    talk.restart()
    talk.scan()
    assert_all_is_well(talk, 1)


def test_a_mail_whose_bytes_are_missing_holds_up_nobody(talk: Conversation) -> None:
    anna = talk.customer(ANNA)
    for n in range(3):
        talk.put(anna.mail(f"Drucker {n} brennt"))
    talk.read = Poison("Drucker 0", Death())
    talk.dies(talk.scan)
    broken = talk.journal()[1].blob
    with talk.store.database.act() as connection:
        connection.exec_driver_sql("UPDATE blob SET data = NULL WHERE sha256 = ?", (broken,))
    talk.scan()
    assert talk.outcomes() == ["ticket", "quarantined", "ticket"]


def test_a_mail_that_was_only_there_when_the_plug_was_pulled_is_innocent(talk: Conversation) -> None:
    talk.put(talk.customer(ANNA).mail("Drucker brennt"))
    for _ in range(talk.settings.limits.attempts):
        talk.read = Poison("Drucker", Death(), times=1)
        talk.dies(talk.scan)
    talk.scan()
    assert_all_is_well(talk, 1)


# First contact


@pytest.mark.parametrize(
    ("start", "outcomes"),
    [("all", ["ticket", "ticket", "ticket"]), ("now", ["ticket"]),
     (date(2030, 1, 6), ["before_start", "ticket", "ticket"])],
)  # fmt: skip
def test_first_contact(begin: Begin, start: object, outcomes: list[str]) -> None:
    talk = begin({"mailboxes": {"support": {"start": str(start)}}})
    anna = talk.customer(ANNA)
    talk.later(days=-2)
    talk.put(anna.mail("vorgestern"))
    talk.later(days=1)
    talk.put(anna.mail("gestern"))
    talk.later(days=1)
    talk.scan()
    talk.put(anna.mail("heute"))
    talk.scan()
    assert talk.outcomes() == outcomes
    with talk.store.reading() as view:
        mark = view.journal.mark("support", "INBOX")
    assert mark is not None
    assert (mark.first_uid, mark.last_uid, mark.first_contact) == (3 if start == "now" else 1, 3, talk.now)
    assert talk.gaps() == ()
    assert talk.proof().folders[0].before_us == (2 if start == "now" else 0)


def test_mail_older_than_quiet_before_makes_tickets_and_no_letters(begin: Begin) -> None:
    talk = begin({"mailboxes": {"support": {"quiet_before": "2030-01-07"}}})
    anna, ada = talk.customer(ANNA), talk.customer("ada@acme.example")
    talk.later(days=-1)
    talk.put(anna.mail("gestern"))
    talk.later(days=1)
    talk.round()
    assert (talk.outcomes(), talk.letters()) == (["ticket"], [])
    assert {reason.value for _, reason in talk.withheld(1)} == {"quiet"}
    assert talk.ticket(1).created_at.day == 6
    anna.writes("heute")
    assert (anna.hears(), ada.hears()) == (["acknowledgement"], ["staff_new"])


def test_mail_that_arrives_during_the_scan_is_the_next_ones(talk: Conversation) -> None:
    anna = talk.customer(ANNA)
    talk.put(anna.mail("Drucker brennt"))
    late = anna.mail("Licht flackert")

    def reading(raw: RawMail) -> Message:
        if len(talk.journal()) == 1:
            talk.put(late)
        return read(raw)

    talk.read = reading
    assert talk.scan().listed == 1
    assert talk.scan().listed == 1
    assert_all_is_well(talk, 2)


def test_several_folders_and_mailboxes(begin: Begin) -> None:
    talk = begin({"mailboxes": {"support": {"folders": ["INBOX", "Web"], "after": "keep"}, "sales": SALES}})
    anna = talk.customer(ANNA)
    anna.sends(anna.mail("eins"))
    anna.sends(anna.mail("zwei"), folder="Web")
    anna.sends(anna.mail("drei"), mailbox="sales")
    assert [(row.mailbox, row.folder, row.uid) for row in talk.journal()] == [
        ("support", "INBOX", 1), ("support", "Web", 1), ("sales", "INBOX", 1),
    ]  # fmt: skip
    assert [talk.ticket(n).group for n in (1, 2, 3)] == ["service", "service", "network"]
    assert talk.gaps() == ()


def test_a_mail_that_is_expunged_before_the_fetch_is_gone(talk: Conversation) -> None:
    anna = talk.customer(ANNA)
    for n in range(3):
        talk.put(anna.mail(f"Drucker {n} brennt"))
    talk.dies(lambda: scan_listing_only(talk))
    talk.servers["support"].expunge(2)
    talk.scan()
    assert talk.outcomes() == ["ticket", "gone", "ticket"]
    assert talk.gaps() == ()


def scan_listing_only(talk: Conversation) -> None:
    class Listing(MemoryMailbox):
        def fetch(self, uids: Sequence[int], *, limit: int) -> Iterator[tuple[int, RawMail]]:
            raise Death

    talk.scanner(connect=lambda: Listing(talk.servers["support"])).scan()


def test_of_a_large_mail_the_beginning_is_kept_and_the_ticket_says_so(begin: Begin) -> None:
    talk = begin({"limits": {"mail_size": 2000}, "mailboxes": {"support": {"after": "delete"}}})
    anna = talk.customer(ANNA)
    row = anna.writes("Viel", "Anfang " + "x" * 5000)
    assert (row.outcome, row.state) == ("ticket", State.FILED)
    assert row.size > 5000
    text = talk.entries(1)[0].shown
    assert text.startswith("Anfang")
    assert "2,000" in text[-300:]
    assert len(talk.servers["support"].mails()) == 1, "the rest is only there"
    anna.writes("Wenig")
    assert len(talk.servers["support"].mails()) == 1
    assert talk.gaps() == ()


@pytest.mark.parametrize(
    ("after", "left", "moved"), [({"move": "Ablage"}, 0, 1), ("flag", 1, 0), ("delete", 0, 0), ("keep", 1, 0)]
)
def test_what_becomes_of_the_mail_on_the_server(begin: Begin, after: Any, left: int, moved: int) -> None:
    talk = begin()
    talk.restart({"mailboxes": {"support": {"after": after}}})
    server = talk.servers["support"]
    server.create("Ablage")
    assert talk.customer(ANNA).writes("Drucker brennt").state is State.FILED
    assert (len(server.mails()), len(server.mails("Ablage"))) == (left, moved)
    if after == "flag":
        assert server.mails()[0].flags == {r"\Seen"}
    assert talk.scan().listed == 0


def test_a_missing_folder_is_said_and_the_others_are_scanned(begin: Begin) -> None:
    talk = begin()
    talk.restart({"mailboxes": {"support": {"folders": ["Fehlt", "INBOX"]}}})
    talk.put(talk.customer(ANNA).mail("Drucker brennt"))
    report = talk.scan()
    assert ["Fehlt" in str(failure) for failure in report.failures] == [True]
    assert talk.outcomes() == ["ticket"]


# Leases


def test_a_second_scanner_does_nothing_and_says_who(talk: Conversation) -> None:
    talk.put(talk.customer(ANNA).mail("Drucker brennt"))
    with talk.store.act() as view:
        view.leases.take("scan support", "somebody", now=talk.now, duration=minutes(5), is_dead=lambda _: False)
    report = talk.scan()
    assert report.busy == "somebody"
    assert talk.journal() == []
    assert talk.servers["support"].commands == []
    talk.later(minutes=6)
    assert talk.scan().listed == 1


def minutes(number: int) -> Any:
    from datetime import timedelta

    return timedelta(minutes=number)


def test_a_dead_holders_lease_and_letters_are_taken_at_once(talk: Conversation) -> None:
    ended = subprocess.Popen(
        [sys.executable, "-c", "from desk import holder; print(holder.this_process(), flush=True); input()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert ended.stdout is not None
    name = ended.stdout.readline().strip()
    assert not holder.is_dead(name)
    assert not holder.is_dead(holder.this_process())
    with talk.store.act() as view:
        view.leases.take("scan support", name, now=talk.now, duration=minutes(5), is_dead=holder.is_dead)
    object.__setattr__(talk.desk, "is_dead", holder.is_dead)
    assert talk.scan().busy == name
    ended.kill()
    # Not waited for on purpose: a zombie is dead, too.
    while not holder.is_dead(name):
        pass
    assert talk.scan().busy == ""
    ended.communicate()
    assert holder.is_dead(name)


def test_a_holder_of_another_machine_is_never_taken_for_dead() -> None:
    for name in ("", "nonsense", "elsewhere:boot:1:999999999:5", "a:b:c:d:e"):
        assert not holder.is_dead(name)


def test_whoever_lost_the_lease_writes_nothing(talk: Conversation) -> None:
    talk.put(talk.customer(ANNA).mail("Drucker brennt"))

    class Slow(MemoryMailbox):
        def fetch(self, uids: Sequence[int], *, limit: int) -> Iterator[tuple[int, RawMail]]:
            talk.later(minutes=10)
            with talk.store.act() as view:
                view.leases.take("scan support", "faster", now=talk.now, duration=minutes(5), is_dead=lambda _: False)
            yield from super().fetch(uids, limit=limit)

    connect: Callable[[], MailboxConnection] = lambda: Slow(talk.servers["support"])  # noqa: E731
    with pytest.raises(MailboxUnreachable, match="another process took over"):
        talk.scanner(connect=connect).scan()
    assert talk.states() == [State.LISTED]
    with talk.store.reading() as view:
        lease_is_left = view.journal.mark("support", "INBOX") is not None
    assert lease_is_left
