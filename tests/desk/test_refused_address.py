"""Our own server says at once that there is no such address: it is marked as a hard bounce marks it."""

import pytest

from desk.addresses import bounced_staff
from domain.event import EventKind
from domain.letter import Reason
from domain.people import OrganizationFacts
from tests.conversation import Begin, Conversation
from tests.desk.test_outcomes import OUT_OF_OFFICE

ANNA, ADA, BERT = "anna@kunde.example", "ada@acme.example", "bert@acme.example"
GONE = "550 5.1.1 no such user"


def is_dead(talk: Conversation, address: str = ANNA) -> bool:
    return any(one.undeliverable for one in talk.contact(address).addresses if one.address == address)


def asks(talk: Conversation, title: str = "Drucker brennt", address: str = ANNA) -> None:
    """Somebody writes; the letters wait."""
    talk.put(talk.customer(address).mail(title))
    talk.scan()


def test_a_refused_recipient_is_marked_and_staff_is_told_once(anywhere: Begin) -> None:
    talk = anywhere()
    talk.smtp.refuse(ANNA, GONE)
    ada, bert = talk.customer(ADA), talk.customer(BERT)
    talk.customer(ANNA).writes("Drucker brennt")
    talk.deliver()
    assert is_dead(talk)
    assert talk.kinds(1)[-2:] == [EventKind.UNSENT, EventKind.UNDELIVERABLE]
    assert talk.events(1)[-1].because == f"a letter was refused: {GONE}"
    assert (ada.hears(), bert.hears()) == (["staff_new", "staff_change"], ["staff_new", "staff_change"])
    told = " ".join(ada.last.text.split())
    assert GONE in told
    assert "dorthin wird nichts mehr gesandt" in told
    talk.staff("bert").reply(1, "Wir kommen.")
    talk.deliver()
    assert talk.withheld(1)[-1] == (ANNA, Reason.UNDELIVERABLE)
    assert (ada.hears(), bert.hears()) == (["staff_comment"], []), "nothing more was refused"


def test_letters_that_wait_for_the_address_are_withheld(talk: Conversation) -> None:
    talk.smtp.refuse(ANNA, "450 4.7.1 greylisted", times=2)
    asks(talk)
    talk.deliver()
    asks(talk, "Licht flackert")
    talk.deliver()
    talk.smtp.refuse(ANNA, GONE)
    talk.later(minutes=1)
    talk.staff("ada").reply(1, "Wir kommen.")
    for _ in range(3):
        talk.later(minutes=5)
        talk.deliver()
    states = sorted(
        letter.state for number in (1, 2) for letter in talk.outbox(number) if not letter.recipient.is_staff
    )
    assert states == ["failed", "withheld", "withheld"]
    assert [kind for number in (1, 2) for kind in talk.kinds(number)].count(EventKind.UNDELIVERABLE) == 1


@pytest.mark.parametrize(
    "reply", ["550 no such user", "550 5.7.1 blocked", "552 5.2.2 mailbox full", "554 5.3.0 disk", "550 5.4.1 denied"]
)
def test_a_refusal_that_says_nothing_of_the_address_marks_nothing(talk: Conversation, reply: str) -> None:
    talk.smtp.refuse(ANNA, reply)
    talk.customer(ANNA).writes("Drucker brennt")
    assert talk.kinds(1)[-1] is EventKind.UNSENT
    assert not is_dead(talk)
    talk.staff("ada").reply(1, "Wir kommen.")
    talk.deliver()
    assert talk.customer(ANNA).hears() == ["comment"]


def test_a_mail_of_a_person_clears_the_mark(talk: Conversation) -> None:
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    talk.smtp.refuse(ANNA, GONE)
    talk.staff("ada").reply(1, "Wir kommen.")
    talk.deliver()
    assert is_dead(talk)
    anna.answers(anna.letters[0], "Ich bin nicht da.", **OUT_OF_OFFICE)
    assert is_dead(talk), "a machine's word does not count"
    anna.answers(anna.letters[0], "Ich bin wieder da.")
    assert not is_dead(talk)
    assert EventKind.REACHABLE in talk.kinds(1)
    anna.hears()
    talk.staff("ada").reply(1, "Wir kommen trotzdem.")
    talk.deliver()
    assert anna.hears() == ["comment"]


