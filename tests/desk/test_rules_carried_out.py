"""What rules decide happens: told as mails, tickets and letters."""

from collections.abc import Callable
from email import message_from_bytes, policy
from typing import Any

import pytest

from desk.explain import Explanation, explain
from domain.decision import Ignore, Reject
from domain.event import EventKind
from domain.intake import Outcome
from domain.letter import Reason, Told, Withheld
from domain.message import RawMail
from domain.ticket import EntryKind, TicketFacts
from scanner.read import read
from tests.conversation import Begin, Conversation, Death

ANNA, BOSS = "Anna Kunde <anna@kunde.example>", "boss@bigcorp.example"
KEYS = {"vendor": {"from": ["vendor.example"], "subject": "Case ([0-9]{8})"}}


def rule(*then: Any, when: Any = None, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"name": "the rule", **more, "then": list(then)}
    return made | ({"when": when} if when else {"match": "always"})


def about(*then: Any, subject: str = "Test", **more: Any) -> dict[str, Any]:
    return rule(*then, when={"subject": {"contains": subject}}, **more)


def addressed(talk: Conversation, address: str) -> list[tuple[str, str, Reason | None]]:
    """State and reason of all that was, or was not, written to ADDRESS."""
    with talk.store.reading() as view:
        letters, withheld = view.outbox.of_address(address, limit=50)
    sent: list[tuple[str, str, Reason | None]] = [(one.kind.value, one.because, None) for one in letters]
    return sent + [(one.withheld.kind.value, one.withheld.because, one.withheld.reason) for one in withheld]


def foretold(talk: Conversation, data: bytes) -> Explanation:
    message = read(RawMail(data=data, size=len(data), arrived=talk.now))
    return explain(talk.desk, message, data=data, mailbox="support", now=talk.now)


# Rejecting


def test_a_rejected_mail_is_answered_in_the_rules_words_and_makes_no_ticket(begin: Begin) -> None:
    talk = begin({"rules": [about({"reject": {"text": 'Your mail "{{ mail.subject }}" is too large.'}})]})
    anna = talk.customer(ANNA)
    row = anna.writes("Test")
    assert (row.outcome, talk.tickets(), row.because) == (Outcome.REJECTED, 0, "rule 'the rule'")
    (letter,) = talk.letters()
    assert 'Your mail "Test" is too large.' in letter.text
    assert letter.fields["Auto-Submitted"] == "auto-replied"
    assert talk.smtp.sent[0].envelope_from == ""
    assert letter.in_reply_to == anna.sent[0].message_id
    assert "ACME-" not in letter.subject
    with talk.store.reading() as view:
        assert view.people.contact_of("anna@kunde.example") is None


def test_a_rejection_says_so_in_its_own_words_where_the_rule_has_none(begin: Begin) -> None:
    talk = begin({"rules": [about("reject")]})
    talk.customer(ANNA).writes("Test")
    assert "nicht angenommen" in talk.letters()[0].text


@pytest.mark.parametrize(
    "fields", [{"Auto_Submitted": "auto-replied"}, {"X_Loop": "desk@other.example"}, {"Precedence": "bulk"}]
)
def test_no_machine_is_told_that_its_mail_is_not_taken(begin: Begin, fields: dict[str, str]) -> None:
    talk = begin({"rules": [about("reject")]})
    row = talk.customer(ANNA).writes("Test", **fields)
    assert (row.outcome, talk.letters()) == (Outcome.REJECTED, [])
    assert [reason for _, _, reason in addressed(talk, "anna@kunde.example")] == [Reason.MACHINE]


def test_who_opted_out_or_is_out_of_budget_gets_no_rejection(begin: Begin) -> None:
    talk = begin({"rules": [about("reject")], "notifications": {"loop_budget": {"letters": 2}}})
    anna, bea = talk.customer(ANNA), talk.customer("bea@kunde.example")
    bea.writes("A question")
    with talk.store.act() as view:
        view.people.set_opt_out(talk.contact("bea@kunde.example").id, opted_out=True, how="by mail", now=talk.now)
    bea.writes("Test")
    for number in range(4):
        anna.writes(f"Test {number}")
    assert [reason for *_, reason in addressed(talk, "anna@kunde.example")] == [None, None, *[Reason.LOOP_BUDGET] * 2]
    assert addressed(talk, "bea@kunde.example")[-1][2] is Reason.OPTED_OUT
    assert talk.outcomes().count("rejected") == 5


