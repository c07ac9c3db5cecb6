"""What an answer to a closed ticket does: policy × age × who writes."""

import pytest

from domain.event import EventKind
from tests.conversation import Begin, Conversation
from tests.desk.test_addresses import bounce
from tests.desk.test_outcomes import OUT_OF_OFFICE

ANNA, TOM, EVE = "Anna Kunde <anna@kunde.example>", "Tom <tom@partner.example>", "Eve <eve@elsewhere.example>"
ADA = "ada@acme.example"
POLICIES = ("new_linked", "new", "reopen", "append")
YOUNG, OLD = 5, 40  # days; the window is ten

# Who writes: after days, by policy: "reopened", "appended", "linked" (a new ticket), "new" (without a link).
BY_CUSTOMER = {"new_linked": "linked", "new": "new", "reopen": "reopened", "append": "appended"}
TABLE = {
    ("requester", YOUNG): dict.fromkeys(POLICIES, "reopened"),
    ("requester", OLD): BY_CUSTOMER,
    ("watcher", YOUNG): dict.fromkeys(POLICIES, "reopened"),
    ("watcher", OLD): BY_CUSTOMER,
    ("agent", YOUNG): dict.fromkeys(POLICIES, "appended"),
    ("agent", OLD): dict.fromkeys(POLICIES, "appended"),
    ("unconfirmed", YOUNG): dict.fromkeys(POLICIES, "appended"),
    ("unconfirmed", OLD): dict.fromkeys(POLICIES, "appended"),
    ("stranger", OLD): dict.fromkeys(POLICIES, "linked"),
    ("out of office", YOUNG): dict.fromkeys(POLICIES, "appended"),
    ("out of office", OLD): dict.fromkeys(POLICIES, "appended"),
    ("bounce", YOUNG): dict.fromkeys(POLICIES, "appended"),
    ("bounce", OLD): dict.fromkeys(POLICIES, "appended"),
}
ROWS = [(who, days, policy, wanted) for (who, days), row in TABLE.items() for policy, wanted in row.items()]


def closed(begin: Begin, policy: dict[str, str]) -> Conversation:
    """Ticket 1 of Anna's, watched by Tom, closed by Ada; everybody has looked."""
    talk = begin({"mailboxes": {"support": {"closed_tickets": policy, "cc_watches": True}}})
    talk.customer(ANNA).writes("Drucker brennt", Cc="tom@partner.example")
    talk.staff("ada").take(1)
    talk.staff("ada").close(1)
    talk.deliver()
    for address in ("anna@kunde.example", "tom@partner.example", ADA):
        talk.new_letters(address)
    return talk


def writes(talk: Conversation, who: str) -> None:
    anna, tom, eve, ada = (talk.customer(one) for one in (ANNA, TOM, EVE, ADA))
    match who:
        case "requester":
            anna.answers(anna.last)
        case "watcher":
            tom.answers(tom.last)
        case "agent":
            ada.answers(ada.last)
        case "unconfirmed":
            eve.answers(anna.last)
        case "stranger":
            eve.writes("[ACME-1] Ich auch")
        case "out of office":
            anna.answers(anna.last, "Bin im Urlaub.", **OUT_OF_OFFICE)
        case "bounce":
            anna.sends(bounce(anna.last.message_id))


def became(talk: Conversation) -> str:
    if talk.tickets() == 2:
        assert talk.ticket(1).status == "closed"
        return "linked" if talk.ticket(2).linked_to == 1 else "new"
    assert len(talk.entries(1)) == 2
    return "appended" if talk.ticket(1).status == "closed" else "reopened"


@pytest.mark.parametrize(("who", "days", "policy", "wanted"), ROWS)
def test_an_answer_to_a_closed_ticket(begin: Begin, who: str, days: int, policy: str, wanted: str) -> None:
    """osTicket#1744, zammad#5113 (machines reopen), frappe/helpdesk#3465 (a policy for each queue)."""
    talk = closed(begin, {"reopen_within": "10d", "else": policy})
    talk.later(days=days)
    writes(talk, who)
    assert became(talk) == wanted


def test_what_is_appended_reaches_the_agent_and_nobody_waits(begin: Begin) -> None:
    talk = closed(begin, {"reopen_within": "0s", "else": "append"})
    anna, ada = talk.customer(ANNA), talk.customer(ADA)
    talk.later(minutes=1)
    anna.answers(anna.last, "Danke!")
    assert (talk.ticket(1).status, talk.ticket(1).waiting_since) == ("closed", None)
    assert talk.kinds(1)[-1] is EventKind.CUSTOMER_WROTE
    assert (anna.hears(), ada.hears()) == ([], ["staff_customer"])
    assert "Danke!" in ada.last.text


@pytest.mark.parametrize(
    ("window", "days", "said"),
    [("0s", 1, "closed and is not reopened (closed_tickets)"), ("12h", 1, "more than 12 hours ago"),
     ("10d", 11, "more than 10 days ago")],
)  # fmt: skip
def test_the_new_ticket_says_why(begin: Begin, window: str, days: int, said: str) -> None:
    talk = closed(begin, {"reopen_within": window, "else": "new"})
    talk.later(days=days)
    writes(talk, "requester")
    assert said in talk.events(2)[0].because
