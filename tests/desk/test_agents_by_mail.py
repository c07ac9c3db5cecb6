"""Agents act by mail: an answer is a comment, lines at the top are acts, a mail passed on opens a ticket.

What peers were complained of (the numbers are those of the study of peers): spoofed senders whose
mail was taken for staff's (58), commands in mails that anybody could send, internal remarks and
signatures that reached customers, forwarded mails that became tickets of the agent himself.
"""

from dataclasses import replace
from typing import Any

import pytest

from desk.explain import explain
from domain.event import EventKind
from domain.message import RawMail
from domain.ticket import EntryKind
from scanner.read import read
from tests.conversation import Begin, Conversation, Letter, Mail, Person

ANNA = "Anna Kunde <anna@kunde.example>"
ADA = "Ada Example <ada@acme.example>"
BERT = "Bert Example <bert@acme.example>"
AUTHSERV = {"mailboxes": {"support": {"authserv": {"id": "mx.acme.example"}}}}
PROOF = "mx.acme.example; dmarc=pass (p=reject) header.from=acme.example"


@pytest.fixture
def talk(begin: Begin) -> Conversation:
    """A conversation whose mailbox believes its border host."""
    return begin(AUTHSERV)


@pytest.fixture
def people(talk: Conversation) -> tuple[Person, Person, Person]:
    """Anna with her ticket 1, and the agents Ada and Bert, who have read what there was."""
    anna, ada, bert = talk.customer(ANNA), talk.customer(ADA), talk.customer(BERT)
    anna.writes("Drucker brennt")
    for one in (anna, ada, bert):
        one.hears()
    return anna, ada, bert


def answers(agent: Person, text: str, *, to: Letter | Mail | None = None, **how: Any) -> Any:
    """The agent answers with proof."""
    return agent.answers(to or agent.last, text, **{"Authentication_Results": PROOF, **how})


def test_an_agents_answer_is_a_comment_to_the_customer(anywhere: Begin) -> None:
    talk = anywhere(AUTHSERV)
    anna, ada, bert = talk.customer(ANNA), talk.customer(ADA), talk.customer(BERT)
    anna.writes("Drucker brennt")
    anna.hears(), ada.hears(), bert.hears()
    answered = answers(ada, "Bitte ziehen Sie den Stecker.\n\nViele Grüße\nAda\n-- \nAda Example\nAcme AG")
    assert (answered.outcome, answered.ticket) == ("comment", 1)
    entry = talk.entries(1)[-1]
    assert (entry.kind, entry.agent, entry.author) == (EntryKind.COMMENT, "ada", "Ada Example")
    assert entry.text == "Bitte ziehen Sie den Stecker."
    assert talk.kinds(1)[-1] is EventKind.COMMENT
    assert talk.ticket(1).waiting_since is None
    assert (anna.hears(), ada.hears(), bert.hears()) == (["comment"], [], ["staff_comment"])
    assert "Stecker" in anna.last.text
    assert "Acme AG" not in anna.last.text
    assert anna.answers(anna.last).ticket == 1
    assert talk.gaps() == ()


def test_it_is_the_same_as_the_command_line_does(talk: Conversation, people: tuple[Person, ...]) -> None:
    anna, ada, _ = people
    answers(ada, "!take\nStecker ziehen.")
    anna.writes("Licht flackert")
    for one in people:
        one.hears()
    staff = talk.staff("ada")
    staff.reply(2, "Stecker ziehen."), staff.take(2)
    talk.deliver()
    first, second = talk.ticket(1), talk.ticket(2)
    assert (first.agent, first.waiting_since, first.status) == (second.agent, second.waiting_since, second.status)
    assert talk.kinds(1) == talk.kinds(2)
    assert talk.texts(1)[1:] == talk.texts(2)[1:] == ["Stecker ziehen."]
    assert [event.actor for event in talk.events(1)[1:]] == [event.actor for event in talk.events(2)[1:]]


def test_an_act_by_mail_gives_one_letter_to_each(talk: Conversation, people: tuple[Person, ...]) -> None:
    anna, ada, bert = people
    answers(ada, "!solve\n!take\n!close\n\nStecker ziehen.")
    assert (anna.hears(), ada.hears(), bert.hears()) == (["solution"], [], [])
    assert talk.ticket(1).status == "closed"


def test_spoofed_from_58(talk: Conversation, people: tuple[Person, ...]) -> None:
    """Whoever writes Ada's address into From gets nothing to the customer, and no command done."""
    anna, ada, bert = people
    for proof in ("mx.acme.example; dmarc=fail header.from=acme.example", "mx.evil.example; dmarc=pass",
                  "mx.acme.example; dmarc=pass header.from=evil.example", ""):  # fmt: skip
        answers(ada, f"!close\nÜberweisen Sie an mich. {proof}", Authentication_Results=proof)
    assert talk.ticket(1).status == "open"
    assert {entry.kind for entry in talk.entries(1)[1:]} == {EntryKind.NOTE}
    assert set(talk.kinds(1)[1:]) == {EventKind.NOTE}
    assert (anna.hears(), ada.hears(), set(bert.hears())) == ([], [], {"staff_note"})
    assert talk.events(1)[1].because.endswith(
        "no proof that Ada Example wrote it: dmarc=fail in the results of mx.acme.example"
    )


def test_nothing_is_done_where_no_border_host_is_configured(begin: Begin) -> None:
    talk = begin()
    anna, ada = talk.customer(ANNA), talk.customer(ADA)
    anna.writes("Drucker brennt")
    anna.hears()
    answers(ada, "!close\nFertig.")
    assert talk.kinds(1)[-1] is EventKind.NOTE
    assert "no proof that Ada Example wrote it: no border host is configured" in talk.events(1)[-1].because
    assert anna.hears() == []


