"""The day that is played: customers write, the helpdesk decides, Ada answers.

Each step waits until it has come true, and says what it expected where it has not: nine situations
that a support desk meets every day.

Fails with: NotAsPromised, NotInTime, Broken, CommandFailed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email.utils import make_msgid
from itertools import groupby
from typing import Any

from commands.opening import now
from commands.phrases import happened
from demo import mails, transcript
from demo.bell import Bell
from demo.mails import Mail
from demo.post import Posted, PostOffice
from demo.program import Program
from desk.desk import Desk
from domain.decision import Verdict
from domain.errors import DeskError
from domain.intake import Intake, Outcome, State
from domain.letter import LetterKind
from domain.ticket import TicketFacts
from store.outbox import LetterState, QueuedLetter, WithheldLetter
from store.store import View

ADA = "ada"
_STAFF = {LetterKind.STAFF_NEW: "new ticket", LetterKind.STAFF_CUSTOMER: "the customer wrote"}


class NotAsPromised(DeskError):
    """A step of the demo came to something else than it should."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Became:
    """What became of a mail: its row in the journal, and the letters of its act."""

    row: Intake
    letters: tuple[QueuedLetter, ...]
    withheld: tuple[WithheldLetter, ...]

    def letter_to(self, person: mails.Person) -> QueuedLetter:
        """The letter that PERSON got.  Raises NotAsPromised if there is none."""
        found = [letter for letter in self.letters if letter.recipient.address == person.address]
        _expect(bool(found), f"{person} should have got a letter")
        return found[0]


@dataclass(frozen=True, slots=True)
class Sent:
    """The letters of an act, none of which waits any longer; there may be none."""

    letters: tuple[QueuedLetter, ...]