def test_our_own_address_gets_no_rejection(begin: Begin) -> None:
    talk = begin({"rules": [about("reject")]})
    talk.customer("support@acme.example").writes("Test")
    assert [reason for *_, reason in addressed(talk, "support@acme.example")] == [Reason.OWN_ADDRESS]


# Passing on


def test_a_mail_is_passed_on_as_it_came(begin: Begin) -> None:
    talk = begin({"rules": [about({"forward": ["jobs@acme.example", "ada@acme.example"]})]})
    anna = talk.customer(ANNA)
    row = anna.writes("Test", "Meine Bewerbung")
    assert (row.outcome, talk.tickets()) == (Outcome.FORWARDED, 0)
    letter, to_ada = talk.letters()
    assert (letter.to, to_ada.to) == ("jobs@acme.example", "ada@acme.example")
    assert "support@acme.example" in letter.fields["From"]
    assert letter.reply_to == "anna@kunde.example"
    (whole,) = letter.fields.iter_attachments()
    assert whole.get_content_type() == "message/rfc822"
    inner = whole.get_content()
    assert (inner["Subject"], inner["Message-ID"]) == ("Test", f"<{anna.sent[0].message_id}>")
    assert "Meine Bewerbung" in inner.get_content()


def test_a_mail_with_octets_beyond_ascii_is_passed_on_octet_by_octet(begin: Begin) -> None:
    talk = begin({"rules": [about({"forward": "jobs@acme.example"})]})
    anna = talk.customer(ANNA)
    anna.writes("Test", "Grüße aus Köln")
    (file,) = talk.letters()[0].fields.iter_attachments()
    assert file.get_filename() == "Test.eml"
    assert file.get_content() == anna.sent[0].data


def test_nothing_goes_back_to_its_writer_or_to_us_and_no_mail_is_lost(begin: Begin) -> None:
    talk = begin({"rules": [about({"forward": ["anna@kunde.example", "support@acme.example"]})]})
    row = talk.customer(ANNA).writes("Test")
    assert row.outcome is Outcome.TICKET
    assert "nobody may get it" in row.because
    assert [one.kind.value for one in talk.letters("anna@kunde.example")] == ["acknowledgement"]


def test_forwards_of_one_sender_have_a_budget_and_then_make_tickets(begin: Begin) -> None:
    talk = begin({"rules": [about({"forward": "jobs@acme.example"})], "notifications": {"loop_budget": {"letters": 2}}})
    for number in range(4):
        talk.customer(ANNA).writes(f"Test {number}")
    talk.customer("bea@kunde.example").writes("Test")
    assert talk.outcomes() == ["forwarded", "forwarded", "ticket", "ticket", "forwarded"]


def test_two_desks_that_forward_to_each_other_fall_silent(anywhere: Callable[..., Any], begin: Begin) -> None:
    ours = begin({"rules": [rule({"forward": "desk@other.example"})]})
    anna = ours.customer(ANNA)
    anna.writes("Hello")
    (there,) = ours.letters("desk@other.example")
    # The other desk is one like ours: what it sends on carries both addresses.
    back = there.fields.as_bytes().replace(b"X-Loop: ", b"X-Loop: desk@other.example\r\nX-Loop: ", 1)
    back = back.replace(b"From: Acme Support <support@acme.example>", b"From: desk@other.example", 1)
    again = message_from_bytes(back, policy=policy.default)
    again.replace_header("Message-ID", "<another@other.example>")
    row = anna.sends(again.as_bytes())
    assert row.outcome is Outcome.IGNORED
    assert "support@acme.example has done so before" in row.because
    assert len(ours.letters()) == 1


def test_a_mail_that_has_been_through_another_desk_says_so_when_it_goes_on(begin: Begin) -> None:
    talk = begin({"rules": [rule({"forward": "jobs@acme.example"})]})
    talk.customer(ANNA).writes("Hello", X_Loop="desk@other.example")
    assert talk.letters()[0].fields.get_all("X-Loop") == ["desk@other.example", "support@acme.example"]


