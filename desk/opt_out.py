"""Opting out of letters, and back in: by a word, by a letter's List-Unsubscribe address, by a complaint.

    unsubscribe            as the answer to a ticket's letter: this ticket's letters; otherwise all letters
    unsubscribe all        all letters
    unsubscribe id.mac     all letters: the mail that List-Unsubscribe asks for (RFC 2369, section 3.2)
    subscribe              takes back what the same mail would have ended, and whatever else kept those letters away

`domain/opt_out_words.py` has the words in all languages.  A word counts if it is all that was written, from a contact's
own address or as the answer to a letter that went to that address; a token counts for the address that its letter
went to.  A company's own address opts out as a whole.

Promises: the wish is written, told to the ticket's staff and confirmed to whoever had it in one act; a second such
mail changes nothing and is not answered.  The confirmation is the only letter that goes to somebody who opted out.

Whoever marks a letter of ours as spam gets no more of them: his provider reports it (RFC 5965) and
counts it against us.  The report counts with the token of that letter, for the address that it went to.
Staff sees it on the ticket and can undo it (`helpdesk contacts ADDRESS --opt-in`).
"""

from dataclasses import dataclass, replace
from datetime import datetime

from desk.addresses import alive_address, company_of, is_alive, mark_alive, with_alive, written_to
from desk.desk import Desk
from desk.letters import Thread, queue_confirmation, tell
from domain import token
from domain.decision import Found, Verdict
from domain.event import DESK, Actor, Event, EventKind
from domain.letter import ActFacts, LetterKind, Reason, Recipient, Told, Withheld
from domain.message import MailClass, Message
from domain.opt_out_words import Wanted, Wish, wanted
from domain.people import Address, ContactFacts, OrganizationFacts, address_key
from domain.settings import Settings
from domain.subject import bare_subject
from domain.ticket import Mute, Phase, TicketFacts
from notifier.gate import gate
from scanner.quote import own_words
from store.outbox import QueuedLetter
from store.store import View

COMPLAINT = "by a complaint: a letter was marked as spam"
BY_WORD = "by mail"
BY_HEADER = "by mail (List-Unsubscribe)"
BY_CLICK = "by one click (List-Unsubscribe)"

_WORDS = {"unsubscribe": Wish.OUT, "subscribe": Wish.BACK}
_ANSWERS = ("token", "reply_address", "known_message", "tag")
_SAME_TEXT = "same_text"
_ENDED = (Phase.SOLVED, Phase.CLOSED)

Leaving = ContactFacts | OrganizationFacts | Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Wished:
    """What somebody wants of letters: those about `ticket`, or all where it is None.

    `on` is the ticket whose letter made him say so; its staff hears of it.  `address` is where the confirmation goes.
    `changes`: it is not so already.  `alive`: letters came back from the address that he writes from; they do no more.
    """

    who: Leaving
    wish: Wish
    ticket: TicketFacts | None
    on: TicketFacts | None
    address: str
    how: str
    changes: bool
    alive: str = ""

    @property
    def field(self) -> str:
        """How much it is about, as the event says it."""
        return "ticket" if self.ticket else "all"

    def because(self, tag: str) -> str:
        """The wish in words; TAG is the prefix of ticket numbers."""
        about = f"letters about {token.reference(tag, self.ticket.number)}" if self.ticket else "all letters"
        name = self.who.name or self.address
        if self.wish is Wish.BACK:
            return f"{name} wants {about} again"
        return f"{name} opted out of {about} {self.how}" if self.changes else f"{name} opted out of {about} before"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fulfilment:
    """What follows from a wish: the letter that confirms it, or why there is none; the event on its ticket.

    All are None where nothing changes.  `act` is what staff is told of, None where the ticket is over.
    """

    confirmation: Told | Withheld | None = None
    event: Event | None = None
    act: ActFacts | None = None


def wished(view: View, message: Message, found: Found, *, settings: Settings, keys: token.Keys) -> Wished | None:
    """What MESSAGE, which FOUND its ticket or none, wants of letters; None if it is about anything else."""
    asks = _by_token(view, message, keys=keys) or _by_word(view, message, found, settings=settings, keys=keys)
    return _revived(view, message, asks, settings) if asks is not None else None