def test_a_note_by_mail(talk: Conversation, people: tuple[Person, ...]) -> None:
    anna, ada, bert = people
    answers(ada, "!note\nDer spinnt doch.")
    assert talk.texts(1)[-1] == "Der spinnt doch."
    assert talk.kinds(1)[-1] is EventKind.NOTE
    assert (anna.hears(), bert.hears()) == ([], ["staff_note"])


@pytest.mark.parametrize(
    "text", ["!note Der spinnt.\nDoch.", "!note: Der spinnt.\n\nDoch.", "!take\n!Note\nDer spinnt.\nDoch."]
)
def test_a_note_may_stand_behind_its_command(talk: Conversation, people: tuple[Person, ...], text: str) -> None:
    anna, ada, _ = people
    answers(ada, text)
    assert talk.texts(1)[-1].split() == ["Der", "spinnt.", "Doch."]
    assert "comment" not in anna.hears()


def test_a_command_alone_makes_no_comment(talk: Conversation, people: tuple[Person, ...]) -> None:
    anna, ada, bert = people
    answers(
        ada, f"\n!Close\n\n-- \nAda\n\nAm Montag, 7. Januar 2030 schrieb Acme Support:\n> {ada.last.text[:20]}\n> x"
    )
    assert talk.ticket(1).status == "closed"
    assert talk.kinds(1)[-1] is EventKind.CLOSED
    assert EventKind.COMMENT not in talk.kinds(1)
    assert (anna.hears(), bert.hears()) == (["status"], ["staff_status"])
    assert talk.gaps() == ()
    answers(ada, "!close")
    assert talk.kinds(1).count(EventKind.CLOSED) == 1, "closed is closed"
    assert talk.gaps() == ()


@pytest.mark.parametrize(
    ("line", "field", "after"),
    [
        ("!assign bert", "agent", "bert"),
        ("!assign Bert Example", "agent", "bert"),
        ("!ASSIGN @Bert", "agent", "bert"),
        ("!assign network", "group", "network"),
        ("!take", "agent", "ada"),
        ("!priority urgent", "priority", "urgent"),
        ("!Priority: Urgent", "priority", "urgent"),
        ("!status waiting", "status", "waiting"),
        ("\xa0!status\u200b\xa0waiting ", "status", "waiting"),
        ("! close", "status", "closed"),
        ("!close.", "status", "closed"),
        ("!tag feuer, drucker", "tags", ("drucker", "feuer")),
    ],
)
def test_commands(talk: Conversation, people: tuple[Person, ...], line: str, field: str, after: object) -> None:
    _, ada, _ = people
    answers(ada, line)
    assert getattr(talk.ticket(1), field) == after
    assert EventKind.COMMENT not in talk.kinds(1)
    assert EventKind.REFUSED not in talk.kinds(1)


