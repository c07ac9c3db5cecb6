"""Machines that answer each other fall silent."""

import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from desk.merge import merge
from store.store import open_store
from tests.conversation import NEW_KEY, Conversation, Letter, Person

ALL_ON: Mapping[str, Any] = {
    "notifications": {
        "tell_actor": True, "on_reassignment": True, "on_customer_mail": True, "on_field_change": True,
        "watchers_on_field_change": True,
    },
}  # fmt: skip
BETA: Mapping[str, Any] = {
    **ALL_ON,
    "helpdesk": {"name": "Beta Help", "tag": "BETA", "language": "en"},
    "mailboxes": {"support": {"address": "help@beta.example", "cc_watches": True}},
    "agents": {
        "ada": {"name": "Cleo Example", "address": "cleo@beta.example"},
        "bert": {"name": "Dirk Example", "address": "dirk@beta.example"},
    },
}
ACME = {**ALL_ON, "mailboxes": {"support": {"cc_watches": True}}}
ACME_ADDRESS, BETA_ADDRESS = "support@acme.example", "help@beta.example"

Relay = Callable[[bytes], bytes]


def untouched(data: bytes) -> bytes:
    return data


def without_marks(data: bytes) -> bytes:
    """What a gateway leaves that does not know the fields by which machines tell each other what they are."""
    head, _, body = data.partition(b"\r\n\r\n")
    marks = rb"(?im)^(auto-submitted|x-auto-response-suppress|precedence|list-[a-z-]+|feedback-id):.*\r\n([ \t].*\r\n)*"
    return re.sub(marks, b"", head + b"\r\n") + b"\r\n" + body


def without_marker(data: bytes) -> bytes:
    """Nor the line above which one shall write."""
    return re.sub(rb"(?m)^--- .* ---\r\n", b"", without_marks(data))


def without_threads(data: bytes) -> bytes:
    """A relay that also writes Message-IDs of its own and drops References."""
    head, _, body = without_marks(data).partition(b"\r\n\r\n")
    head = re.sub(rb"(?im)^(in-reply-to|references):.*\r\n([ \t].*\r\n)*", b"", head + b"\r\n")
    head = re.sub(rb"(?im)^message-id: *<([^@>]*)@[^>]*>", rb"Message-ID: <relayed-\1@relay.example>", head)
    return head + b"\r\n" + body


def with_banner(data: bytes) -> bytes:
    """A gateway that puts a warning above everything that comes from outside, on top of all that."""
    head, _, body = without_threads(data).partition(b"\r\n\r\n")
    return head + b"\r\n\r\nCAUTION: This mail comes from outside of the organization.\r\n\r\n" + body


def bare(data: bytes) -> bytes:
    """No mark, no thread, no marker: only sender, subject and words are left."""
    return without_threads(without_marker(data))


RELAYS = (untouched, without_marks, without_marker, without_threads, with_banner, bare)


@pytest.fixture
def desks(sqlite_file: Path, tmp_path: Path) -> Iterator[tuple[Conversation, Conversation]]:
    """Two helpdesks of this kind, with every automatic letter on."""
    with ExitStack() as stack:
        found: list[Conversation] = []
        for name, changes in (("acme", ACME), ("beta", BETA)):
            (tmp_path / name).mkdir()
            shutil.copy(sqlite_file, tmp_path / name / "helpdesk.db")
            store = open_store("sqlite:///helpdesk.db", base=tmp_path / name)
            stack.callback(store.close)
            found.append(Conversation(store, changes))
        # Keys and letters of their own: with the same ones each would take the other's mail for its own.
        found[1].random.seed(43)
        found[1].restart(keys=(NEW_KEY,))
        yield found[0], found[1]


def exchange(acme: Conversation, beta: Conversation, relay: Relay, *, seconds: int = 20) -> tuple[int, int]:
    """Hand the letters of each to the other until both are silent; how many each has written to the other."""
    carried = {ACME_ADDRESS: 0, BETA_ADDRESS: 0}
    for _ in range(30):
        quiet = True
        for writer, reader, address in ((beta, acme, ACME_ADDRESS), (acme, beta, BETA_ADDRESS)):
            writer.deliver()
            letters = [one.data for one in writer.smtp.sent if one.envelope_to == address]
            for data in letters[carried[address] :]:
                quiet = False
                reader.put(relay(data))
            carried[address] = len(letters)
            reader.later(seconds=seconds)
            reader.round()
        if quiet:
            break
    return carried[BETA_ADDRESS], carried[ACME_ADDRESS]


