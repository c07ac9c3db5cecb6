"""What would become of a mail: every finder, every rule, every letter, without touching anything."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import rules
from desk import finders
from desk.addresses import alive_address, copied, dead_addresses, spoof
from desk.by_mail import Hand, Take
from desk.carry_out import Arrived
from desk.desk import Desk
from desk.facts import informed
from desk.letters import unheard, with_recent
from desk.opt_out import Wished, foreseen, who_complains, wished, wisher
from desk.receive import (
    act_facts,
    actor_of,
    can_be_a_contact,
    doubt_of,
    journal_key,
    known_contact,
    merged_facts,
    plan_mail,
    proof_of,
    quiet_of,
    said_before,
    signs_of,
    unasked,
)
from desk.settle import Settled, settle
from desk.status_mail import asked
from desk.today import absent
from desk.vendors import vendor_with_news
from domain.authentication import Authentication
from domain.decision import Decision, Forward, Found, Ignore, MailFacts, Reject, RuleVerdict
from domain.event import Event
from domain.intake import Intake, Outcome
from domain.letter import Told, Withheld
from domain.message import Message
from domain.people import Address, ContactAddress, ContactFacts
from domain.suspicion import Suspicion
from domain.ticket import TicketFacts
from notifier.resolve import resolve, resolve_more, same_person
from scanner.content_key import content_key
from scanner.read import attachments
from store.store import View

# Contacts that rules would make are told apart from those of the mail's own addresses.
NEW_BY_RULE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The walk of one mail.  `ticket` is the state it would have, None where nothing would be done.

    `copy_of` is set where the same mail is in the journal already; the rest then speaks of a mail like it.
    `spoof` says how the sender's name speaks of somebody else than his address.  `proof` says whether
    the sender is proven, `agent` who acts by the mail: `events` are then his acts.
    """

    message: Message
    mailbox: str
    copy_of: Intake | None
    found: Found
    walk: tuple[RuleVerdict, ...]
    decision: Decision
    proof: Authentication
    agent: str = ""
    opens: bool = False
    ticket: TicketFacts | None = None
    events: tuple[Event, ...] = ()
    told: tuple[Told | Withheld, ...] = ()
    spoof: Suspicion | None = None

    @property
    def outcome(self) -> Outcome:
        """What the journal would say of the mail."""
        if self.copy_of is not None:
            return Outcome.DUPLICATE
        match self.decision.disposition:
            case Reject():
                return Outcome.REJECTED
            case Forward():
                return Outcome.FORWARDED
        if self.ticket is None:
            return Outcome.IGNORED
        return Outcome.TICKET if self.opens else Outcome.COMMENT


def explain(
    desk: Desk, message: Message, *, data: bytes, mailbox: str, now: datetime, take: Take = attachments
) -> Explanation:
    """What the desk would do with MESSAGE if it arrived in MAILBOX now.  TAKE gets files out of its DATA."""
    proof, hand = proof_of(desk, message, mailbox=mailbox, data=data, take=take)
    with desk.store.reading() as view:
        sign, repeat = said_before(desk, view, message, mailbox=mailbox, moment=now)
        found = finders.find(
            view, message, mailbox=desk.settings.mailboxes[mailbox], settings=desk.settings, keys=desk.keys, lock=False,
            repeat=repeat, is_proven_agent=hand is not None,
        )  # fmt: skip
        copy_of = view.journal.first_copy(journal_key(desk, mailbox, content_key(data)))
        copy_of = copy_of or view.journal.acted(signs_of(desk, hand, mailbox=mailbox, found=found))
        contact = _contact(view, message)
        facts = MailFacts(message=message, mailbox=mailbox, found=found, authentication=proof)
        facts = informed(desk, view, facts, moment=now, now=now, is_act=hand is not None, lock=False)
        because = unasked(desk, message)
        asks = None if because else wished(view, message, found, settings=desk.settings, keys=desk.keys)
        because = asks.because(desk.settings.helpdesk.tag) if asks else because
        wish = asked(view, message, found, settings=desk.settings)
        if wish is not None and wish.only:
            because = because or f"{wish.because}: a letter tells him"
        decision = Decision(disposition=Ignore(because=because)) if because else rules.decide(desk.rules, facts)
        customer = _customers(view, message)
        settled = settle(
            desk, view, facts, decision, contact=known_contact(view, message), contact_of=customer,
            quiet=quiet_of(desk.settings.mailboxes[mailbox], now), now=now, is_act=hand is not None, lock=False,
        )  # fmt: skip
        told = Explanation(
            message=message, mailbox=mailbox, copy_of=copy_of, found=found, decision=settled.decision, proof=proof,
            walk=() if because else rules.walk(desk.rules, facts), spoof=spoof(message, desk.settings),
            told=settled.answer.told if settled.answer else (),
        )  # fmt: skip
        if asks is not None:
            return replace(told, told=_of_wish(desk, view, asks, mailbox=mailbox, now=now))
        if isinstance(settled.decision.disposition, Ignore | Reject | Forward):
            return told
        doubt, again = doubt_of(
            desk, view, message, settled.found, contact=contact, is_act=hand is not None, moment=now
        )
        arrived = Arrived(
            message=message, mailbox=mailbox, contact=contact, actor=actor_of(message, contact), moment=now, now=now,
            fingerprint=sign, repeat=repeat, dead=dead_addresses(view, message, keys=desk.keys),
            alive=alive_address(view, message, contact, desk.settings),
            copied=_copied(desk, view, told, settled.found), spoof=told.spoof,
            vendor=vendor_with_news(view, message, desk.settings),
            complaining=who_complains(view, message, keys=desk.keys), people=settled.people, company=settled.company,
            turns=settled.turns, absences=absent(desk, view, now), doubt=doubt, again=again,
        )  # fmt: skip
        return _with_letters(desk, view, told, arrived, settled, hand)


