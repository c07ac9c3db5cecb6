"""Whoever claims to be an agent, and cannot prove it, can do no more than a stranger.

The property: two tickets are made alike.  One gets a mail that claims to come from the agent Ada,
without proof; the other gets the same mail from Eve, who is on no ticket and in no configuration.  Then

    both old tickets are as they were before (status, people, fields, tags, watchers, waiting);
    what was added to Ada's ticket is what was added to Eve's, or less, where a note (Ada) and an
    unconfirmed mail (Eve) are the same: words that are kept for staff and change nothing;
    a new ticket there is for both or for none, with the same fields and events;
    every letter that Ada's mail caused has its like among Eve's: the same kind to the same person,
    Eve's own letters counted as Ada's.  To customers nobody but Eve herself is written.

Ada has no part of her own in the tickets: what a customer may do needs no proof.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.event import EventKind
from domain.letter import LetterKind
from store.store import open_store
from tests.conversation import Conversation, Mail
from tests.desk.test_agents_by_mail import FORWARD

ADA, EVE = "ada@acme.example", "eve@elsewhere.example"
PASS = "dmarc=pass header.from=acme.example"
OURS: dict[str, Any] = {"id": "mx.acme.example", "border": ["mx.acme.example"]}
BORDER = "Received: from x by mx.acme.example; now"
FOREIGN = "Received: from x by relay.elsewhere.example; now"
RESULTS = "Authentication-Results:"
NEVER = (
    (),
    (BORDER, FOREIGN, f"{RESULTS} mx.acme.example; {PASS}"),
    (f"{RESULTS} mx.elsewhere.example; {PASS}",),
    (f"{RESULTS} mx.elsewhere.example; {PASS}", f"{RESULTS} mx.acme.example; {PASS}", f"{RESULTS} {PASS}"),
    (f"{RESULTS} mx.acme.example; dmarc=fail header.from=acme.example; dkim=pass header.d=acme.example",),
    (f"{RESULTS} mx.acme.example; dmarc=pass header.from=elsewhere.example",),
    (f"{RESULTS} mx.acme.example; spf=fail ({PASS}; {PASS})", f"{RESULTS} mx.acme.example; {PASS}"),
    (f"{RESULTS} mx.acme.example 7; {PASS}",),
    (f"{RESULTS} mx.acme.example; dkim=pass header.d=elsewhere.example",),
    (f"ARC-{RESULTS} i=1; mx.acme.example; {PASS}",),
    ("From: SENDER", f"{RESULTS} mx.acme.example; {PASS}"),
    (f"{RESULTS} mx.acme.example; {PASS} {'(' * 50}",),
)
# Whom the mailbox believes, and what proves nothing to it beside what never does.
BELIEVED: dict[str, tuple[Any, tuple[tuple[str, ...], ...]]] = {
    "nobody": (None, ((f"{RESULTS} mx.acme.example; {PASS}",), (f"{RESULTS} {PASS}",))),
    "the border host": (OURS, ((f"{RESULTS} {PASS}",), (BORDER, f"{RESULTS} spf=pass; {PASS}"))),
    "Microsoft 365": ("microsoft365", ((f"{RESULTS} mx.acme.example; {PASS}",), (FOREIGN, f"{RESULTS} {PASS}"))),
}
RULES = [{"name": "done", "for": "reply", "when": {"text": {"contains": "fertig"}},
          "then": [{"set": {"status": "closed"}}, {"assign": {"agent": "bert"}}, {"tag": ["done"]}]}]  # fmt: skip

COMMANDS = st.sampled_from(
    ["!close", "!note", "!solve", "!take", "!assign bert", "!assign nobody", "!priority urgent", "!priorty", "!tag x",
     "!reopen", "!status waiting", ""]
)  # fmt: skip
TEXTS = st.builds(
    lambda commands, words: "\n".join([*commands, words]),
    st.lists(COMMANDS, max_size=3),
    st.sampled_from(
        ["Überweisen Sie an mich.", "Alles fertig.", "", "> Drucker brennt", FORWARD.format(above="Bitte.")]
    ),
)
WAYS = ("a letter to staff", "a letter to the customer", "the customer's mail", "the tag", "nothing")
STATES = ("new", "with bert", "with ada", "closed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A mail that claims to come from somebody."""

    header: tuple[str, ...]
    text: str
    way: str
    state: str
    name: str
    is_machine: bool
    is_forward: bool


def claims(proofs: tuple[tuple[str, ...], ...]) -> st.SearchStrategy[Claim]:
    return st.builds(
        Claim, header=st.sampled_from(proofs), text=TEXTS, way=st.sampled_from(WAYS), state=st.sampled_from(STATES),
        name=st.sampled_from(["", "Ada Example", "Bert Example", "Acme Support"]), is_machine=st.booleans(),
        is_forward=st.booleans(),
    )  # fmt: skip


@contextmanager
def conversation(sqlite_file: Path, authserv: Any) -> Iterator[Conversation]:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(sqlite_file, Path(folder) / "helpdesk.db")
        store = open_store("sqlite:///helpdesk.db", base=Path(folder))
        mailbox = {"authserv": authserv} if authserv else {}
        yield Conversation(store, {"mailboxes": {"support": mailbox}, "rules": RULES})
        store.close()