@pytest.mark.parametrize("relay", RELAYS)
def test_two_helpdesks_fall_silent(desks: tuple[Conversation, Conversation], relay: Relay) -> None:
    """osTicket#1041, freescout#3670 "Auto Reply Loops": at most two letters each, whatever is on."""
    acme, beta = desks
    beta.staff("ada").open(customer=ACME_ADDRESS, title="Question about the contract", text="Who signs it?")
    by_acme, by_beta = exchange(acme, beta, relay)
    assert by_acme <= 2
    assert by_beta <= 2
    assert (acme.tickets(), beta.tickets()) == (1, 1)


@pytest.mark.parametrize("relay", RELAYS)
def test_an_answer_of_staff_starts_no_loop(desks: tuple[Conversation, Conversation], relay: Relay) -> None:
    acme, beta = desks
    beta.staff("ada").open(customer=ACME_ADDRESS, title="Question about the contract", text="Who signs it?")
    before = exchange(acme, beta, relay)
    for desk in desks:
        desk.later(hours=2)
    beta.staff("ada").solve(1, "The boss signs it.")
    after = exchange(acme, beta, relay)
    assert max(after[0] - before[0], after[1] - before[1]) <= 2


POLICIES = ("new_linked", "new", "reopen", "append")


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("relay", [without_marks, with_banner, bare])
def test_two_helpdesks_that_close_fall_silent(
    desks: tuple[Conversation, Conversation], relay: Relay, policy: str
) -> None:
    """Each closes the other's ticket, and each act of that is answered with at most two letters."""
    acme, beta = desks
    for desk, own in ((acme, ACME), (beta, BETA)):
        boxes = {"support": {**own["mailboxes"]["support"], "closed_tickets": {"reopen_within": "0s", "else": policy}}}
        desk.restart({**own, "mailboxes": boxes}, keys=(NEW_KEY,) if desk is beta else ())
    beta.staff("ada").open(customer=ACME_ADDRESS, title="Question about the contract", text="Who signs it?")
    before = exchange(acme, beta, relay)
    for desk in (acme, beta):
        acme.later(hours=2)
        beta.later(hours=2)
        desk.staff("ada").close(1)
        after = exchange(acme, beta, relay)
        assert max(after[0] - before[0], after[1] - before[1]) <= 2
        before = after


@pytest.mark.parametrize("relay", [without_marks, with_banner, bare])
def test_two_helpdesks_that_merge_fall_silent(desks: tuple[Conversation, Conversation], relay: Relay) -> None:
    acme, beta = desks
    for title in ("Question about the contract", "Another question"):
        beta.staff("ada").open(customer=ACME_ADDRESS, title=title, text=f"{title}: who signs it?")
        exchange(acme, beta, relay)
        acme.later(hours=2)
        beta.later(hours=2)
    before = exchange(acme, beta, relay)
    merge(beta.staff("ada"), 2, into=1)
    after = exchange(acme, beta, relay)
    assert max(after[0] - before[0], after[1] - before[1]) <= 2
    acme.later(hours=2)
    beta.later(hours=2)
    merge(acme.staff("ada"), 2, into=1)
    last = exchange(acme, beta, relay)
    assert max(last[0] - after[0], last[1] - after[1]) <= 2


def test_two_helpdesks_in_copy_of_one_customer_fall_silent(desks: tuple[Conversation, Conversation]) -> None:
    """django-helpdesk#825 "Email Loop when Queue address is in cc"."""
    acme, beta = desks
    for desk in desks:
        anna = desk.customer("Anna Kunde <anna@kunde.example>")
        desk.put(anna.mail("Angebot", to=ACME_ADDRESS, message_id="one@kunde.example", Cc=BETA_ADDRESS))
        desk.round()
    by_acme, by_beta = exchange(acme, beta, without_marks)
    assert by_acme <= 2
    assert by_beta <= 2


def responds(person: Person, text: str, *, threaded: bool, **fields: str) -> int:
    """PERSON's responder answers each letter for an hour; how many he got."""
    answered = 0
    for _ in range(30):
        new: list[Letter] = person.letters[answered:]
        answered += len(new)
        for letter in new:
            person.talk.later(seconds=30)
            how: dict[str, Any] = {} if threaded else {"in_reply_to": "", "references": ()}
            person.answers(letter, text, subject=f"Abwesend: {letter.subject}", **how, **fields)
    return answered