def test_reopening_by_mail(talk: Conversation, people: tuple[Person, ...]) -> None:
    anna, ada, _ = people
    talk.staff("bert").close(1)
    talk.deliver()
    anna.hears()
    talk.later(days=90)
    answers(ada, "!reopen\nWir haben noch eine Idee.")
    assert talk.ticket(1).status == "open"
    assert anna.hears() == ["comment"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("!assign nobody\nWird erledigt.", "no agent or group 'nobody'; there are: ada, bert, service, network"),
        ("!priorty urgent\nWird erledigt.", "there is no command '!priorty'; did you mean '!priority'?"),
        ("!Achtung!!! Nichts anfassen", "there is no command '!achtung'"),
        ("!take\n!priority höchste\nWird erledigt.", "there is no priority 'höchste'; there are:"),
        ("!status irgendwas\nJa.", "there is no status 'irgendwas'"),
        ("!close sofort\nJa.", "!close stands alone"),
        ("!solve", "a solution without words"),
        ("!note\n", "a note without words"),
        ("!note\n!solve\nJa.", "either for us or for the customer"),
        ("!tag\nJa.", "!tag wants words"),
        ("Hallo Anna,\n!close\nErledigt.", "!close stands among your words"),
        ("[EXTERN] Vorsicht\n!note Der spinnt.", "!note stands among your words"),
        ("* !note Der spinnt.", "!note stands among your words"),
        ("！Note Der spinnt.", "!note stands among your words"),
        ("!comment", "a reply without words"),
        ("!note\n!comment\nJa.", "either for us or for the customer"),
        ("!solve\nErledigt.\n\n!close", "!close stands among your words"),
        ("> Drucker brennt", "a reply without words"),
        ("-- \nAda Example\nAcme", "a reply without words"),
        ("Von: Acme <support@acme.example>\nGesendet: Montag, 7. Januar 2030 09:00\nAn: Ada\nBetreff: x\n\ngeheim",
         "a reply without words"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_does_nothing_and_its_writer_is_told(
    talk: Conversation, people: tuple[Person, ...], text: str, complaint: str
) -> None:
    anna, ada, bert = people
    before = talk.ticket(1)
    assert answers(ada, text).outcome == "comment"
    after = talk.ticket(1)
    assert (after.status, after.agent, after.priority, after.tags) == (
        before.status, before.agent, before.priority, before.tags
    )  # fmt: skip
    assert talk.kinds(1)[1:] == [EventKind.NOTE, EventKind.REFUSED]
    assert text.split("\n", maxsplit=1)[0].strip("> ") in talk.entries(1)[-1].text
    assert (anna.hears(), ada.hears(), bert.hears()) == ([], ["staff_refused"], ["staff_note"])
    assert complaint in ada.last.text
    assert answers(ada, "Also doch so.").ticket == 1, "the letter can be answered"
    assert anna.hears() == ["comment"]


def test_quoted_history_never_reaches_the_customer(talk: Conversation, people: tuple[Person, ...]) -> None:
    anna, ada, _ = people
    talk.staff("bert").note(1, "Der Kunde ist schwierig.")
    talk.deliver()
    assert ada.hears() == ["staff_note"]
    quoted = "\n".join(f"> {line}" for line in ada.last.text.splitlines())
    answers(ada, f"Ja.\n\nAm 07.01.30 um 09:00 schrieb Acme Support:\n{quoted}\n> Stimmt das?\nNein.\n> Schluss\nGut.")
    assert anna.hears() == ["comment"]
    assert "schwierig" not in anna.last.text
    assert "Nein." in anna.last.text


ABOVE = {
    "a header in Greek": "<b>Από:</b> Acme Support &lt;support@acme.example&gt;<br><b>Στάλθηκε:</b> Δευτέρα, 7"
    " Ιανουαρίου 2030 9:00 πμ<br><b>Προς:</b> Ada<br><b>Θέμα:</b> Drucker brennt<br><br>",
    "an attribution in Greek": "Στις Δευ, 7 Ιαν 2030 στις 9:00 π.μ., ο χρήστης Acme Support"
    " &lt;<a href='mailto:support@acme.example'>support@acme.example</a>&gt; έγραψε:<br>",
}


@pytest.mark.parametrize("above", ABOVE.values(), ids=ABOVE)
def test_a_staff_letter_quoted_in_a_language_that_we_do_not_know(
    talk: Conversation, people: tuple[Person, ...], above: str
) -> None:
    anna, ada, _ = people
    quotes_the_note(talk, ada, above)
    assert anna.hears() == ["comment"]
    assert talk.entries(1)[-1].text == "Stecker ziehen."
    assert "schwierig" not in anna.last.text
    assert "Interne Notiz" not in anna.last.text


def test_a_staff_letter_quoted_without_any_mark(talk: Conversation, people: tuple[Person, ...]) -> None:
    """Its own first line tells where the agent's words end."""
    anna, ada, _ = people
    quotes_the_note(talk, ada, "<hr>")
    assert anna.hears() == ["comment"]
    assert talk.entries(1)[-1].text == "Stecker ziehen."


def test_a_staff_letter_without_its_first_line(talk: Conversation, people: tuple[Person, ...]) -> None:
    """Nothing tells where the agent's own words end: rather no answer than a note that the customer reads."""
    anna, ada, _ = people
    quotes_the_note(talk, ada, "<hr>", without="--- Nur für Mitarbeiter: ACME-1 ---")
    assert (anna.hears(), ada.hears()) == ([], ["staff_refused"])
    assert "a letter that only staff may read" in ada.last.text


def quotes_the_note(talk: Conversation, agent: Person, above: str, *, without: str = "\0") -> None:
    """The agent answers a letter about an internal note, in HTML that carries no marks of a quote."""
    talk.staff("bert").note(1, "Der Kunde ist schwierig.")
    talk.deliver()
    assert agent.hears() == ["staff_note"]
    part = agent.last.fields.get_body(("html",))
    assert part is not None
    assert without == "\0" or without in part.get_content()
    quoted = part.get_content().replace(without, "")
    answer = agent.answer(agent.last, f"<p>Stecker ziehen.</p>{above}{quoted}", Authentication_Results=PROOF)
    agent.sends(replace(answer, data=answer.data.replace(b"text/plain", b"text/html")))


def with_files(mail: Mail, *files: tuple[str, str, str], text: str = "plain") -> Mail:
    """MAIL, whose TEXT is plain or html, with files: name, Content-Type, Content-Disposition."""
    head, _, body = mail.data.partition(b"\r\n\r\n")
    parts = [f"Content-Type: text/{text}; charset=utf-8\r\n\r\n".encode() + body]
    parts += [
        f"Content-Type: {kind}\r\nContent-Disposition: {how}; filename={name}\r\n\r\nbytes of {name}\r\n".encode()
        for name, kind, how in files
    ]
    head = head.replace(b"Content-Type: text/plain; charset=utf-8", b"Content-Type: multipart/mixed; boundary=b")
    data = head + b"\r\n\r\n" + b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + b"--b--\r\n"
    return Mail(data=data, message_id=mail.message_id, subject=mail.subject, sender=mail.sender)


FILES = (("plan.txt", "text/plain", "attachment"),
         ("logo.png", "image/png\r\nContent-ID: <logo@acme.example>", "inline"),
         ("smime.p7s", "application/pkcs7-signature", "attachment"))  # fmt: skip


def test_files_go_along_and_the_logo_of_the_signature_does_not(talk: Conversation, people: tuple[Person, ...]) -> None:
    anna, ada, _ = people
    html = '<p>Siehe Anlage.</p><img src="cid:logo%40acme.example">'
    ada.sends(with_files(ada.answer(ada.last, html, Authentication_Results=PROOF), *FILES, text="html"))
    assert anna.hears() == ["comment"]
    attached = {part.get_filename(): part.get_content() for part in anna.last.fields.iter_attachments()}
    assert {name: text.strip() for name, text in attached.items()} == {"plan.txt": "bytes of plan.txt"}
    entry = talk.entries(1)[-1]
    assert sorted(entry.file_names) == ["plan.txt", "smime.p7s"]
    ada.sends(with_files(ada.answer(ada.last, "Siehe Anlage.", Authentication_Results=PROOF), FILES[0]))
    assert anna.hears() == ["comment"], "the same words with a file are news"
    ada.sends(with_files(ada.answer(ada.last, "Und noch etwas.", Authentication_Results=PROOF), FILES[2]))
    assert anna.hears() == ["comment"]
    for letter in anna.letters[-2:]:
        assert "smime" not in letter.fields.as_string()


@pytest.mark.parametrize(("name", "kind"), [("plan.pdf", "application/pdf"), ("IMG_1.jpg", "image/jpeg")])
def test_what_apples_programs_send_inline_goes_along_as_well(
    talk: Conversation, people: tuple[Person, ...], name: str, kind: str
) -> None:
    anna, ada, _ = people
    file = (name, kind, "inline")
    ada.sends(with_files(ada.answer(ada.last, "Siehe Anlage.", Authentication_Results=PROOF), file))
    assert anna.hears() == ["comment"]
    assert [part.get_filename() for part in anna.last.fields.iter_attachments()] == [name]
    assert talk.entries(1)[-1].file_names == (name,)
    anna.sends(with_files(anna.answer(anna.last, "So?"), ("rechnung.pdf", "application/pdf", "inline")))
    assert ada.hears() == ["staff_customer"]
    assert "rechnung.pdf" in ada.last.text


def test_the_files_of_a_note_stay_inside(talk: Conversation, people: tuple[Person, ...]) -> None:
    anna, ada, _ = people
    ada.sends(with_files(ada.answer(ada.last, "!note\nIntern.", Authentication_Results=PROOF), FILES[0]))
    assert talk.entries(1)[-1].file_names == ("plan.txt",)
    assert anna.hears() == []


def test_a_mail_that_was_cut_is_not_sent_on(begin: Begin) -> None:
    talk = begin({**AUTHSERV, "limits": {"mail_size": "1500 B"}})
    anna, ada = talk.customer(ANNA), talk.customer(ADA)
    anna.writes("Drucker brennt")
    anna.hears(), ada.hears()
    answers(ada, "Wort " * 1000)
    assert (anna.hears(), ada.hears()) == ([], ["staff_refused"])
    assert "too large" in ada.last.text


def test_by_any_finder(talk: Conversation, people: tuple[Person, ...]) -> None:
    """With proof an agent belongs to every ticket: a tag or a known mail does, and a letter of the customer's too."""
    anna, ada, _ = people
    ways: list[dict[str, Any]] = [
        {"subject": "[ACME-1] Drucker", "in_reply_to": "", "references": ()},
        {"subject": "x", "in_reply_to": anna.sent[0].message_id, "references": ()},
        {"subject": "x", "in_reply_to": anna.last.message_id, "references": ()},
    ]
    for number, how in enumerate(ways):
        assert answers(ada, f"Antwort {number}", **how).ticket == 1
        assert anna.hears() == ["comment"]
    assert talk.tickets() == 1


def test_an_agent_who_asks_stays_a_customer(talk: Conversation, people: tuple[Person, ...]) -> None:
    _, ada, bert = people
    assert ada.writes("Mein Bildschirm ist schwarz", Authentication_Results=PROOF).ticket == 2
    assert ada.hears() == ["acknowledgement"]
    answers(ada, "!close\nImmer noch.")
    assert talk.kinds(2)[-1] is EventKind.CUSTOMER_WROTE
    assert talk.ticket(2).status == "open"
    assert bert.hears() == ["staff_new", "staff_customer"]


def test_an_agents_auto_reply_is_a_machine(talk: Conversation, people: tuple[Person, ...]) -> None:
    anna, ada, _ = people
    answers(ada, "Ich bin bis Montag nicht im Haus.", Auto_Submitted="auto-replied", subject="Abwesenheitsnotiz: x")
    assert talk.kinds(1)[-1] is EventKind.MACHINE_WROTE
    assert (anna.hears(), ada.hears()) == ([], [])


def test_rules_for_replies_do_not_meddle_with_an_agents_act(begin: Begin) -> None:
    rule = {
        "name": "thanks",
        "for": "reply",
        "when": {"text": {"contains": "danke"}},
        "then": [{"set": {"status": "closed"}}],
    }
    talk = begin({**AUTHSERV, "rules": [rule]})
    anna, ada = talk.customer(ANNA), talk.customer(ADA)
    anna.writes("Drucker brennt")
    answers(ada, "danke für die Nachricht, wir schauen nach.")
    assert talk.ticket(1).status == "open"


FORWARD = (
    "{above}\n\n---------- Forwarded message ---------\nVon: Karl Neu <karl@neu.example>\n"
    "Date: Mo., 7. Jan. 2030 um 08:00 Uhr\nSubject: Heizung kalt\nTo: <ada@acme.example>\n\n"
    "Bei uns ist die Heizung kalt und wir frieren.\n"
)


def test_a_customers_mail_that_an_agent_passes_on_is_the_customers_ticket(anywhere: Begin) -> None:
    talk = anywhere(AUTHSERV)
    ada, bert, karl = talk.customer(ADA), talk.customer(BERT), talk.customer("karl@neu.example")
    text = FORWARD.format(above="!assign bert\n!priority urgent\n\nEin schwieriger Kunde.\n\nGruß\nAda")
    opened = ada.writes("Fwd: Heizung kalt", text, Authentication_Results=PROOF)
    ticket = talk.ticket(1)
    assert (opened.outcome, ticket.title, ticket.agent, ticket.priority) == ("ticket", "Heizung kalt", "bert", "urgent")
    assert ticket.requester is not None
    assert (ticket.requester.name, ticket.requester.has_address("karl@neu.example")) == ("Karl Neu", True)
    customers, note = talk.entries(1)
    assert (customers.kind, customers.author, note.kind, note.author) == ("customer", "Karl Neu", "note", "Ada Example")
    assert customers.text == "Bei uns ist die Heizung kalt und wir frieren."
    assert note.text == "Ein schwieriger Kunde."
    opening = talk.events(1)[0]
    assert (opening.kind, opening.actor.kind, opening.actor.key) == (EventKind.OPENED, "agent", "ada")
    assert (karl.hears(), ada.hears(), bert.hears()) == (["notice"], [], ["staff_new"])
    assert "schwierig" not in karl.last.text
    assert ada.sent[0].message_id not in (karl.last.in_reply_to, *karl.last.references)
    assert karl.answers(karl.last, "Danke!").ticket == 1
    assert talk.gaps() == ()


def test_a_customers_mail_attached_to_an_agents(talk: Conversation, people: tuple[Person, ...]) -> None:
    anna, ada, _ = people
    mail = ada.mail("WG: Heizung", "!take\nBitte nachsehen.", Authentication_Results=PROOF)
    inner = "From: Anna Kunde <anna@kunde.example>\r\nSubject: Heizung\r\n\r\nDie Heizung ist kalt."
    head, _, body = mail.data.partition(b"\r\n\r\n")
    head = head.replace(b"text/plain; charset=utf-8", b"multipart/mixed; boundary=b")
    own = f"Content-Type: text/plain; charset=utf-8\r\n\r\n{body.decode()}"
    parts = f"--b\r\n{own}\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n{inner}\r\n--b--\r\n"
    assert ada.sends(head + b"\r\n\r\n" + parts.encode()).ticket == 2
    assert (talk.texts(2), talk.ticket(2).agent) == (["Die Heizung ist kalt.", "Bitte nachsehen."], "ada")
    assert anna.hears() == ["notice"]


def test_a_solution_above_a_mail_passed_on(talk: Conversation) -> None:
    ada, karl = talk.customer(ADA), talk.customer("karl@neu.example")
    text = FORWARD.format(above="!solve\nBitte das Ventil öffnen.")
    ada.writes("Fwd: Heizung kalt", text, Authentication_Results=PROOF)
    assert talk.ticket(1).status == "solved"
    assert karl.hears() == ["solution"]
    assert "Ventil" in karl.last.text


def test_a_forward_with_a_line_that_cannot_be(talk: Conversation) -> None:
    ada, karl = talk.customer(ADA), talk.customer("karl@neu.example")
    ada.writes("Fwd: Heizung kalt", FORWARD.format(above="!asign bert\nBitte."), Authentication_Results=PROOF)
    assert (karl.hears(), ada.hears()) == ([], ["staff_refused"])
    assert talk.entries(1)[-1].text == "!asign bert\nBitte."
    answers(ada, "!assign bert\nWir kümmern uns.")
    assert (talk.ticket(1).agent, karl.hears()) == ("bert", ["comment"])


def test_a_forward_without_proof_is_the_agents_own_ticket(talk: Conversation) -> None:
    ada, karl = talk.customer(ADA), talk.customer("karl@neu.example")
    ada.writes("Fwd: Heizung kalt", FORWARD.format(above="!assign bert"))
    ticket = talk.ticket(1)
    assert ticket.requester is not None
    assert (ticket.requester.has_address("ada@acme.example"), ticket.agent) == (True, "")
    assert (karl.hears(), ada.hears()) == ([], ["acknowledgement"])
    assert "no proof that Ada Example wrote it" in talk.events(1)[0].because


def test_what_an_agent_passes_on_to_a_ticket_stays_inside(talk: Conversation, people: tuple[Person, ...]) -> None:
    anna, ada, _ = people
    subject = "Fwd: [ACME-1] vom Hersteller"
    ada.writes(subject, FORWARD.format(above="!take\nDas sagt der Hersteller."), Authentication_Results=PROOF)
    assert talk.ticket(1).agent == "ada"
    assert talk.entries(1)[-1].kind is EntryKind.NOTE
    assert "Heizung" in talk.entries(1)[-1].text
    assert anna.hears() == ["status"], "taken over, and nothing of the mail"


def test_an_agent_opens_a_ticket_with_commands(talk: Conversation) -> None:
    ada, bert = talk.customer(ADA), talk.customer(BERT)
    ada.writes("Neuer Server", "!assign bert\n!tag einkauf\n\nBitte bestellen.", Authentication_Results=PROOF)
    ticket = talk.ticket(1)
    assert (ticket.agent, ticket.tags, ticket.description) == ("bert", ("einkauf",), "Bitte bestellen.")
    assert talk.texts(1) == ["Bitte bestellen."]
    assert (ada.hears(), bert.hears()) == (["acknowledgement"], ["staff_new"])


def test_an_agents_own_or_our_address_passed_on_is_no_customer(talk: Conversation) -> None:
    ada = talk.customer(ADA)
    for who in ("bert@acme.example", "support@acme.example"):
        text = FORWARD.format(above="Siehe unten.").replace("karl@neu.example", who)
        row = ada.writes(f"Fwd: {who}", text, Authentication_Results=PROOF)
        ticket = talk.ticket(row.ticket or 0)
        assert ticket.requester is not None
        assert ticket.requester.has_address("ada@acme.example")


def test_the_same_forward_twice_is_one_ticket_and_no_comment(talk: Conversation) -> None:
    ada, karl = talk.customer(ADA), talk.customer("karl@neu.example")
    for _ in range(2):
        ada.writes("Fwd: Heizung kalt", FORWARD.format(above="Bitte."), Authentication_Results=PROOF)
    assert (talk.tickets(), karl.hears()) == (1, ["notice"])


def test_explain_says_before_what_is_done(talk: Conversation, people: tuple[Person, ...]) -> None:
    _, ada, _ = people
    for text in ("!close\nFertig.", "!assign nobody\nJa.", FORWARD.format(above="!take")):
        mail = ada.answer(ada.last, text, Authentication_Results=PROOF)
        message = read(RawMail(data=mail.data, size=len(mail.data)))
        told = explain(talk.desk, message, data=mail.data, mailbox="support", now=talk.now)
        assert (told.agent, told.proof.proves_from) == ("ada", True)
        before = len(talk.events(1))
        ada.sends(mail)
        assert [event.kind for event in told.events] == talk.kinds(1)[before:]
        assert told.ticket is not None
        assert told.ticket.status == talk.ticket(1).status


def test_the_decision_record_keeps_the_proof(talk: Conversation, people: tuple[Person, ...]) -> None:
    _, ada, _ = people
    row = answers(ada, "Ja.")
    assert talk.decision(row.id)["authentication"]["dmarc"] == "pass"
    assert "acts by mail: dmarc=pass" in row.because


def test_a_signed_mail_to_somebody_else_that_is_sent_on_to_us_is_no_act(
    talk: Conversation, people: tuple[Person, Person, Person]
) -> None:
    anna, ada, _ = people
    answers(ada, "!close\nDas ist erledigt.", To="kollege@acme.example")
    assert (anna.hears(), talk.ticket(1).status) == ([], "open")
    assert "addressed to somebody else" in talk.events(1)[-1].because


HEADER = (
    "Von: Karl Neu <karl@neu.example>\nDatum: 7. Januar 2030 um 08:00:00 MEZ\nAn: ada@acme.example\nBetreff: Heizung"
)
HTML_HEADER = HEADER.replace("<", "&lt;").replace(">", "&gt;").replace("\n", "<br>")
PASSED_ON = {
    "Apple Mail": (f"Anfang der weitergeleiteten Nachricht:\n{HEADER}\n\nKalt.\nSehr!".replace("\n", "\n> "), "plain"),
    "GMX, no blank line": (f"{HEADER}\nKalt.\nSehr!", "plain"),
    "Outlook on the web, no blank line": (
        f"<div></div><div id='divRplyFwdMsg'>{HTML_HEADER}<div>&nbsp;</div></div><div>Kalt.<br>Sehr!</div>", "html"
    ),
    "an old Outlook": (f"{HEADER.replace('<', '[mailto:').replace('>', ']')}\n\nKalt.\nSehr!", "plain"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "kind"), PASSED_ON.values(), ids=PASSED_ON)
def test_what_the_customer_wrote_is_whole_and_without_quote_marks(talk: Conversation, text: str, kind: str) -> None:
    ada = talk.customer(ADA)
    mail = ada.mail("Fwd: Heizung", text, Authentication_Results=PROOF)
    ada.sends(replace(mail, data=mail.data.replace(b"text/plain", f"text/{kind}".encode())))
    requester = talk.ticket(1).requester
    assert requester is not None
    assert (requester.name, talk.texts(1)) == ("Karl Neu", ["Kalt.\nSehr!"])


LONG = "Der Drucker im zweiten Stock brennt.\nWas soll ich jetzt tun?\n\nUnd darf ich ihn danach wieder anschalten?"
BETWEEN = {
    "text": "Guten Tag,\n\nAm 07.01.30 um 09:00 schrieb Acme Support:\n> {0}\n> Was soll ich jetzt tun?\n"
    "Ziehen Sie den Stecker.\n>\n> Und darf ich ihn danach wieder anschalten?\nNein.\n\n> {1}\n>\n> -- \n> {2}\n",
    "Thunderbird": '<p>Guten Tag,</p><div class="moz-cite-prefix">Am 07.01.30 um 09:00 schrieb Acme Support:<br></div>'
    '<blockquote type="cite" cite="mid:x"><p>{0}</p><p>Was soll ich jetzt tun?</p></blockquote>'
    '<p>Ziehen Sie den Stecker.</p>'
    '<blockquote type="cite"><p>Und darf ich ihn danach wieder anschalten?</p></blockquote>'
    '<p>Nein.</p><blockquote type="cite"><p>{1}</p><p>{2}</p></blockquote>',
}  # fmt: skip


@pytest.mark.parametrize("kind", BETWEEN)
def test_an_answer_between_the_customers_words(talk: Conversation, kind: str) -> None:
    """The customer reads what is answered; of the letter around it, and of a note, he reads nothing."""
    anna, ada, bert = (talk.customer(one) for one in (ANNA, ADA, BERT))
    anna.writes("Drucker brennt", LONG)
    talk.staff("bert").note(1, "Der Kunde ist wieder einmal schwierig.")
    talk.deliver()
    anna.hears(), ada.hears(), bert.hears()
    text = BETWEEN[kind].format(
        "Interne Notiz von Bert Example zu ACME-1.", "Der Kunde ist wieder einmal schwierig.",
        "Sie erhalten diese Mail als Mitglied der Gruppe service.",
    )  # fmt: skip
    answer = ada.answer(ada.last, text, Authentication_Results=PROOF)
    html = answer.data.replace(b"text/plain", b"text/html") if kind == "Thunderbird" else answer.data
    ada.sends(replace(answer, data=html))
    assert (anna.hears(), ada.hears()) == (["comment"], [])
    lines = [line for line in talk.entries(1)[-1].text.split("\n") if line.strip("> ")]
    assert lines == [
        "Guten Tag,", "> Was soll ich jetzt tun?", "Ziehen Sie den Stecker.",
        "> Und darf ich ihn danach wieder anschalten?", "Nein.",
    ]  # fmt: skip


AWAY = "Ich bin bis Montag nicht im Büro und danach wieder erreichbar.\n\nViele Grüße\nAda Example"
BY_ITSELF: dict[str, dict[str, Any]] = {
    "a subject of such notes": {"subject": "Abwesend: [ACME-1] Drucker brennt"},
    "threaded by nothing but the tag": {"in_reply_to": "", "references": ()},
    "a subject of its own": {"subject": "[ACME-1] Drucker brennt"},
    "an empty Return-Path": {"Return_Path": "<>"},
    "an answer within seconds": {"minutes": 0},
}


@pytest.mark.parametrize("how", BY_ITSELF.values(), ids=BY_ITSELF)
def test_an_absence_note_without_marks_is_no_answer_to_the_customer(
    talk: Conversation, people: tuple[Person, ...], how: dict[str, Any]
) -> None:
    """The program of an agent who is away answers every letter; he is told of it once."""
    anna, ada, bert = people
    ticket = talk.ticket(1)
    heard: list[str] = []
    for _ in range(4):
        talk.later(minutes=how.get("minutes", 5))
        ada.answers(ada.last, AWAY, Authentication_Results=PROOF, **{k: v for k, v in how.items() if k != "minutes"})
        heard += ada.hears()
    assert (anna.hears(), heard, bert.hears()) == ([], ["staff_refused"], [])
    assert "may have been sent by a program" in ada.last.text
    assert talk.ticket(1).waiting_since == ticket.waiting_since
    assert {entry.kind for entry in talk.entries(1)[1:]} == {EntryKind.NOTE}
    assert set(talk.kinds(1)[1:]) == {EventKind.MACHINE_WROTE, EventKind.REFUSED}
    assert talk.events(1)[1].entry is not None
    answers(ada, f"!comment\n{AWAY}", **{name: value for name, value in how.items() if name != "minutes"})
    assert anna.hears() == ["comment"]


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("I am on vacation next week, Bert will help you.", {}),
        ("Ich bin ab Montag nicht im Büro; Bert hilft Ihnen.", {"subject": "AW: [ACME-1] Drucker brennt"}),
        ("Das Büro ist zu.", {"in_reply_to": "", "references": (), "subject": "[ACME-1] Drucker"}),
        ("!close\nIch bin bis Montag nicht im Büro.", {"in_reply_to": "", "references": (), "subject": "[ACME-1] x"}),
        ("Hallo, ich bin ab Montag wieder im Büro. Passt Ihnen Dienstag?", {"subject": "[ACME-1] Terminvorschlag"}),
        ("Der Kollege ist im Urlaub bis Montag, bitte Stecker ziehen.", {"subject": "[ACME-1] Drucker brennt"}),
        ("Ja, gern.", {"X_Auto_Response_Suppress": "All"}),
    ],
)
def test_a_person_may_speak_of_his_absence(
    talk: Conversation, people: tuple[Person, ...], text: str, how: dict[str, Any]
) -> None:
    anna, ada, _ = people
    talk.later(minutes=5)
    answers(ada, text, **how)
    assert anna.hears() == ["comment"]