@pytest.mark.parametrize("then", [{"forward": "jobs@acme.example"}, "reject"])
def test_a_mail_that_is_taken_up_twice_is_answered_once(begin: Begin, then: Any) -> None:
    talk = begin({"rules": [rule(then)]})
    mail = talk.customer(ANNA).mail("Hello")
    talk.put(mail)

    def dies(*_: Any) -> str:
        raise Death

    scanner = talk.scanner()
    talk.dies(lambda: (scanner.scan(), dies()))
    talk.put(mail)
    talk.round()
    talk.round()
    assert len(talk.letters()) == 1
    assert sorted(talk.outcomes()) == ["duplicate", "forwarded" if isinstance(then, dict) else "rejected"]


# Tickets named by a key


def test_a_monitor_updates_its_ticket_by_title_and_opens_one_where_there_is_none(begin: Begin) -> None:
    by_title = {"update": {"by": "title", "key": "{{ mail.subject }}", "sender": "anyone"}}
    talk = begin({"rules": [rule(by_title, when={"from": {"equals": "monitor@acme.example"}})]})
    monitor = talk.customer("monitor@acme.example")
    monitor.writes("Disk full", "at 90 %")
    talk.later(hours=1)
    row = monitor.writes("Disk full", "at 95 %")
    assert (talk.tickets(), row.outcome) == (1, Outcome.COMMENT)
    assert talk.texts(1) == ["at 90 %", "at 95 %"]
    assert monitor.writes("Memory full", "at 95 %").outcome is Outcome.TICKET


@pytest.mark.parametrize("key", ["1", "ACME-1", "acme-1"])
def test_by_number_only_who_has_a_part_in_the_ticket(begin: Begin, key: str) -> None:
    by_number = {"update": {"by": "number", "key": key}}
    talk = begin({"rules": [about(by_number, subject="again")]})
    anna, bea = talk.customer(ANNA), talk.customer("bea@other.example")
    anna.writes("Drucker")
    assert anna.writes("again").ticket == 1
    assert bea.writes("again, too").ticket == 2


def test_a_vendor_updates_by_the_id_that_its_system_gave(begin: Begin) -> None:
    match = {"from": {"domain": "vendor.example"}, "subject": {"regex": r"No\. (?P<case>\d+)"}}
    by_id = {"update": {"by": "external_id", "key": "{{ match.case }}"}}
    talk = begin({"rules": [rule(by_id, when=match)], "thread_keys": KEYS})
    talk.customer(ANNA).writes("Drucker")
    from desk.tagging import external_id, learn_id

    learn_id(talk.staff("ada"), 1, external_id("vendor:12345678", known=["vendor"]))
    row = talk.customer("help@vendor.example").writes("About No. 12345678")
    assert (row.outcome, row.ticket) == (Outcome.COMMENT, 1)


def test_a_reply_goes_where_the_rule_says_and_not_where_it_answers(begin: Begin) -> None:
    talk = begin({"rules": [about({"update": {"by": "number", "key": "1"}}, subject="about 1")]})
    anna = talk.customer(ANNA)
    anna.writes("One")
    anna.writes("Two", "Another thing")
    row = anna.answers(anna.sent[1], subject="Re: Two, about 1")
    assert row.ticket == 1


# Merging


def test_a_rule_merges_the_found_ticket_into_the_named_one(begin: Begin) -> None:
    same = rule(
        {"merge_into": {"by": "number", "key": "{{ match.number }}"}},
        when={"subject": {"regex": r"same as (?P<number>\d+)"}}, **{"for": "reply"},
    )  # fmt: skip
    talk = begin({"rules": [same]})
    anna = talk.customer(ANNA)
    anna.writes("One")
    anna.writes("Two", "Another thing")
    row = anna.answers(anna.sent[1], "They are one.", subject="Re: Two, same as 1")
    assert (row.ticket, row.outcome) == (1, Outcome.COMMENT)
    merged, target = talk.ticket(2), talk.ticket(1)
    assert (merged.merged_into, merged.status, target.status) == (1, "closed", "open")
    assert EventKind.MERGED in talk.kinds(1)
    assert EventKind.MERGED in talk.kinds(2)
    assert talk.texts(1)[-1] == "They are one."
    merging = next(event for event in talk.events(2) if event.kind is EventKind.MERGED)
    assert (merging.actor.kind, merging.because) == ("rule", "rule 'the rule'")