class Day:
    """A day at the support desk."""

    def __init__(self, desk: Desk, program: Program, post: PostOffice, *, bell: Bell) -> None:
        self._desk = desk
        self._program = program
        self._post = post
        self._bell = bell

    def play(self) -> None:
        """The whole day."""
        question = self._a_question()
        printer = self._an_english_question()
        comment = self._ada_asks_back(question)
        self._out_of_office(question, comment)
        self._reply_with_the_tag(question)
        self._reply_without_the_tag(printer)
        self._a_rule_raises_the_alarm()
        self._a_newsletter()
        self._an_opted_out_customer()
        self._a_stranger(question)
        self._ada_solves_and_closes(question)

    def _a_question(self) -> Became:
        transcript.heading("A question")
        became = self._mail(mails.QUESTION, Outcome.TICKET)
        letter = self._posted(became.letter_to(mails.JONAS))
        transcript.aside("And this is what Jonas reads a moment later:")
        body = letter.message.get_body(("plain",))
        transcript.letter(f"{letter.message['Subject']}\n\n{body.get_content() if body else ''}")
        return became

    def _an_english_question(self) -> Became:
        transcript.heading("Another question, in English: so is the answer")
        became = self._mail(mails.ENGLISH_QUESTION, Outcome.TICKET)
        language = became.letter_to(mails.OLIVIA).recipient.language
        _expect(language == "en", f"Olivia should be answered in English, not in {language!r}")
        return became

    def _ada_asks_back(self, question: Became) -> QueuedLetter:
        transcript.heading("An agent takes the ticket and asks back")
        number = _ticket(question)
        self._act(number, "take", str(number))
        text = "Guten Morgen Herr Weiß, welche Meldung sehen Sie bei der Anmeldung?"
        sent = self._act(number, "reply", str(number), "--status", "waiting", "-m", text)
        return Became(row=question.row, letters=sent, withheld=()).letter_to(mails.JONAS)

    def _out_of_office(self, question: Became, comment: QueuedLetter) -> None:
        transcript.heading("An out-of-office answer: kept, but nobody is bothered")
        became = self._mail(
            mails.out_of_office(comment.message_id, str(self._posted(comment).message["Subject"])), Outcome.COMMENT
        )
        _expect(became.row.ticket == question.row.ticket, "the out-of-office answer belongs to the ticket")
        _expect(not any(one.recipient.contact for one in became.letters), "a machine was written to")
        status = self._status(_ticket(question))
        _expect(status == "waiting", f"an out-of-office answer must not change the status; it is {status}")

    def _reply_with_the_tag(self, question: Became) -> None:
        reference = self._desk.reference(_ticket(question))
        transcript.heading(f"The customer's reply with the tag: it carries [{reference}] and nothing else")
        became = self._mail(mails.reply_with_tag(reference), Outcome.COMMENT)
        _expect(became.row.ticket == question.row.ticket, "the reply with the tag belongs to its ticket")
        _expect(self._status(_ticket(question)) == "open", "the customer's reply should open the ticket again")

    def _reply_without_the_tag(self, printer: Became) -> None:
        transcript.heading("A reply that lost the tag: our Message-ID in In-Reply-To leads home")
        acknowledgement = self._posted(printer.letter_to(mails.OLIVIA))
        answered = str(acknowledgement.message["Message-ID"]).strip("<> ")
        became = self._mail(mails.reply_without_tag(answered), Outcome.COMMENT)
        _expect(became.row.ticket == printer.row.ticket, "the reply without the tag belongs to its ticket")

    def _a_rule_raises_the_alarm(self) -> None:
        transcript.heading("A rule gives priority and group")
        became = self._mail(mails.OUTAGE, Outcome.TICKET)
        with self._desk.store.reading() as view:
            ticket = view.tickets.facts(_ticket(became))
        _expect((ticket.priority, ticket.group) == ("urgent", "network"), "the outage should be urgent, for network")

    def _a_newsletter(self) -> None:
        transcript.heading("A newsletter: a rule ignores it")
        became = self._mail(mails.NEWSLETTER, Outcome.IGNORED)
        _expect(became.row.ticket is None and not became.letters, "a newsletter should lead to nothing")

    def _an_opted_out_customer(self) -> None:
        transcript.heading("A customer who opted out: he gets his ticket, but no letters")
        became = self._mail(mails.INVOICE, Outcome.TICKET)
        to_paul = [one for one in became.letters if one.recipient.address == mails.PAUL.address]
        _expect(not to_paul and bool(became.withheld), "Paul opted out and should not be written to")

    def _a_stranger(self, question: Became) -> None:
        reference = self._desk.reference(_ticket(question))
        transcript.heading("A stranger guesses a tag: he learns nothing")
        before = self._state(_ticket(question))
        became = self._mail(mails.guessed_tag(reference), Outcome.TICKET)
        _expect(became.row.ticket != question.row.ticket, "a stranger got into somebody's ticket")
        with self._desk.store.reading() as view:
            linked = view.tickets.facts(_ticket(became)).linked_to
        _expect(linked == question.row.ticket, f"the stranger's ticket should be linked to {reference}")
        _expect(self._state(_ticket(question)) == before, f"a stranger changed something on {reference}")
        transcript.aside(
            f"His mail is a ticket of its own, linked to {reference} for staff to see. On {reference} nothing has "
            "changed, nobody there hears of it, and he gets nothing but the number of his own ticket."
        )

    def _ada_solves_and_closes(self, question: Became) -> None:
        transcript.heading("The agent solves, comments for her colleagues, closes")
        number = _ticket(question)
        self._act(number, "note", str(number), "-m", "Grund 7: drei falsche Passwörter.")
        text = "Ihr Konto ist wieder frei. Bitte vergeben Sie bei der Anmeldung ein neues Passwort."
        sent = self._act(number, "solve", str(number), "-m", text)
        Became(row=question.row, letters=sent, withheld=()).letter_to(mails.JONAS)
        self._act(number, "close", str(number))
        _expect(self._status(number) == "closed", "the ticket should be closed")

    def _mail(self, mail: Mail, expected: Outcome) -> Became:
        """Send MAIL, wait until all of it is done, and print what became of it."""
        message_id = make_msgid(domain=mail.sender.address.partition("@")[2]).strip("<>")
        transcript.line("mail", str(mail.sender), timed=True)
        transcript.line("", mail.subject)
        transcript.quote(mail.gist)
        octets = mail.octets(message_id, now().astimezone())
        self._keep(octets)
        self._post.deliver(mails.SUPPORT, octets)
        row = self._bell.wait_for(f"the mail '{mail.subject}' is decided and filed", lambda: self._filed(message_id))
        became = self._bell.wait_for(f"the letters about '{mail.subject}' are sent", lambda: self._settled(row))
        with self._desk.store.reading() as view:
            lines = tuple(decision(self._desk, view, row))
        for label, text in (*lines, *outgoing(became.letters, became.withheld)):
            transcript.line(label, text, timed=label == "decided")
        _expect(row.outcome is expected, f"'{mail.subject}' should be {expected}, and is {row.outcome}: {row.because}")
        return became

    def _filed(self, message_id: str) -> Intake | None:
        """The mail's row once nothing more happens to it."""
        with self._desk.store.reading() as view:
            rows = view.journal.rows(limit=20)
        row = next((row for row in rows if row.message_id == message_id), None)
        return row if row and row.state in (State.FILED, State.QUARANTINED) else None

    def _settled(self, row: Intake) -> Became | None:
        """What became of a mail once none of its letters waits any longer."""
        if row.ticket is None:
            return Became(row=row, letters=(), withheld=())
        with self._desk.store.reading() as view:
            acts = {line.act for line in view.tickets.history(row.ticket) if line.intake == row.id}
            letters, withheld = view.outbox.of_ticket(row.ticket)
        mine = tuple(letter for letter in letters if letter.act in acts)
        if any(letter.state is LetterState.QUEUED for letter in mine):
            return None
        return Became(row=row, letters=mine, withheld=tuple(one for one in withheld if one.act in acts))

    def _act(self, number: int, *words: str) -> tuple[QueuedLetter, ...]:
        """Do what an agent does at the command line, and wait for the letters; they."""
        before = self._letters(number)
        transcript.line("agent", f"$ helpdesk {shown(words)}", timed=True)
        for text in self._program.command(*words, agent=ADA).splitlines():
            label, _, rest = text.strip().partition(" ")
            known = label in ("letter", "withheld")
            transcript.line(label if known else "", rest.strip() if known else text.strip())
        new = len(self._letters(number)) - len(before)
        what = f"the letters of 'helpdesk {words[0]}' are sent"
        sent = self._bell.wait_for(what, lambda: self._sent(number, after=len(before), new=new)).letters
        for letter in sent:
            transcript.line("sent", f"to {self._posted(letter).to}", timed=True)
        return sent

    def _letters(self, number: int) -> tuple[QueuedLetter, ...]:
        with self._desk.store.reading() as view:
            return view.outbox.of_ticket(number)[0]

    def _sent(self, number: int, *, after: int, new: int) -> Sent | None:
        letters = self._letters(number)[after : after + new]
        return None if any(letter.state is LetterState.QUEUED for letter in letters) else Sent(letters)

    def _posted(self, letter: QueuedLetter) -> Posted:
        """LETTER as it arrived at the post office."""
        what = f"the letter to {letter.recipient.address} arrives"
        return self._bell.wait_for(what, lambda: self._post.letter(letter.message_id))

    def _status(self, number: int) -> str:
        with self._desk.store.reading() as view:
            return view.tickets.facts(number).status

    def _state(self, number: int) -> tuple[TicketFacts, int, int]:
        """A ticket, how much happened to it, and how many letters there are about it."""
        with self._desk.store.reading() as view:
            letters, withheld = view.outbox.of_ticket(number)
            return view.tickets.facts(number), len(view.tickets.history(number)), len(letters) + len(withheld)

    def _keep(self, octets: bytes) -> None:
        """Put a mail into the folder, to try `helpdesk explain` and `helpdesk parse` on."""
        folder = self._program.folder / "mails"
        folder.mkdir(exist_ok=True)
        (folder / f"{len(tuple(folder.iterdir())) + 1:02}.eml").write_bytes(octets)