def _revived(view: View, message: Message, asks: Wished, settings: Settings) -> Wished:
    """ASKS, with the address that letters came back from till now."""
    contact = view.people.contact_of(message.sender.address) if message.sender else None
    company = asks.who if isinstance(asks.who, OrganizationFacts) else None
    alive = alive_address(view, message, contact, settings, company=company)
    if alive and isinstance(asks.who, ContactFacts):
        return replace(asks, who=with_alive(asks.who, alive), alive=alive)
    return replace(asks, who=replace(company, undeliverable=False) if alive and company else asks.who, alive=alive)


def clicked(view: View, letter: QueuedLetter, wish: Wish) -> Wished | None:
    """The WISH of whoever clicked on the link of LETTER; None for a letter whose reader is gone or of staff."""
    who = _owner(view, letter)
    return _of_letter(view, letter, who, wish, how=BY_CLICK) if who is not None else None


def wisher(asks: Wished) -> Actor:
    """Who acts by a wish."""
    who = asks.who
    return Actor("contact", str(who.id), who.name or name_of(who)) if isinstance(who, ContactFacts) else DESK


def _by_token(view: View, message: Message, *, keys: token.Keys) -> Wished | None:
    """The mail that List-Unsubscribe asks for; from another address it is a mail like any other."""
    word, _, rest = message.subject.strip().partition(" ")
    letter = token.verify(rest.strip(), keys) if word.lower() in _WORDS else None
    known = view.outbox.by_letter(letter) if letter else None
    who = _owner(view, known) if known is not None and message.sender is not None else None
    if known is None or who is None or message.sender is None:
        return None
    is_his = address_key(known.recipient.address) == message.sender.key
    if not (is_his or (isinstance(who, ContactFacts) and who.has_address(message.sender.key))):
        return None
    return _news(_of_letter(view, known, who, _WORDS[word.lower()], how=BY_HEADER))


def _of_letter(view: View, letter: QueuedLetter, who: Leaving, wish: Wish, *, how: str) -> Wished:
    on = view.tickets.facts(view.tickets.current(letter.ticket)) if letter.ticket is not None else None
    changes = _changes(view, who, wish, ticket=None)
    return Wished(who=who, wish=wish, ticket=None, on=on, address=letter.recipient.address, how=how, changes=changes)


def _news(asks: Wished) -> Wished | None:
    """ASKS; None where somebody takes back what he never said: then `subscribe` is a word like any other."""
    return asks if asks.wish is Wish.OUT or asks.changes else None


def _by_word(view: View, message: Message, found: Found, *, settings: Settings, keys: token.Keys) -> Wished | None:
    """A word that is all that somebody wrote."""
    sender = message.sender
    if sender is None or message.is_machine or settings.agent_of(sender.address):
        return None
    meant = _said(message, found, settings.helpdesk.tag)
    if meant is None or not all(part.inline for part in message.attachments):
        return None
    finder = found.walk[-1].finder if found.walk else ""
    answered = found.ticket if found.verdict is Verdict.TICKET and finder in _ANSWERS else None
    if answered is None and found.verdict is not Verdict.NOTHING and finder != _SAME_TEXT:
        # He speaks of a ticket that is none of his business.
        return None
    who = view.people.contact_of(sender.address) or _answering(view, message, keys=keys)
    if who is None:
        return None
    one = None if meant.everything or isinstance(who, OrganizationFacts) else answered
    changes = _changes(view, who, meant.wish, ticket=one)
    return _news(
        Wished(
            who=who, wish=meant.wish, ticket=one, on=answered, address=sender.address, how=BY_WORD, changes=changes
        )
    )  # fmt: skip


def _said(message: Message, found: Found, tag: str) -> Wanted | None:
    """The wish that MESSAGE is: its whole text, or its subject over an empty one."""
    subject = bare_subject(message.subject, tag)
    by_text, by_subject = wanted(message.reply_text), wanted(subject)
    if by_text is None and by_subject is None:
        # Nearly every mail: whose words they are need not be looked into.
        return None
    if own_words(message.reply_text).strip():
        return by_text
    is_title = found.ticket is not None and subject.casefold() == found.ticket.title.casefold()
    return None if is_title or message.forwarded_from or message.forwarded_text else by_subject