SIGNED = "v=1; a=rsa-sha256; d=acme.example; s=x; h=from:to:subject:date; bh=MTIzNDU2Nzg5MA==; b={}"
AGAIN: dict[str, tuple[str, dict[str, str], bool]] = {
    # Under another Message-ID: what of the first mail's fields is changed, and whether it is the same mail.
    "as it is": (SIGNED.format("QUJDRA=="), {}, True),
    "the signature written otherwise": (SIGNED.format("QUJ DRB=="), {}, True),
    "another date, where the signature does not cover it": (
        SIGNED.format("QUJDRA=="), {"Date": "Mon, 7 Jan 2030 10:00:00 +0000"}, True,
    ),
    "one of two signatures taken away": (SIGNED.format("QUJDRA=="), {"Subject": "x [ACME-1]"}, True),
    "no signature to be seen": ("", {}, True),
    "signed anew": (SIGNED.format("REVGRw=="), {"Date": "Mon, 7 Jan 2030 10:00:00 +0000"}, False),
    "a foreign signature the same": (
        SIGNED.format("QUJDRA==").replace("acme.example", "relay.example"),
        {"Date": "Mon, 7 Jan 2030 10:00:00 +0000"}, False,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("signature", "changed", "is_same"), AGAIN.values(), ids=AGAIN)
@pytest.mark.parametrize("text", ["Bitte den Stecker ziehen.", "!close"])
def test_what_is_signed_once_is_done_once(
    talk: Conversation, people: tuple[Person, ...], signature: str, changed: dict[str, str], is_same: bool, text: str
) -> None:
    """Whoever has a proven mail may send it again; a signature need not cover its Message-ID."""
    anna, ada, _ = people
    letter, before = ada.last, {"Date": "Mon, 7 Jan 2030 09:30:00 +0000", "Authentication_Results": PROOF}
    first = ada.answer(letter, text, **before, DKIM_Signature=SIGNED.format("QUJDRA=="))
    extra = f"DKIM-Signature: {SIGNED.format('Tm9jaCBlaW5l')}\r\n".encode()
    assert ada.sends(extra + first.data).outcome == "comment"
    talk.staff("bert").reopen(1) if text == "!close" else None
    talk.deliver()
    anna.hears()
    events = len(talk.kinds(1))
    talk.later(days=20)
    again = ada.answer(letter, text, **{**before, **changed}, DKIM_Signature=signature)
    row = ada.sends(again)
    assert row.outcome == ("duplicate" if is_same else "comment")
    assert (len(talk.kinds(1)) == events, anna.hears() == []) == (is_same, is_same)
    if is_same:
        assert (row.duplicate_of, row.ticket) == (2, 1)
        assert "signed once, and done" in row.because
    assert talk.gaps() == ()


def test_a_mail_passed_on_is_not_passed_on_again(talk: Conversation) -> None:
    ada, karl = talk.customer(ADA), talk.customer("karl@neu.example")
    mail = ada.mail("Fwd: Heizung kalt", FORWARD.format(above="Bitte."), Authentication_Results=PROOF)
    assert ada.sends(mail).outcome == "ticket"
    talk.later(days=3)
    assert ada.sends(mail.data.replace(b"Message-ID: <", b"Message-ID: <again-")).outcome == "duplicate"
    assert (talk.tickets(), karl.hears()) == (1, ["notice"])


def test_a_mail_without_proof_keeps_no_proven_one_away(talk: Conversation, people: tuple[Person, ...]) -> None:
    anna, ada, _ = people
    mail = ada.answer(ada.last, "Stecker ziehen.", DKIM_Signature=SIGNED.format("QUJDRA=="))
    assert ada.sends(mail).outcome == "comment"
    assert anna.hears() == []
    proven = f"Authentication-Results: {PROOF}\r\n".encode() + mail.data.replace(b"Message-ID: <", b"Message-ID: <n")
    assert ada.sends(proven).outcome == "comment"
    assert anna.hears() == ["comment"]


def test_words_of_a_colleagues_note_are_refused_and_ones_own_are_not(
    talk: Conversation, people: tuple[Person, ...]
) -> None:
    """Copied by hand or by a program that leaves no mark: the customer does not read what is internal."""
    anna, ada, _ = people
    note = "Anna zahlt seit drei Monaten nicht.\nWir liefern ihr erst einmal nichts mehr."
    talk.staff("bert").note(1, note)
    talk.staff("ada").note(1, "Ich frage den Hersteller nach dem Ersatzteil.")
    talk.deliver()
    ada.hears(), anna.hears()
    for text in (f"Gern.\n{note}", "Gern. anna zahlt seit drei monaten nicht", f"Gern.\n| {note.splitlines()[1]}"):
        answers(ada, text)
        assert (anna.hears(), ada.hears()) == ([], ["staff_refused"])
        assert "words of an internal entry stand among yours" in " ".join(ada.last.text.split())
    answers(ada, "!comment Ich frage den Hersteller nach dem Ersatzteil.")
    assert anna.hears() == ["comment"]


def test_an_answer_above_another_mail_is_never_kept_quietly(talk: Conversation, people: tuple[Person, ...]) -> None:
    """A person meant it for the customer; what he passes on may not be."""
    anna, ada, _ = people
    above, letter = "Das sagt der Hersteller.", ada.last
    answers(ada, FORWARD.format(above=above))
    assert (anna.hears(), ada.hears()) == ([], ["staff_refused"])
    assert "!comment" in ada.last.text
    answers(ada, FORWARD.format(above=f"!comment\n{above}"), to=letter)
    assert (anna.hears(), talk.entries(1)[-1].text) == (["comment"], above)
    attached = with_files(ada.answer(letter, "Siehe unten.", Authentication_Results=PROOF), ("x.eml", "x", "inline"))
    mail = b"Content-Type: message/rfc822\r\n\r\nFrom: v@vendor.example\r\nSubject: Fuse\r\n\r\nReplace it.\r\n--b--"
    ada.sends(replace(attached, data=attached.data.split(b"Content-Type: x\r\n")[0] + mail))
    assert (anna.hears(), ada.hears()) == ([], ["staff_refused"])
    assert "a mail is attached" in ada.last.text
    answers(ada, FORWARD.format(above=f"!note\n{above}"), to=letter)
    assert (anna.hears(), ada.hears(), talk.entries(1)[-1].kind) == ([], [], EntryKind.NOTE)


def test_a_short_answer_to_another_question_is_not_the_same_again(
    talk: Conversation, people: tuple[Person, ...]
) -> None:
    anna, ada, _ = people
    talk.later(minutes=3)
    letter = ada.last
    for question in ("Auch beim zweiten Drucker?", "Beim dritten?"):
        answers(ada, "Ja.", to=letter)
        assert anna.hears() == ["comment"]
        anna.answers(anna.last, question)
        assert ada.hears() == ["staff_customer"]
        talk.later(minutes=1)
    answers(ada, "Ja.", to=letter)
    assert anna.hears() == ["comment"]
    heard = []
    for _ in range(3):
        talk.later(minutes=1)
        answers(ada, "Ja.", to=letter)
        heard += ada.hears()
    assert (anna.hears(), heard) == ([], ["staff_refused"]), "told once"


@pytest.mark.parametrize("text", ["Bitte geben Sie !note in das Feld ein.", "Achtung!Close heißt hier: schließen."])
def test_a_customer_may_read_of_commands(talk: Conversation, people: tuple[Person, ...], text: str) -> None:
    anna, ada, _ = people
    answers(ada, text)
    assert (anna.hears(), talk.entries(1)[-1].text) == (["comment"], text)


def test_own_words_above_a_header_stay(talk: Conversation, people: tuple[Person, ...]) -> None:
    anna, ada, _ = people
    own = "Wir haben offen:\nMontag: 9 bis 17\nFreitag: 9 bis 12"
    answers(ada, f"{own}\n\nSändare: Acme Support\nÄmne: x\n\n{ada.last.text}")
    assert anna.hears() == ["comment"]
    assert talk.entries(1)[-1].text == own
