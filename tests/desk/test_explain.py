"""`explain` says before what `receive` does afterwards, and touches nothing."""

import pytest

from desk.explain import explain
from domain.letter import Told
from domain.message import RawMail
from scanner.read import read
from store.outbox import QueuedLetter
from store.tables import metadata
from tests.conversation import Begin, Conversation, Mail
from tests.corpus import samples
from tests.desk.test_outcomes import BOUNCE, OUT_OF_OFFICE

ANNA = "Anna Kunde <anna@kunde.example>"
RULES = [
    {"name": "newsletters", "when": {"is": "list"}, "then": ["ignore"]},
    {"name": "outage", "for": "new", "when": {"subject": {"contains": "Ausfall"}},
     "then": [{"set": {"priority": "urgent"}}, {"assign": {"agent": "bert"}}]},
    {"name": "done", "for": "reply", "when": {"text": {"contains": "erledigt"}},
     "then": [{"set": {"status": "closed"}}, {"assign": {"agent": "ada"}}]},
]  # fmt: skip


def rows(talk: Conversation) -> dict[str, int]:
    """How many rows each table has."""
    with talk.store.database.reading() as connection:
        return {
            name: connection.exec_driver_sql(f'SELECT count(*) FROM "{name}"').scalar_one()  # noqa: S608
            for name in metadata.tables
        }


def letters(told: object) -> list[tuple[str, str]]:
    assert isinstance(told, tuple)
    return sorted((one.recipient.address, one.kind.value) for one in told if isinstance(one, Told))


def _about_none(talk: Conversation) -> list[QueuedLetter]:
    """The letters about no ticket."""
    with talk.store.reading() as view:
        return [letter for letter in view.outbox.recent_letters(limit=100) if letter.ticket is None]


def assert_told_before(talk: Conversation, data: bytes) -> None:
    """What is told of the mail is what then becomes of it, and telling changed nothing."""
    before = rows(talk)
    message = read(RawMail(data=data, size=len(data)))
    told = explain(talk.desk, message, data=data, mailbox="support", now=talk.now)
    assert rows(talk) == before
    sent = {letter.id for number in range(1, talk.tickets() + 1) for letter in talk.outbox(number)}
    sent |= {letter.id for letter in _about_none(talk)}
    talk.put(data)
    talk.scan()
    row = talk.journal()[-1]
    assert told.outcome == row.outcome
    queued = [
        letter for number in range(1, talk.tickets() + 1) for letter in talk.outbox(number) if letter.id not in sent
    ]
    if told.copy_of is not None:
        assert (queued, told.copy_of.id) == ([], row.duplicate_of)
        return
    queued += [letter for letter in _about_none(talk) if letter.id not in sent]
    assert letters(told.told) == sorted((letter.recipient.address, letter.kind.value) for letter in queued)
    if told.ticket is None:
        assert row.outcome in ("ignored", "rejected", "forwarded")
        return
    assert row.ticket is not None
    now = talk.ticket(row.ticket)
    assert (told.opens, told.ticket.number) in ((True, 0), (False, now.number))
    for name in ("title", "status", "priority", "category", "agent", "group", "tags", "linked_to", "closed_at"):
        assert getattr(told.ticket, name) == getattr(now, name), name
    assert [event.kind for event in told.events] == talk.kinds(now.number)[-len(told.events) :]


@pytest.fixture
def conversation(begin: Begin) -> Conversation:
    """Anna's open ticket 1, and a closed ticket 2 of hers."""
    talk = begin({"rules": RULES})
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    anna.writes("Licht flackert")
    talk.staff("ada").take(2)
    talk.staff("ada").close(2)
    talk.deliver()
    return talk


def varied(talk: Conversation) -> list[Mail | bytes]:
    """One mail of each kind that the desk tells apart."""
    anna, eve, ada = (
        talk.customer(ANNA),
        talk.customer("Eve <eve@elsewhere.example>"),
        talk.customer("ada@acme.example"),
    )
    first, closed = anna.letters[0], anna.letters[-1]
    token = first.message_id.partition("@")[0]
    return [
        anna.mail("Noch eine Frage"),
        anna.mail("Ausfall im Netz"),
        anna.answer(first),
        anna.answer(first, "Hat sich erledigt."),
        anna.answer(closed),
        anna.answer(first, **OUT_OF_OFFICE),
        BOUNCE % closed.message_id.encode(),
        eve.answer(first),
        eve.mail("[ACME-1] Ich weiß alles"),
        eve.mail("Automat", **OUT_OF_OFFICE),
        eve.mail("Angebote", List_Id="<news.elsewhere.example>"),
        ada.answer(talk.letters("ada@acme.example")[0], "Meine Meinung"),
        talk.smtp.sent[0].data,
        eve.mail(f"unsubscribe {token}"),
        anna.mail(f"unsubscribe {token}"),
        anna.mail("Nach der Abmeldung"),
        anna.mail(f"subscribe {token}"),
        anna.answer(first, "abmelden"),
        anna.answer(first, "abmelden"),
        anna.answer(first, "anmelden"),
        anna.mail("unsubscribe", ""),
        b"Subject: ohne Absender\r\n\r\nHallo\r\n",
        b"",
    ]


def test_every_kind_of_mail_is_told_before(conversation: Conversation) -> None:
    for mail in varied(conversation):
        assert_told_before(conversation, mail if isinstance(mail, bytes) else mail.data)
    assert conversation.gaps() == ()


def test_an_answer_long_after_closing_is_told_before(conversation: Conversation) -> None:
    anna = conversation.customer(ANNA)
    conversation.later(days=40)
    assert_told_before(conversation, anna.answer(anna.letters[-1]).data)
    assert conversation.journal()[-1].ticket == 3


def test_what_a_mail_tells_of_addresses_is_told_before(begin: Begin) -> None:
    talk = begin({"mailboxes": {"support": {"cc_watches": True}}})
    anna = talk.customer(ANNA)
    copied = anna.mail("Drucker brennt", Cc="Tom <tom@kunde.example>, Mia <mia@kunde.example>")
    assert_told_before(talk, copied.data)
    assert_told_before(talk, anna.mail("Drucker brennt").data)
    talk.deliver()
    assert_told_before(talk, anna.answer(anna.last, Cc="a@b.example, c@d.example").data)
    assert len(talk.ticket(1).watchers) == 4
    assert_told_before(talk, BOUNCE % anna.last.message_id.encode())
    assert_told_before(talk, anna.answer(anna.last, "Hier bin ich.").data)
    assert_told_before(talk, anna.mail("Passwort", From="Ada Example <anna@kunde.example>").data)


def test_a_copy_is_told_before(conversation: Conversation) -> None:
    mail = conversation.customer(ANNA).mail("Neu")
    assert_told_before(conversation, mail.data)
    assert_told_before(conversation, b"Received: from x\r\n" + mail.data)


def test_ordinary_mails_are_told_before(conversation: Conversation) -> None:
    for sample in samples(25, seed=7):
        assert_told_before(conversation, sample.data)