def test_a_stranger_with_a_token_has_nothing_merged(begin: Begin) -> None:
    into = {"merge_into": {"by": "number", "key": "1", "sender": "anyone"}}
    talk = begin({"rules": [about(into, subject="same", **{"for": "reply"})]})
    anna, eve = talk.customer(ANNA), talk.customer("eve@evil.example")
    anna.writes("One")
    anna.writes("Two", "Another thing")
    letter = talk.letters("anna@kunde.example")[-1]
    row = eve.answers(letter, subject="same")
    assert (row.ticket, talk.ticket(2).merged_into) == (2, None)
    assert "not merged, the sender is not confirmed" in " ".join(talk.decision(row.id)["came_to"]["remarks"])


# Filing


def test_a_mail_is_filed_in_the_folder_of_the_rule(begin: Begin) -> None:
    talk = begin({"rules": [about("ignore", {"file": "Junk"}, subject="Test")]})
    talk.servers["support"].create("Junk")
    talk.customer(ANNA).writes("Test")
    talk.customer(ANNA).writes("Another")
    assert len(talk.servers["support"].folder("Junk").mails) == 1
    assert len(talk.servers["support"].folder("Processed").mails) == 1


def test_a_folder_that_is_missing_is_not_made_and_the_journal_says_so(begin: Begin) -> None:
    talk = begin({"rules": [about("ignore", {"file": "Junkk"})]})
    talk.customer(ANNA).writes("Test")
    (row,) = talk.journal()
    assert row.because == "rule 'the rule' · not filed in Junkk: support has no such folder"
    assert len(talk.servers["support"].folder("Processed").mails) == 1


# What is changed


def test_round_robin_takes_turns_and_says_after_whom(begin: Begin) -> None:
    talk = begin({"rules": [rule({"assign": {"round_robin": "service"}}, **{"for": "new"})]})
    for number in range(3):
        talk.customer(ANNA).writes(f"Nr. {number}", f"Text {number}")
    assert [talk.ticket(number).agent for number in (1, 2, 3)] == ["ada", "bert", "ada"]
    assigned = next(event for event in talk.events(2) if event.field == "agent")
    assert assigned.because == "rule 'the rule' · round robin in service: bert after ada"


def test_what_is_only_explained_takes_no_turn(begin: Begin) -> None:
    talk = begin({"rules": [rule({"assign": {"round_robin": "service"}})]})
    anna = talk.customer(ANNA)
    told = [foretold(talk, anna.mail("Hello").data).ticket for _ in range(2)]
    assert [one.agent for one in told if one] == ["ada", "ada"]


def test_the_least_loaded_gets_it(begin: Begin) -> None:
    talk = begin({"rules": [rule({"assign": {"least_loaded": "service"}}, **{"for": "new"})]})
    for number in range(3):
        talk.customer(ANNA).writes(f"Nr. {number}", f"Text {number}")
    assert [talk.ticket(number).agent for number in (1, 2, 3)] == ["ada", "bert", "ada"]
    assert "ada with 1 (bert 1)" in next(event.because for event in talk.events(3) if event.field == "agent")


def test_whoever_looks_after_the_organization_gets_it(begin: Begin) -> None:
    talk = begin({"rules": [rule({"assign": {"by_organization": True}}, **{"for": "new"})]})
    with talk.store.act() as view:
        company = view.people.add_organization("BigCorp", domains=["bigcorp.example"], now=talk.now)
        view.people.look_after(company.id, "bert")
    talk.customer("it@bigcorp.example").writes("One")
    row = talk.customer(ANNA).writes("Two")
    assert (talk.ticket(1).agent, talk.ticket(2).agent) == ("bert", "")
    assert talk.decision(row.id)["came_to"]["remarks"] == [
        "rule 'the rule': nobody is assigned, the sender has no organization"
    ]