def _of_wish(desk: Desk, view: View, asks: Wished, *, mailbox: str, now: datetime) -> tuple[Told | Withheld, ...]:
    """The letters that follow from a wish about letters: to whoever has it, and to staff."""
    quiet = quiet_of(desk.settings.mailboxes[mailbox], now)
    follows = foreseen(desk, view, asks, actor=wisher(asks), mailbox=mailbox, quiet=quiet, now=now)
    confirmed = (follows.confirmation,) if follows.confirmation else ()
    if follows.act is None:
        return confirmed
    told = resolve(with_recent(desk, view, follows.act, now), desk.settings)
    others = (one for one in told if not any(same_person(one.recipient, other.recipient) for other in confirmed))
    return (*confirmed, *others)


def _customers(view: View, message: Message) -> Callable[[Address], ContactFacts]:
    """Gives the contact behind an address, or the one that would be made of it."""
    made: dict[str, ContactFacts] = {}
    own = _contact(view, message)

    def contact(customer: Address) -> ContactFacts:
        known = view.people.contact_of(customer.address)
        if known is None and own is not None and own.has_address(customer.key):
            known = own
        if known is None and customer.key not in made:
            number = -(NEW_BY_RULE + len(made))
            made[customer.key] = _new_contact(view, customer, number=number, language=message.language)
        return known or made[customer.key]

    return contact


def _with_letters(
    desk: Desk, view: View, told: Explanation, arrived: Arrived, settled: Settled, hand: Hand | None
) -> Explanation:
    planned, act = plan_mail(
        desk, view, arrived, settled.found, told.decision, told.proof, hand, _customers(view, arrived.message)
    )
    after, seen = (act.after, act.told) if act else (planned.after, planned.told)
    facts = act_facts(desk.settings, after, seen, arrived, act=act, wishes=planned.letters)
    heard: tuple[Told | Withheld, ...] = ()
    merged: tuple[Event, ...] = ()
    if settled.merging is not None:
        what = settled.merging
        heard = resolve(with_recent(desk, view, merged_facts(facts, what), arrived.now), desk.settings)
        facts, merged = replace(facts, events=(*facts.events, *what.target_events)), what.target_events
    facts = with_recent(desk, view, facts, arrived.now)
    return replace(
        told,
        agent=act.changes.agent if act else "",
        opens=planned.opens,
        ticket=after,
        events=(*(act.events if act else planned.events), *merged),
        told=(*heard, *unheard(resolve(facts, desk.settings), heard), *resolve_more(facts, desk.settings)),
    )


def _contact(view: View, message: Message) -> ContactFacts | None:
    """The contact who wrote, or the one that would be made of the sender."""
    sender = message.sender
    if sender is None or not can_be_a_contact(message):
        return None
    return view.people.contact_of(sender.address) or _new_contact(view, sender, number=0, language=message.language)


def _copied(desk: Desk, view: View, told: Explanation, found: Found) -> tuple[ContactFacts, ...]:
    """The contacts behind those who got the mail as well, or those that would be made of them."""
    mailbox = desk.settings.mailboxes[told.mailbox]
    others = copied(told.message, found, mailbox=mailbox, settings=desk.settings)
    return tuple(
        view.people.contact_of(one.address) or _new_contact(view, one, number=-number)
        for number, one in enumerate(others, start=1)
    )


def _new_contact(view: View, address: Address, *, number: int, language: str = "") -> ContactFacts:
    """The contact that would be made of ADDRESS; NUMBER tells several of them apart."""
    dead = bool(view.people.dead_among([address.key]))
    return ContactFacts(
        id=number,
        name=address.name,
        addresses=(ContactAddress(address=address.address, primary=True, undeliverable=dead),),
        language=language,
        organization=view.people.organization_of(address.domain),
    )