def _answering(view: View, message: Message, *, keys: token.Keys) -> Leaving | None:
    """Who answers a letter of ours that went to the very address from which he writes."""
    sender = message.sender
    for text in dict.fromkeys((*message.in_reply_to, *reversed(message.references))):
        letter = token.verify(text, keys)
        known = view.outbox.by_letter(letter) if letter else None
        if known is not None and sender is not None and address_key(known.recipient.address) == sender.key:
            return _owner(view, known)
    return None


def _changes(view: View, who: Leaving, wish: Wish, *, ticket: TicketFacts | None) -> bool:
    """WISH, about the letters of TICKET or all, is not fulfilled yet."""
    if isinstance(who, Address):
        return wish is Wish.OUT
    mutes = view.people.mutes(who.id) if isinstance(who, ContactFacts) else {}
    if wish is Wish.BACK:
        return who.email_opt_out or (ticket.number in mutes if ticket else bool(mutes))
    return not who.email_opt_out and (ticket is None or ticket.number not in mutes)


def foreseen(
    desk: Desk, view: View, asks: Wished, *, actor: Actor = DESK, mailbox: str, quiet: str = "", now: datetime
) -> Fulfilment:
    """What follows from a wish, without doing it."""
    if not asks.changes:
        return Fulfilment()
    confirmation = _confirmation(desk, view, asks, mailbox=mailbox, quiet=quiet, now=now)
    if asks.on is None:
        return Fulfilment(confirmation=confirmation)
    kind = EventKind.OPTED_OUT if asks.wish is Wish.OUT else EventKind.OPTED_IN
    event = Event(kind=kind, actor=actor, field=asks.field, after=name_of(asks.who), because=asks.how)
    is_over = desk.settings.tickets.phase(asks.on.status) in _ENDED
    facts = ActFacts(ticket=asks.on, events=(event,), actor=actor, quiet=quiet)
    return Fulfilment(confirmation=confirmation, event=event, act=None if is_over else facts)


def fulfil(
    desk: Desk, view: View, asks: Wished, *, act: int, actor: Actor = DESK, mailbox: str, quiet: str = "",
    thread: Thread, now: datetime,
) -> tuple[Told | Withheld, ...]:  # fmt: skip
    """Do as somebody wished, tell staff, and confirm it to him; nothing where it is so already."""
    if isinstance(asks.who, Address):
        # Whoever was only in copy becomes a contact, for the wish needs one.
        asks = replace(asks, who=view.people.contact_of(asks.address) or view.people.add_contact(asks.who, now=now))
    follows = foreseen(desk, view, asks, actor=actor, mailbox=mailbox, quiet=quiet, now=now)
    if asks.changes:
        _write(view, asks, now=now)
    if asks.alive:
        company = asks.who if isinstance(asks.who, OrganizationFacts) else None
        mark_alive(view, asks.alive, view.people.contact_of(asks.alive), company=company)
        if asks.on is not None:
            view.tickets.record(act, asks.on.number, (is_alive(asks.alive, actor, desk.settings),), now=now)
    told: tuple[Told | Withheld, ...] = ()
    if follows.confirmation is not None:
        told = (follows.confirmation,)
        queue_confirmation(
            desk, view, follows.confirmation, ticket=_about(asks), mailbox=mailbox, act=act, thread=thread, now=now
        )
    if follows.event is not None and asks.on is not None:
        view.tickets.record(act, asks.on.number, (follows.event,), now=now)
    if follows.act is not None:
        told += tell(desk, view, follows.act, act=act, now=now, heard=told)
    return told


def _write(view: View, asks: Wished, *, now: datetime) -> None:
    people, who, out = view.people, asks.who, asks.wish is Wish.OUT
    if isinstance(who, OrganizationFacts):
        people.set_organization_opt_out(who.id, opted_out=out, how=asks.how, now=now)
    elif isinstance(who, ContactFacts) and asks.ticket is None:
        people.set_opt_out(who.id, opted_out=out, how=asks.how, now=now)
        if not out:
            people.unmute(who.id)
    elif isinstance(who, ContactFacts) and asks.ticket is not None:
        for number in (asks.ticket.number, *view.tickets.all_merged_from(asks.ticket.number)):
            if out:
                people.mute(number, Mute(contact=who.id, at=now, how=asks.how))
            else:
                people.unmute(who.id, ticket=number)
        if not out:
            # Otherwise he would get nothing for all that he asked for it.
            people.set_opt_out(who.id, opted_out=False, how="", now=now)