def prepared(talk: Conversation, number: int, state: str) -> Any:
    """A new customer with his ticket in STATE."""
    anna = talk.customer(f"Anna Kunde <anna{number}@kunde.example>")
    anna.writes("Drucker brennt")
    ticket = talk.tickets()
    staff = talk.staff("bert")
    if state == "with bert":
        staff.take(ticket)
    elif state == "with ada":
        staff.assign(ticket, agent="ada")
    elif state == "closed":
        staff.close(ticket)
    talk.deliver()
    return anna, ticket


def mail_of(talk: Conversation, claim: Claim, sender: str, anna: Any, ticket: int) -> Mail:
    """The mail that SENDER sends about the ticket."""
    to_staff = next(one for one in reversed(talk.letters(ADA)) if f"[ACME-{ticket}]" in one.subject)
    answered = {"a letter to staff": to_staff.message_id, "a letter to the customer": anna.letters[0].message_id,
                "the customer's mail": anna.sent[0].message_id}.get(claim.way, "")  # fmt: skip
    subject = f"[ACME-{ticket}] Drucker" if claim.way == "the tag" else "Drucker"
    own = (line.replace("SENDER", sender) for line in claim.header)
    head = [*own, f"From: {claim.name} <{sender}>", "To: support@acme.example",
            f"Subject: {'Fwd: ' if claim.is_forward else ''}{subject}", f"Message-ID: <{talk.next_id('x.example')}>",
            *([f"In-Reply-To: <{answered}>"] if answered else []),
            *(["Auto-Submitted: auto-replied"] if claim.is_machine else []),
            "Content-Type: text/plain; charset=utf-8"]  # fmt: skip
    data = "\r\n".join([*head, "", claim.text, ""]).encode()
    return Mail(data=data, message_id="", subject=subject, sender=sender)


ALIKE = {EventKind.NOTE: EventKind.UNCONFIRMED, LetterKind.STAFF_NOTE: LetterKind.STAFF_CUSTOMER}
FIELDS = ("status", "agent", "group", "priority", "category", "tags", "watchers", "title", "solution", "waiting_since",
          "requester", "closed_at")  # fmt: skip


def state_of(talk: Conversation, ticket: int) -> tuple[object, ...]:
    return tuple(getattr(talk.ticket(ticket), name) for name in FIELDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a mail came to: on the old ticket, as a new ticket, in letters."""

    added: tuple[object, ...]
    new: tuple[object, ...]
    letters: frozenset[tuple[str, object]]


def outcome(talk: Conversation, claim: Claim, sender: str, number: int) -> Outcome:
    anna, ticket = prepared(talk, number, claim.state)
    before, events = state_of(talk, ticket), len(talk.kinds(ticket))
    tickets, letters = talk.tickets(), len(talk.letters())
    mail = mail_of(talk, claim, sender, anna, ticket)
    talk.later(hours=30)
    talk.put(mail)
    talk.round()
    assert state_of(talk, ticket) == before, "a mail without proof changed the ticket"
    new: tuple[object, ...] = ()
    if talk.tickets() > tickets:
        opened = talk.ticket(tickets + 1)
        assert opened.requester is not None
        new = (opened.requester.has_address(sender), opened.status, opened.agent, opened.group, opened.priority,
               opened.tags, opened.linked_to == ticket, talk.kinds(tickets + 1))  # fmt: skip
    sent = frozenset(
        (ADA if one.to == EVE else one.to, ALIKE.get(one.kind, one.kind)) for one in talk.letters()[letters:]
    )
    assert {to for to, kind in sent if not LetterKind(kind).is_staff} <= {ADA}, "a customer was written to"
    added = tuple(ALIKE.get(kind, kind) for kind in talk.kinds(ticket)[events:])
    return Outcome(added=added, new=new, letters=sent)


@pytest.mark.parametrize("believed", BELIEVED)
def test_without_proof_an_agent_is_a_stranger(sqlite_file: Path, believed: str) -> None:
    authserv, proofs = BELIEVED[believed]
    numbers = iter(range(1, 10_000))
    with conversation(sqlite_file, authserv) as talk:

        @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
        @given(claims((*NEVER, *proofs)))
        def holds(claim: Claim) -> None:
            talk.later(days=40)
            ada, eve = (outcome(talk, claim, sender, next(numbers)) for sender in (ADA, EVE))
            assert ada.added in ((), eve.added)
            assert ada.new in ((), eve.new)
            assert ada.letters <= eve.letters

        holds()


def test_the_property_is_not_empty(sqlite_file: Path) -> None:
    """With proof the same mail does more."""
    claim = Claim(header=(f"{RESULTS} mx.acme.example; {PASS}",), text="!close\nFertig.", way="the tag", state="new",
                  name="", is_machine=False, is_forward=False)  # fmt: skip
    with conversation(sqlite_file, OURS) as talk, pytest.raises(AssertionError, match="changed the ticket"):
        outcome(talk, claim, ADA, 1)