def test_tags_come_and_go(begin: Begin) -> None:
    talk = begin({"rules": [about({"tag": ["new", "test"]}), about({"untag": "new"}, subject="Re: ", name="second")]})
    anna = talk.customer(ANNA)
    anna.writes("Test")
    assert talk.ticket(1).tags == ("new", "test")
    anna.answers(anna.sent[0])
    assert talk.ticket(1).tags == ("test",)
    assert EventKind.UNTAGGED in talk.kinds(1)


def test_a_form_opens_the_ticket_for_whoever_filled_it_in(begin: Begin) -> None:
    link = {"link": {"contact": "{{ match.email }}"}}
    when = {"from": {"equals": "form@shop.example"}, "text": {"regex": r"(?m)^E-Mail: *(?P<email>\S+)"}}
    talk = begin({"rules": [rule(link, when=when)]})
    talk.customer("form@shop.example").writes("Order", "Name: Weiss\nE-Mail: weiss@kunde.example")
    requester = talk.ticket(1).requester
    assert requester is not None
    assert requester.has_address("weiss@kunde.example")
    assert [one.kind.value for one in talk.letters("weiss@kunde.example")] == ["acknowledgement"]
    assert talk.letters("form@shop.example") == []


def test_an_organization_is_linked_by_name_or_domain(begin: Begin) -> None:
    named = rule({"link": {"organization": "{{ match.firm }}"}}, when={"subject": {"regex": r"for (?P<firm>\S+)"}})
    talk = begin({"rules": [named]})
    with talk.store.act() as view:
        view.people.add_organization("BigCorp", domains=["bigcorp.example"], now=talk.now)
    anna = talk.customer(ANNA)
    for subject in ("A call for BigCorp", "Another for bigcorp.example", "One for Nobody"):
        anna.writes(subject, subject)
    names = [talk.ticket(number).organization for number in (1, 2, 3)]
    assert [one.name if one else "" for one in names] == ["BigCorp", "BigCorp", ""]


def test_who_is_made_a_watcher_gets_the_letters_from_then_on(begin: Begin) -> None:
    talk = begin({"rules": [about({"watch": {"agent": "bert", "address": BOSS}})], "groups": {"service": ["ada"]}})
    anna = talk.customer(ANNA)
    anna.writes("Test")
    assert talk.letters(BOSS) == []
    anna.answers(talk.letters("anna@kunde.example")[0])
    assert [one.kind.value for one in talk.letters(BOSS)] == ["copy"]
    assert [one.kind.value for one in talk.letters("bert@acme.example")] == ["staff_new", "staff_customer"]


def test_a_note_stands_on_the_ticket_and_no_customer_sees_it(begin: Begin) -> None:
    talk = begin({"rules": [about({"note": "Contract of {{ contact.name | default('nobody') }}"})]})
    anna = talk.customer(ANNA)
    anna.writes("Test")
    assert [(entry.kind, entry.shown) for entry in talk.entries(1)][1] == (EntryKind.NOTE, "Contract of nobody")
    assert not any("Contract" in one.text for one in talk.letters("anna@kunde.example"))


def test_a_solution_reaches_the_customer_and_is_marked_as_a_machines(begin: Begin) -> None:
    talk = begin({"rules": [about({"set": {"solution": "Use the reset page.", "status": "solved"}})]})
    talk.customer(ANNA).writes("Test")
    ticket = talk.ticket(1)
    assert (ticket.solution, ticket.status) == ("Use the reset page.", "solved")
    (letter,) = talk.letters("anna@kunde.example")
    assert (letter.kind.value, letter.fields["Auto-Submitted"]) == ("solution", "auto-replied")
    assert "Use the reset page." in letter.text


FIELDS = {"machine": {"type": "text"}, "count": {"type": "number"}, "due": {"type": "date"},
          "colour": {"type": "choice", "choices": ["Red", "Green"]}}  # fmt: skip