def _about(asks: Wished) -> TicketFacts | None:
    """The ticket that the confirmation is about.  A company is known by the ticket that it is on."""
    return asks.on if isinstance(asks.who, OrganizationFacts) else asks.ticket


def _confirmation(desk: Desk, view: View, asks: Wished, *, mailbox: str, quiet: str, now: datetime) -> Told | Withheld:
    """The letter that tells somebody that it is as he wished, or why he gets none."""
    kind = LetterKind.OPTED_OUT if asks.wish is Wish.OUT else LetterKind.OPTED_IN
    contact = replace(asks.who, email_opt_out=False) if isinstance(asks.who, ContactFacts) else None
    company = asks.who if isinstance(asks.who, OrganizationFacts) else contact.organization if contact else None
    recipient = Recipient(
        role="requester" if company is None or contact else "organization",
        address=asks.address,
        name=asks.who.name,
        language=(contact.language if contact else "") or (company.language if company else "")
        or desk.settings.helpdesk.language,
        contact=contact.id if contact else None,
    )  # fmt: skip
    if quiet:
        return Withheld(recipient=recipient, kind=kind, reason=Reason.QUIET, because=quiet)
    key, ticket = address_key(asks.address), _about(asks)
    since, domain = now - desk.settings.notifications.loop_budget.per, key.rpartition("@")[2]
    refusal = gate(
        recipient, kind, mailbox=mailbox, contact=contact, settings=desk.settings,
        organization=replace(company, email_opt_out=False) if company else None,
        recent=view.outbox.recent([key], since=since).get(key, 0),
        recent_domain=view.outbox.recent_in([domain], since=since).get(domain, 0),
        recent_here=view.outbox.recent_about(ticket.number, since=since) if ticket else 0,
    )  # fmt: skip
    what = "opted out" if asks.wish is Wish.OUT else "wants letters again"
    return refusal or Told(recipient=recipient, kind=kind, events=(), because=f"confirms that he {what} {asks.how}")


def who_complains(view: View, message: Message, *, keys: token.Keys) -> tuple[Leaving, ...]:
    """Who gets no more letters because MESSAGE reports that he marked one as spam; those who get none are left out."""
    if message.mail_class is not MailClass.COMPLAINT:
        return ()
    owners = (_owner(view, letter) for letter in written_to(view, message, keys=keys))
    found = {name_of(one): one for one in owners if one is not None and not _is_out(one)}
    return tuple(found.values())


def _owner(view: View, letter: QueuedLetter) -> Leaving | None:
    """Whose wish counts for the address that LETTER went to, None for staff and those who are gone."""
    recipient = letter.recipient
    if recipient.contact is not None:
        return view.people.contact(recipient.contact)
    if recipient.is_staff:
        return None
    if recipient.role == "organization":
        return company_of(view, letter)
    return view.people.contact_of(recipient.address) or Address(recipient.address, recipient.name)


def _is_out(who: Leaving) -> bool:
    return not isinstance(who, Address) and who.email_opt_out


def name_of(who: Leaving) -> str:
    """WHO as staff reads it: an address where there is one."""
    if isinstance(who, ContactFacts):
        return who.primary.address if who.primary else who.name
    return who.address or who.name


def opt_out(view: View, who: Leaving, *, now: datetime, how: str) -> None:
    """Let WHO get no more letters; nothing changes for whoever gets none already."""
    if isinstance(who, Address):
        who = view.people.contact_of(who.address) or view.people.add_contact(who, now=now)
    if _is_out(who):
        return
    if isinstance(who, OrganizationFacts):
        view.people.set_organization_opt_out(who.id, opted_out=True, how=how, now=now)
    else:
        view.people.set_opt_out(who.id, opted_out=True, how=how, now=now)
