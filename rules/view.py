"""What rules see of a mail: its values by the name of a field, prepared once and only when a rule asks.

    subject, text, header x-thing   texts, at least one, perhaps ''
    from, to, recipient             addresses, twice where there is a display name: bare, and as `Name <address>`
    mailbox, is, ticket.status      words of ours, perhaps none
    contact.known, known to         flags: `true` or `false`
    size, ticket.age                numbers, perhaps none

A new field = one function + one line in FIELDS.  Nothing here fails: what a mail does not have is
the empty text, no word, no number, and false; of a very long text the first MAX_CHARACTERS are looked at.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import cached_property

from domain.decision import Found, Lookup, MailFacts, Verdict
from domain.hours import Hours
from domain.message import MailClass
from domain.nfc import nfc
from domain.people import Address, ContactFacts
from domain.ticket import TicketFacts
from domain.token import tagged_numbers
from rules import spam
from rules.text import fold

MAX_CHARACTERS = 200_000
VIP = "vip"


class Value:
    """One value of a mail, with the forms in which it is compared."""

    def __init__(self, text: str, address: Address | None = None, number: float | None = None) -> None:
        self.text = nfc(text[:MAX_CHARACTERS])
        self.number = number
        self._address = address

    @cached_property
    def folded(self) -> str:
        return fold(self.text)

    @cached_property
    def utf8(self) -> bytes:
        return self.text.encode("utf-8", "replace")

    @cached_property
    def folded_utf8(self) -> bytes:
        return self.folded.encode("utf-8", "replace")

    @property
    def key(self) -> str:
        """The key of the address that it is, '' where there is none."""
        return self._address.key if self._address else ""

    @property
    def domain(self) -> str:
        return self._address.domain if self._address else ""


class Part:
    """One attachment: its name, its type and its size as values."""

    def __init__(self, name: str, content_type: str, size: int) -> None:
        self.name = Value(name)
        self.type = Value(content_type)
        self.size = octets(size)


Values = tuple[Value, ...]
NOTHING = (Value(""),)
YES, NO = (Value("true"),), (Value("false"),)


def octets(size: int) -> Value:
    """A size, shown as people read it."""
    for unit, name in ((1_000_000, "MB"), (1000, "kB")):
        if size >= unit:
            return Value(f"{size / unit:.1f} {name}", number=size)
    return Value(f"{size} B", number=size)


def number(value: float, text: str = "") -> Value:
    return Value(text or f"{value:g}", number=value)


def flag(holds: bool) -> Values:
    return YES if holds else NO


def word(text: str) -> Values:
    return (Value(text),) if text else ()


def _texts(texts: Iterable[str]) -> Values:
    return tuple(map(Value, texts)) or NOTHING


def _addresses(addresses: Iterable[Address]) -> Values:
    """Each address twice where it has a display name: bare, and as `Name <address>`."""
    values = []
    for address in addresses:
        values.append(Value(address.address, address))
        if address.name:
            values.append(Value(str(address), address))
    return tuple(values) or NOTHING


def _kinds(facts: MailFacts) -> Values:
    """The words of `is:` that hold."""
    message = facts.message
    signs = {
        "new": not is_reply(facts.found),
        "reply": is_reply(facts.found),
        "person": not message.is_machine,
        "auto_reply": message.is_auto_reply,
        "bounce": message.is_bounce,
        "list": message.is_list,
    }
    if message.mail_class is not MailClass.PERSON:
        signs[message.mail_class.value] = True
    return tuple(Value(word) for word, holds in signs.items() if holds)


def _found(facts: MailFacts) -> Values:
    return (Value("reply" if is_reply(facts.found) else "new"),)


def is_reply(found: Found) -> bool:
    """A ticket was found for it, even if its sender is not confirmed."""
    return found.ticket is not None and found.verdict in (Verdict.TICKET, Verdict.UNCONFIRMED)


def _sender(facts: MailFacts) -> tuple[Address, ...]:
    return (facts.message.sender,) if facts.message.sender else ()


PEOPLE: Mapping[str, Callable[[MailFacts], tuple[Address, ...]]] = {
    "from": _sender,
    "reply_to": lambda facts: facts.message.reply_to,
    "to": lambda facts: facts.message.to,
    "cc": lambda facts: facts.message.cc,
    "recipient": lambda facts: facts.message.recipients,
}


def _people(field: str) -> Callable[[MailFacts], Values]:
    return lambda facts: _addresses(PEOPLE[field](facts))


def _known(field: str) -> Callable[[MailFacts], Values]:
    def values(facts: MailFacts) -> Values:
        return tuple(flag(address.key in facts.known)[0] for address in PEOPLE[field](facts)) or NO

    return values


def _attached_count(facts: MailFacts) -> Values:
    return (number(len(parts(facts))),)


def parts(facts: MailFacts) -> tuple[Part, ...]:
    """The attachments; pictures inside the text are none."""
    return tuple(Part(one.name, one.content_type, one.size) for one in facts.message.attachments if not one.inline)


def _weekday(facts: MailFacts) -> Values:
    if facts.moment is None:
        return ()
    return word((facts.hours or Hours()).day(facts.moment))


def _business_hours(facts: MailFacts) -> Values:
    return flag(facts.hours is None or facts.moment is None or facts.hours.include(facts.moment))


def _spam_score(facts: MailFacts) -> Values:
    score = spam.score(facts.message)
    return () if score is None else (number(score),)


def _of_contact(read: Callable[[ContactFacts], Values], *, without: Values) -> Callable[[MailFacts], Values]:
    return lambda facts: read(facts.contact) if facts.contact else without


def _support_active(facts: MailFacts) -> Values:
    contact, moment = facts.contact, facts.moment
    if contact is None or moment is None or not (contact.support_start or contact.support_end):
        return NO
    begun = contact.support_start is None or contact.support_start <= moment.date()
    return flag(begun and (contact.support_end is None or moment.date() <= contact.support_end))


def _of_ticket(read: Callable[[TicketFacts], Values], *, without: Values = ()) -> Callable[[MailFacts], Values]:
    def values(facts: MailFacts) -> Values:
        ticket = facts.found.ticket
        return read(ticket) if ticket is not None and is_reply(facts.found) else without

    return values


def _age(facts: MailFacts) -> Values:
    ticket = facts.found.ticket
    if ticket is None or facts.moment is None or not is_reply(facts.found):
        return ()
    age = facts.moment - ticket.created_at
    return (number(age.total_seconds(), _span(age)),)


def _span(age: timedelta) -> str:
    for seconds, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if age.total_seconds() >= 2 * seconds:
            return f"{age.total_seconds() / seconds:.0f} {name}"
    return f"{age.total_seconds():.0f} s"


def _ticket_ref(facts: MailFacts) -> tuple[str, ...]:
    return tuple(map(str, tagged_numbers(facts.message.subject, facts.tag))) if facts.tag else ()


FIELDS: Mapping[str, Callable[[MailFacts], Values]] = {
    "mailbox": lambda facts: word(facts.mailbox),
    "folder": lambda facts: (Value(facts.folder),),
    "subject": lambda facts: (Value(facts.message.subject),),
    "text": lambda facts: (Value(facts.message.text),),
    "reply_text": lambda facts: (Value(facts.message.reply_text),),
    **{field: _people(field) for field in PEOPLE},
    **{f"known {field}": _known(field) for field in PEOPLE},
    "attachment.count": _attached_count,
    "size": lambda facts: (octets(facts.message.size),),
    "language": lambda facts: word(facts.message.language),
    "weekday": _weekday,
    "business_hours": _business_hours,
    "is": _kinds,
    "found": _found,
    "trust.dmarc": lambda facts: word(facts.authentication.dmarc),
    "trust.dkim": lambda facts: word(facts.authentication.dkim),
    "trust.spf": lambda facts: word(facts.authentication.spf),
    "trust.spoofed": lambda facts: flag(bool(facts.suspicion)),
    "spam.score": _spam_score,
    "spam.flag": lambda facts: flag(spam.is_flagged(facts.message)),
    "contact.known": lambda facts: flag(facts.contact is not None),
    "contact.name": _of_contact(lambda contact: (Value(contact.name),), without=NOTHING),
    "contact.tags": _of_contact(lambda contact: tuple(map(Value, contact.tags)), without=()),
    "contact.vip": _of_contact(lambda contact: flag(VIP in contact.tags), without=NO),
    "contact.opted_out": _of_contact(lambda contact: flag(contact.email_opt_out), without=NO),
    "contact.organization": _of_contact(
        lambda contact: (Value(contact.organization.name if contact.organization else ""),), without=NOTHING
    ),
    "contact.support_active": _support_active,
    "ticket.number": _of_ticket(lambda ticket: (Value(str(ticket.number)),)),
    "ticket.title": _of_ticket(lambda ticket: (Value(ticket.title),)),
    "ticket.status": _of_ticket(lambda ticket: word(ticket.status)),
    "ticket.phase": lambda facts: word(facts.phase) if is_reply(facts.found) else (),
    "ticket.priority": _of_ticket(lambda ticket: word(ticket.priority)),
    "ticket.category": _of_ticket(lambda ticket: word(ticket.category)),
    "ticket.tags": _of_ticket(lambda ticket: tuple(map(Value, ticket.tags))),
    "ticket.age": _age,
    "ticket.agent": _of_ticket(lambda ticket: word(ticket.agent)),
    "ticket.group": _of_ticket(lambda ticket: word(ticket.group)),
    "ticket.assigned": _of_ticket(lambda ticket: flag(bool(ticket.agent)), without=NO),
    "has_ticket_ref": lambda facts: flag(bool(_ticket_ref(facts))),
    "ticket_ref": lambda facts: _texts(_ticket_ref(facts)[:1]),
    "from.name": lambda facts: _texts(address.name for address in _sender(facts)),
    "message_id": lambda facts: (Value(facts.message.message_id),),
}
HEADER, SENDER_MAILS, ATTACHMENT = "header ", "sender_mails ", "attachment"


class View:
    """One mail as the rules see it."""

    def __init__(self, facts: MailFacts) -> None:
        self.facts = facts
        self._values: dict[str, Values] = {}
        self._targets: dict[Lookup, int | None] = {}

    def values(self, field: str) -> Values:
        """The values of FIELD: a key of FIELDS, `header NAME`, or `sender_mails SECONDS`."""
        known = self._values.get(field)
        if known is None:
            known = self._values[field] = self._read(field)
        return known

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The attachments."""
        return parts(self.facts)

    @property
    def found(self) -> Found:
        return self.facts.found

    @property
    def is_reply(self) -> bool:
        return is_reply(self.found)

    @property
    def ticket(self) -> int | None:
        """The number of the ticket that was found for it, even if its sender is not confirmed."""
        return self.found.ticket.number if self.is_reply and self.found.ticket else None

    def target(self, lookup: Lookup) -> int | None:
        """The number of the ticket that a rule means by a key; asked once."""
        if lookup not in self._targets:
            ticket = self.facts.targets(lookup)
            self._targets[lookup] = None if ticket is None else ticket.number
        return self._targets[lookup]

    @property
    def lookups(self) -> tuple[tuple[Lookup, int | None], ...]:
        """The tickets that rules asked for by a key, and what was found."""
        return tuple(self._targets.items())

    def _read(self, field: str) -> Values:
        read = FIELDS.get(field)
        if read is not None:
            return read(self.facts)
        if field.startswith(SENDER_MAILS):
            count = self.facts.sender_mails.get(timedelta(seconds=float(field.removeprefix(SENDER_MAILS))))
            return () if count is None else (number(count),)
        return _texts(self.facts.message.header(field.removeprefix(HEADER)))