def decision(desk: Desk, view: View, row: Intake) -> Iterable[tuple[str, str]]:
    """What was decided about a mail, and why: labels and texts."""
    record = view.journal.decision(row.id) or {}
    signs = [sign.partition(": ")[2] or sign for sign in record.get("class", ())]
    if row.outcome is Outcome.IGNORED:
        yield "decided", "ignored"
        yield "because", f"{row.because} (signs: {', '.join(signs)})"
        return
    reference = desk.reference(row.ticket) if row.ticket else "nothing"
    yield "decided", f"{reference} opened" if row.outcome is Outcome.TICKET else f"added to {reference}"
    walk = record.get("finders", ())
    deciding = [step for step in walk if step["verdict"] != Verdict.NOTHING.value]
    yield "because", " · ".join(step["because"] for step in deciding or walk)
    if signs:
        yield "", f"written by a machine (signs: {', '.join(signs[:2])}): nothing else changes"
    if row.ticket is not None and row.outcome is Outcome.COMMENT:
        here = [line.event for line in view.tickets.history(row.ticket) if line.intake == row.id]
        yield from (("", f"{happened(event, desk.settings)}: {event.because}") for event in here[1:])
    changes = sorted(record.get("modifiers", ()), key=lambda one: str(one["because"]))
    for because, group in groupby(changes, key=lambda one: str(one["because"])):
        yield "", f"{because}: {', '.join(map(_change, group))}"


def _change(modifier: dict[str, Any]) -> str:
    match modifier["kind"]:
        case "SetField":
            return f"{modifier['field']} {modifier['value']}"
        case "Assign":
            return " ".join(f"{name} {modifier[name]}" for name in ("agent", "group") if modifier[name])
        case _:
            return f"tagged {', '.join(modifier['tags'])}"


def outgoing(letters: Sequence[QueuedLetter], withheld: Sequence[WithheldLetter]) -> Iterable[tuple[str, str]]:
    """Letters out, and letters withheld with the reason; those to staff in one line a kind."""
    for letter in letters:
        if not letter.recipient.is_staff:
            kind = f"{letter.kind.value}, {letter.recipient.language}{_state(letter)}"
            yield "letter", f"to {letter.recipient.address} ({kind})"
    to_staff = [letter for letter in letters if letter.recipient.is_staff]
    for (kind, because), group in groupby(to_staff, key=lambda letter: (_STAFF[letter.kind], letter.because)):
        yield "letter", f"to {' and '.join(letter.recipient.agent for letter in group)} ({kind}; {because})"
    for one in withheld:
        who = one.withheld.recipient
        yield "withheld", f"from {who.address or who.role}: {one.withheld.because}"
    if not letters and not withheld:
        yield "letter", "to nobody"


def _state(letter: QueuedLetter) -> str:
    return "" if letter.state is LetterState.SENT else f", {letter.state.value}: {letter.reply}"


def shown(words: Sequence[str]) -> str:
    """A command as one types it."""
    return " ".join(f"'{word}'" if " " in word else word for word in words)


def _ticket(became: Became) -> int:
    _expect(became.row.ticket is not None, f"'{became.row.subject}' should be on a ticket")
    return became.row.ticket or 0


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise NotAsPromised(otherwise)