@pytest.mark.parametrize("threaded", [True, False])
@pytest.mark.parametrize("fields", [{"Auto_Submitted": "auto-replied"}, {}], ids=["marked", "unmarked"])
def test_an_out_of_office_responder(
    desks: tuple[Conversation, Conversation], threaded: bool, fields: dict[str, str]
) -> None:
    """osTicket#1041 "Out of office reply creating loop": a responder that answers everything."""
    anna = desks[0].customer("Anna Kunde <anna@kunde.example>")
    anna.writes("Drucker brennt")
    got = responds(anna, "Ich kümmere mich nach Ostern darum.", threaded=threaded, **fields)
    assert got == 1
    assert desks[0].tickets() == 1


WORDS = ("status", "Status [ACME-1]", "unsubscribe", "abmelden", "subscribe", "anmelden", "Out of office: contract")


@pytest.mark.parametrize("relay", [untouched, without_marks, with_banner, bare])
@pytest.mark.parametrize("title", WORDS)
def test_words_that_ask_for_a_letter_start_no_loop(
    desks: tuple[Conversation, Conversation], relay: Relay, title: str
) -> None:
    """A ticket whose title is a wish to the other desk: `status`, opting out and in."""
    acme, beta = desks
    beta.staff("ada").open(customer=ACME_ADDRESS, title=title, text="Who signs it?")
    by_acme, by_beta = exchange(acme, beta, relay)
    assert by_acme <= 2
    assert by_beta <= 2
    for desk in desks:
        desk.later(hours=2)
    beta.staff("ada").reply(1, "status")
    after = exchange(acme, beta, relay)
    assert max(after[0] - by_acme, after[1] - by_beta) <= 2


REJECTING: Mapping[str, Any] = {"rules": [{"name": "nobody", "match": "always", "then": ["reject"]}]}


@pytest.mark.parametrize("relay", RELAYS)
@pytest.mark.parametrize("both", [True, False])
def test_rejections_start_no_loop(desks: tuple[Conversation, Conversation], relay: Relay, both: bool) -> None:
    acme, beta = desks
    acme.restart({**ACME, **REJECTING})
    if both:
        beta.restart({**BETA, **REJECTING}, keys=(NEW_KEY,))
    beta.staff("ada").open(customer=ACME_ADDRESS, title="Question about the contract", text="Who signs it?")
    by_acme, by_beta = exchange(acme, beta, relay)
    assert by_acme <= 2
    assert by_beta <= 2


AWAY = "Ich bin bis Montag nicht im Büro und danach wieder erreichbar."
BUSY = "Danke, ich kümmere mich nach Ostern darum."


@pytest.mark.parametrize("proof", ["mx.acme.example; dmarc=pass header.from=acme.example", ""])
@pytest.mark.parametrize("threaded", [True, False])
@pytest.mark.parametrize(
    ("subject", "text"), [("Abwesend: {}", AWAY), ("Re: {}", AWAY), ("{}", AWAY), ("Re: {}", BUSY)]
)
def test_agents_who_are_away_do_not_answer_each_other(
    sqlite_file: Path, tmp_path: Path, proof: str, threaded: bool, subject: str, text: str
) -> None:
    """Both agents' programs answer every letter without a mark; the customer hears of it nothing."""
    shutil.copy(sqlite_file, tmp_path / "helpdesk.db")
    store = open_store("sqlite:///helpdesk.db", base=tmp_path)
    boxes = {"support": {"authserv": {"id": "mx.acme.example"}}}
    talk = Conversation(store, {**ALL_ON, "mailboxes": boxes})
    anna = talk.customer("Anna Kunde <anna@kunde.example>")
    agents = [talk.customer("Ada Example <ada@acme.example>"), talk.customer("Bert Example <bert@acme.example>")]
    anna.writes("Drucker brennt")
    anna.hears()
    answered = {agent.address: 0 for agent in agents}
    for _ in range(8):
        for agent in agents:
            new = agent.letters[answered[agent.address] :]
            answered[agent.address] += len(new)
            for letter in new:
                talk.later(seconds=5)
                how: dict[str, Any] = {} if threaded else {"in_reply_to": "", "references": ()}
                how |= {"Authentication_Results": proof} if proof else {}
                agent.answers(letter, text, subject=subject.format(letter.subject), **how)
    assert len(anna.hears()) <= (2 if proof and text == BUSY else 0)
    # Words that went to the customer once, and came again: their writer is told so, once.
    assert max(answered.values()) <= (4 if proof and text == BUSY else 3)
    store.close()