def test_fields_of_ones_own_are_set_in_their_form_and_what_is_none_is_left(begin: Begin) -> None:
    fields = {"machine": " M  12 ", "count": "3,5", "due": "21.11.2030", "colour": "{{ mail.text }}"}
    then = {"set": {"fields": fields, "description": "Short."}}
    talk = begin({"rules": [about(then)], "tickets": {"fields": FIELDS}})
    talk.customer(ANNA).writes("Test", "red")
    ticket = talk.ticket(1)
    assert ticket.fields == {"machine": "M 12", "count": "3.5", "due": "2030-11-21", "colour": "Red"}
    assert ticket.description == "Short."
    row = talk.customer(ANNA).writes("Test again", "blue")
    assert "colour" not in talk.ticket(2).fields
    (remark,) = talk.decision(row.id)["came_to"]["remarks"]
    assert remark == "rule 'the rule': fields.colour is left as it is, 'blue' is not among Red, Green"


# Letters


def test_a_rule_suppresses_the_customers_letter_or_kinds_of_letters(begin: Begin) -> None:
    talk = begin({"rules": [about({"letter": {"suppress": True}}), about({"letter": {"suppress": ["staff_new"]}},
                                                                         subject="Quiet", name="second")]})  # fmt: skip
    anna = talk.customer(ANNA)
    anna.writes("Test")
    assert talk.withheld(1) == [("anna@kunde.example", Reason.SUPPRESSED)]
    anna.writes("Quiet", "Nobody of staff is told.")
    assert {address for address, _ in talk.withheld(2)} == {"ada@acme.example", "bert@acme.example"}


def test_a_mandatory_letter_goes_in_spite_of_an_opt_out_and_says_by_whom(begin: Begin) -> None:
    talk = begin({"rules": [about({"letter": {"mandatory": True}})]})
    anna = talk.customer(ANNA)
    anna.writes("Hello")
    with talk.store.act() as view:
        view.people.set_opt_out(talk.contact("anna@kunde.example").id, opted_out=True, how="by mail", now=talk.now)
    anna.writes("Test", "It is important.")
    (letter,) = [one for one in talk.outbox(2) if not one.recipient.is_staff]
    assert "mandatory by rule 'the rule', although opted out" in letter.because


def test_the_boss_is_notified_by_a_rule_even_if_he_is_in_no_group(begin: Begin) -> None:
    talk = begin({"rules": [about({"notify": {"agent": "ada"}}, {"assign": {"group": "network"}})]})
    talk.customer(ANNA).writes("Test")
    to_ada = next(one for one in talk.outbox(1) if one.recipient.agent == "ada")
    assert (to_ada.kind.value, to_ada.because) == ("staff_new", "notified by rule 'the rule'")
    assert len(talk.letters("bert@acme.example")) == 1


def test_more_letters_and_another_template(begin: Begin, tmp_path: Any) -> None:
    then = {"letter": {"choose": "notice", "add": "status"}}
    talk = begin({"rules": [about(then)]})
    talk.customer(ANNA).writes("Test")
    letters = [one for one in talk.outbox(1) if not one.recipient.is_staff]
    assert [one.facts["template"] for one in letters] == ["notice", "status"]
    chosen, added = talk.letters("anna@kunde.example")
    assert "für Sie unter der Nummer ACME-1 ein Ticket eröffnet" in chosen.text
    assert added.message_id != chosen.message_id


# Facts that rules ask for


def test_the_mails_of_a_sender_are_counted_and_copies_count_once(begin: Begin) -> None:
    flood = rule({"tag": "flood"}, when={"sender_mails": {"count": "> 2", "within": "1h"}})
    talk = begin({"rules": [flood]})
    anna = talk.customer(ANNA)
    for number in range(3):
        anna.writes(f"Nr. {number}", f"Text {number}")
    anna.sends(anna.sent[0])
    assert [talk.ticket(number).tags for number in (1, 2, 3)] == [(), (), ("flood",)]
    talk.later(hours=2)
    anna.writes("Later", "Hello again")
    assert talk.ticket(4).tags == ()


def test_the_tags_of_a_contact_are_known(begin: Begin) -> None:
    talk = begin({"rules": [rule({"set": {"priority": "urgent"}}, when={"contact": {"vip": True}})]})
    anna = talk.customer(ANNA)
    anna.writes("One")
    with talk.store.act() as view:
        view.people.change_contact(talk.contact("anna@kunde.example").id, tags=["vip"])
    anna.writes("Two", "Now it is urgent.")
    assert [talk.ticket(number).priority for number in (1, 2)] == ["normal", "urgent"]


