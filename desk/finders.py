"""Whose ticket a mail belongs to: six finders, each leaving its verdict.

    1 token           our own Message-ID in In-Reply-To or References
    2 reply_address   our token in the address that it was sent to
    3 known_message   the Message-ID of a mail that is on a ticket
    4 tag             [ACME-1042] in the subject
    5 external_id     the id of a vendor's ticket, in a mail of that vendor
    6 same_text       the same sender wrote the same a few minutes ago

A token counts for the address that the letter went to.  From another address it proves only that
the letter was seen: the mail is kept on the ticket as unconfirmed.  Known Message-IDs and tags
prove nothing, so their sender must belong to the ticket; otherwise the ticket is only linked.  What
points to a merged ticket means the one under which it is continued, and who belonged to it belongs there.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from desk.repeats import Repeat
from desk.vendors import REPORTS, vendor_of
from domain import token
from domain.decision import FinderVerdict, Found, Verdict
from domain.errors import NotFound
from domain.message import Message
from domain.people import address_key
from domain.settings import Mailbox, Settings
from domain.ticket import TicketFacts
from store.outbox import QueuedLetter
from store.store import View

SAME_TEXT = "same_text"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    view: View
    message: Message
    mailbox: Mailbox
    settings: Settings
    keys: token.Keys
    lock: bool
    repeat: Repeat | None
    is_proven_agent: bool
    seen: dict[int, TicketFacts]

    @property
    def sender_key(self) -> str:
        return self.message.sender.key if self.message.sender else ""

    def named(self, number: int) -> TicketFacts:
        """A ticket that some finder points to, asked for once.  Raises NotFound."""
        if number not in self.seen:
            self.seen[number] = self.view.tickets.facts(number, lock=self.lock)
        return self.seen[number]

    def ticket(self, number: int) -> TicketFacts:
        """The ticket under which the named one is continued; itself where it was not merged.  Raises NotFound."""
        named = self.named(number)
        return named if named.merged_into is None else self.named(self.view.tickets.current(number))

    def followed(self, step: FinderVerdict) -> FinderVerdict:
        """STEP, with the ticket under which the one that it points to is continued."""
        if step.ticket is None:
            return step
        now = self.ticket(step.ticket).number
        if now == step.ticket:
            return step
        old, new = (token.reference(self.settings.helpdesk.tag, number) for number in (step.ticket, now))
        return replace(step, ticket=now, because=f"{step.because} · {old} is continued under {new}")


def find(
    view: View, message: Message, *, mailbox: Mailbox, settings: Settings, keys: token.Keys, lock: bool = True,
    repeat: Repeat | None = None, is_proven_agent: bool = False,
) -> Found:  # fmt: skip
    """The ticket that MESSAGE belongs to, with every finder's verdict up to the one that decided.

    LOCK keeps others from changing that ticket until the act is over.  REPEAT is the ticket that has
    the same text already.  A proven agent belongs to every ticket.
    """
    search = _Search(
        view=view, message=message, mailbox=mailbox, settings=settings, keys=keys, lock=lock, repeat=repeat,
        is_proven_agent=is_proven_agent, seen={},
    )  # fmt: skip
    walk: list[FinderVerdict] = []
    for finder in FINDERS:
        for step in finder(search):
            step = search.followed(step)
            walk.append(step)
            if step.verdict in (Verdict.TICKET, Verdict.UNCONFIRMED) and step.ticket is not None:
                return Found(walk=tuple(walk), verdict=step.verdict, ticket=search.ticket(step.ticket))
    linked = next((step.ticket for step in walk if step.verdict is Verdict.FOREIGN), None)
    return Found(walk=tuple(walk), verdict=Verdict.FOREIGN if linked else Verdict.NOTHING, linked=linked)


def belongs(sender_key: str, ticket: TicketFacts, *, colleagues: bool) -> str:
    """As what the sender belongs to TICKET: requester, watcher, colleague; '' if he does not."""
    if ticket.requester and ticket.requester.has_address(sender_key):
        return "requester"
    if any(watcher.contact and watcher.contact.has_address(sender_key) for watcher in ticket.watchers):
        return "watcher"
    host = sender_key.rpartition("@")[2]
    if colleagues and ticket.organization and host in ticket.organization.domains:
        return "colleague"
    return ""


def _by_token(search: _Search) -> Iterator[FinderVerdict]:
    message = search.message
    candidates = dict.fromkeys((*message.in_reply_to, *reversed(message.references), *message.returned_ids))
    ours = [letter for text in candidates if (letter := token.verify(text, search.keys))]
    if not ours:
        forged = any(token.looks_like_token(text) for text in candidates)
        why = "a token in References is not ours" if forged else "no token in In-Reply-To or References"
        yield _nothing("token", why)
        return
    yield from _of_letters(search, "token", ours)


def _by_reply_address(search: _Search) -> Iterator[FinderVerdict]:
    bases = {search.mailbox.key} if search.mailbox.plus_addressing else set()
    bases |= {address_key(box.bounces) for box in search.settings.mailboxes.values() if box.bounces}
    if not bases:
        return
    parts = [(address.key.partition("+"), address.key.rpartition("@")) for address in search.message.recipients]
    pairs = [rest.rpartition("@")[0] for (local, _, rest), (_, _, host) in parts if rest and f"{local}@{host}" in bases]
    ours = [letter for pair in pairs if (letter := token.verify(pair, search.keys))]
    if not ours:
        yield _nothing("reply_address", "sent to no reply address of ours")
        return
    yield from _of_letters(search, "reply_address", ours)


def _of_letters(search: _Search, finder: str, letters: list[str]) -> Iterator[FinderVerdict]:
    """The verdict on valid tokens: the first that was written to the sender, else the first."""
    known = [letter for name in letters if (letter := search.view.outbox.by_letter(name)) is not None]
    if not known:
        yield _nothing(finder, "a valid token, but its letter is not in the database")
        return
    about = [letter for letter in known if letter.ticket is not None]
    own = next((letter for letter in about if _is_recipient(search, letter)), None)
    letter = own or next(iter(about), known[0])
    if letter.ticket is None:
        yield _nothing(finder, f"answers letter {letter.letter}, which was about no ticket")
        return
    if own or _belongs(search, letter.ticket):
        yield FinderVerdict(
            finder=finder,
            verdict=Verdict.TICKET,
            ticket=letter.ticket,
            because=f"{finder}: answers letter {letter.letter}",
        )
        return
    yield FinderVerdict(
        finder=finder,
        verdict=Verdict.UNCONFIRMED,
        ticket=letter.ticket,
        because=f"{finder}: answers letter {letter.letter}, which went to another address",
    )


def _is_recipient(search: _Search, letter: QueuedLetter) -> bool:
    """The mail comes from the address that LETTER went to; a bounce or notice comes from its server instead."""
    by_server = search.message.is_bounce or search.message.mail_class in REPORTS
    return address_key(letter.recipient.address) == search.sender_key or by_server


def _by_known_message(search: _Search) -> Iterator[FinderVerdict]:
    message = search.message
    candidates = tuple(dict.fromkeys((*message.in_reply_to, *reversed(message.references))))
    known = search.view.tickets.by_message_ids(candidates)
    if not known:
        yield _nothing("known_message", "its Message-IDs are unknown" if candidates else "it answers no mail")
        return
    # The nearest ancestor decides: In-Reply-To first, then References from the end.
    for number in dict.fromkeys(known[message_id] for message_id in candidates if message_id in known):
        yield _if_member(search, "known_message", number, "it answers a mail on this ticket")


def _by_tag(search: _Search) -> Iterator[FinderVerdict]:
    prefix = search.settings.helpdesk.tag
    numbers = token.tagged_numbers(search.message.subject, prefix)
    if not numbers:
        yield _nothing("tag", f"no tag [{prefix}-…] in the subject")
    for number in numbers:
        yield _if_member(search, "tag", number, f"tag [{token.reference(prefix, number)}]")


def _by_external_id(search: _Search) -> Iterator[FinderVerdict]:
    vendor = vendor_of(search.message, search.settings)
    if vendor is None or vendor.id is None:
        return
    number = search.view.tickets.by_external_id(vendor.id)
    if number is None:
        yield _nothing("external_id", f"no ticket has the id {vendor.id}")
        return
    yield FinderVerdict(
        finder="external_id", verdict=Verdict.TICKET, ticket=number, because=f"the ticket has the id {vendor.id}"
    )


def _by_same_text(search: _Search) -> Iterator[FinderVerdict]:
    repeat = search.repeat
    if repeat is not None:
        yield FinderVerdict(finder=SAME_TEXT, verdict=Verdict.TICKET, ticket=repeat.ticket, because=repeat.because)


def _if_member(search: _Search, finder: str, number: int, why: str) -> FinderVerdict:
    try:
        role = _belongs(search, number)
    except NotFound:
        return _nothing(finder, f"{why}, but there is no such ticket")
    if role:
        return FinderVerdict(finder=finder, verdict=Verdict.TICKET, ticket=number, because=f"{why}, from its {role}")
    return FinderVerdict(
        finder=finder, verdict=Verdict.FOREIGN, ticket=number, because=f"{why}, but the sender has no part in it"
    )


def _belongs(search: _Search, number: int) -> str:
    """As what the sender belongs to the ticket, or belonged to it before it was merged."""
    colleagues = search.settings.tickets.colleagues
    for ticket in (search.named(number), search.ticket(number)):
        role = belongs(search.sender_key, ticket, colleagues=colleagues)
        if role:
            return role
    if search.is_proven_agent:
        return "agent"
    return "vendor" if _asked_vendor(search, number) else ""


def _asked_vendor(search: _Search, number: int) -> bool:
    """The mail carries a vendor's id, and a letter about the ticket went to somebody there."""
    vendor = vendor_of(search.message, search.settings)
    domain = search.sender_key.rpartition("@")[2]
    return vendor is not None and vendor.id is not None and search.view.outbox.wrote_to_domain(number, domain)


def _nothing(finder: str, because: str) -> FinderVerdict:
    return FinderVerdict(finder=finder, verdict=Verdict.NOTHING, because=because)


FINDERS: tuple[Callable[[_Search], Iterator[FinderVerdict]], ...] = (
    _by_token,
    _by_reply_address,
    _by_known_message,
    _by_tag,
    _by_external_id,
    _by_same_text,
)