def test_an_agents_address_that_is_refused(talk: Conversation) -> None:
    talk.smtp.refuse(BERT, GONE)
    ada, bert = talk.customer(ADA), talk.customer(BERT)
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    assert [(one.kind, one.field) for one in talk.events(1)[-2:]] == [
        (EventKind.UNSENT, "agent"), (EventKind.UNDELIVERABLE, "agent"),
    ]  # fmt: skip
    talk.deliver()
    assert (ada.hears(), bert.hears()) == (["staff_new"], []), "nobody is told by a letter"
    with talk.store.reading() as view:
        assert list(bounced_staff(view, talk.settings)) == ["bert"]
    anna.answers(anna.last)
    assert bert.hears() == ["staff_customer"], "to staff letters still go"


def companys_ticket(talk: Conversation) -> tuple[OrganizationFacts, int]:
    """A company with an address of its own, and the number of its ticket, which Ada has."""
    with talk.store.act() as view:
        made = view.people.add_organization("Kunde GmbH", domains=["kunde.example"], address="it@kunde.example",
                                            now=talk.now)  # fmt: skip
        number = view.tickets.open(
            {"title": "Drucker", "description": "", "status": "open", "priority": "normal", "category": "",
             "source": "staff", "mailbox": "support", "agent": "ada", "group_key": "service", "organization": made.id},
            now=talk.now,
        )  # fmt: skip
    return made, number


def test_a_companys_own_address_that_is_refused(talk: Conversation) -> None:
    made, number = companys_ticket(talk)
    talk.smtp.refuse("it@kunde.example", "550 5.2.1 mailbox disabled")
    talk.staff("bert").reply(number, "Wir kommen.")
    talk.deliver()
    with talk.store.reading() as view:
        company = view.people.organization(made.id)
    assert company is not None
    assert company.undeliverable


def test_somebody_in_copy_whose_address_is_refused(begin: Begin) -> None:
    talk = begin({"mailboxes": {"support": {"cc_watches": True}}})
    talk.customer(ANNA).writes("Drucker brennt", Cc="mia@partner.example")
    talk.smtp.refuse("mia@partner.example", GONE)
    talk.staff("ada").reply(1, "Wir kommen.")
    talk.deliver()
    assert is_dead(talk, "mia@partner.example")
    assert not is_dead(talk)
    assert talk.customer(ANNA).hears() == ["acknowledgement", "comment"]


# Whoever writes from it is there, whatever he writes


@pytest.mark.parametrize("known", [False, True], ids=["opts out", "has opted out before"])
def test_an_opt_out_clears_the_mark_too(anywhere: Begin, known: bool) -> None:
    talk = anywhere()
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    if known:
        anna.answers(anna.last, "abmelden alle")
    with talk.store.act() as view:
        view.people.set_undeliverable(ANNA, undeliverable=True)
    anna.hears()
    row = anna.answers(anna.letters[0], "unsubscribe all")
    assert (row.outcome, row.ticket) == ("ignored", 1)
    assert not is_dead(talk)
    assert EventKind.REACHABLE in talk.kinds(1)
    assert anna.hears() == ([] if known else ["opted_out"]), "the confirmation goes there"


def test_an_opt_out_by_list_unsubscribe_clears_the_mark_too(talk: Conversation) -> None:
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    with talk.store.act() as view:
        view.people.set_undeliverable(ANNA, undeliverable=True)
    anna.hears()
    token = anna.letters[0].message_id.partition("@")[0]
    anna.writes(f"unsubscribe {token}", "")
    assert not is_dead(talk)
    assert anna.hears() == ["opted_out"]


def test_a_machine_that_opts_out_clears_nothing(talk: Conversation) -> None:
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    with talk.store.act() as view:
        view.people.set_undeliverable(ANNA, undeliverable=True)
    token = anna.letters[0].message_id.partition("@")[0]
    anna.writes(f"unsubscribe {token}", "", **OUT_OF_OFFICE)
    assert is_dead(talk)


def test_a_company_that_opts_out_clears_its_mark(talk: Conversation) -> None:
    made, number = companys_ticket(talk)
    talk.staff("bert").reply(number, "Wir kommen.")
    talk.deliver()
    with talk.store.act() as view:
        view.people.set_organization_undeliverable(made.id, undeliverable=True)
    company = talk.customer("it@kunde.example")
    company.hears()
    company.answers(company.letters[0], "abmelden")
    with talk.store.reading() as view:
        found = view.people.organization(made.id)
    assert found is not None
    assert (found.undeliverable, found.email_opt_out) == (False, True)
    assert company.hears() == ["opted_out"]


def test_asking_how_a_ticket_stands_clears_the_mark_too(talk: Conversation) -> None:
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    with talk.store.act() as view:
        view.people.set_undeliverable(ANNA, undeliverable=True)
    anna.hears()
    anna.writes("status [ACME-1]", "")
    assert not is_dead(talk)
    assert anna.hears() == ["report"]
    assert talk.kinds(1)[-1] is EventKind.REACHABLE