def test_the_newcomers_rule(begin: Begin) -> None:
    outage = {
        "name": "outage at BigCorp",
        "when": {"from": {"domain": "bigcorp.example"}, "subject": {"contains": "Störung"}},
        "then": [{"set": {"priority": "urgent"}}, {"assign": {"group": "network"}}, {"notify": {"agent": "ada"}},
                 {"watch": {"address": BOSS}}],
    }  # fmt: skip
    talk = begin({"rules": [outage]})
    talk.customer("it@bigcorp.example").writes("Störung im Netz")
    ticket = talk.ticket(1)
    assert (ticket.priority, ticket.group) == ("urgent", "network")
    assert {one.recipient.address for one in talk.outbox(1)} == {
        "it@bigcorp.example", "ada@acme.example", "bert@acme.example",
    }  # fmt: skip
    assert [one.contact.primary.address for one in ticket.watchers if one.contact and one.contact.primary] == [BOSS]


# What is explained is what happens

SETS: dict[str, list[dict[str, Any]]] = {
    "reject": [rule({"reject": {"text": "No."}}, {"file": "Processed"})],
    "forward": [rule({"forward": ["jobs@acme.example", "anna@kunde.example"]})],
    "turns": [rule({"assign": {"round_robin": "service"}}, {"tag": "x"}, {"note": "A note."})],
    "loads": [rule({"assign": {"least_loaded": "network"}}, {"watch": {"agent": "ada", "address": BOSS}})],
    "link": [rule({"link": {"contact": BOSS}}, {"set": {"title": "Other", "description": "Short"}})],
    "letters": [rule({"letter": {"choose": "notice", "add": ["status"]}}, {"notify": {"group": "network"}})],
    "solved": [rule({"set": {"solution": "So.", "status": "solved"}}, {"letter": {"suppress": ["staff_solution"]}})],
    "key": [rule({"update": {"by": "number", "key": "1"}})],
    "merge": [rule({"merge_into": {"by": "number", "key": "1"}})],
}


def outline(told: tuple[Told | Withheld, ...]) -> list[tuple[str, str, str]]:
    return sorted((one.recipient.address, one.kind.value, type(one).__name__) for one in told)


def state(ticket: TicketFacts | None) -> tuple[Any, ...]:
    if ticket is None:
        return ()
    people = [one.agent or (one.contact.name or one.contact.addresses[0].address if one.contact else "") for one in
              ticket.watchers]  # fmt: skip
    requester = ticket.requester.addresses[0].address if ticket.requester else ""
    return (
        ticket.title, ticket.status, ticket.priority, ticket.agent, ticket.group, ticket.tags, ticket.fields,
        ticket.solution, ticket.description, requester, people,
    )  # fmt: skip


@pytest.mark.parametrize("reply", [False, True], ids=["new", "reply"])
@pytest.mark.parametrize("name", SETS)
def test_what_is_explained_is_what_happens(begin: Begin, name: str, *, reply: bool) -> None:
    talk = begin({})
    anna = talk.customer(ANNA)
    anna.writes("One")
    anna.writes("Two", "Another thing")
    talk.restart({"rules": SETS[name]})
    mail = anna.answer(talk.letters("anna@kunde.example")[-1]) if reply else anna.mail("Three", "A third thing")
    told = foretold(talk, mail.data)
    before = {one.letter for number in (1, 2) for one in talk.outbox(number)}
    row = anna.sends(mail)
    assert row.outcome is told.outcome
    assert isinstance(told.decision.disposition, Reject | Ignore) or told.decision.rules == ("the rule",)
    if row.ticket is not None:
        assert state(talk.ticket(row.ticket)) == state(told.ticket)
    with talk.store.reading() as view:
        letters = [one for one in view.outbox.recent_letters(limit=50) if one.letter not in before]
    sent = sorted((one.recipient.address, one.kind.value) for one in letters)
    assert sent == [(address, kind) for address, kind, what in outline(told.told) if what == "Told"]
