"""Who is written to because of a mail that makes no ticket: rejected, or passed on.  Pure.

Promises: what `resolve` promises.  No machine is told that its mail is not taken; no mail goes back to whoever
wrote it, to us, or to anybody else once more and more.
"""

from dataclasses import dataclass, field

from domain.letter import LetterKind, Reason, Recipient, Told, Withheld
from domain.people import Address, ContactFacts, address_key
from domain.settings import Settings
from notifier.gate import gate


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnedAway:
    """A mail that makes no ticket, in the mailbox that it came to.

    `machine` says why no person may have written it, `quiet` why nobody at all is told ('' otherwise); `contacts`
    are the contacts behind its addresses, by their keys, `dead` those keys that letters came back from.  `recent`
    and `recent_domain` count the automatic letters to the sender, `passed_on` his mails that were passed on, in the
    budget's period.
    """

    sender: Address | None
    mailbox: str
    language: str = ""
    machine: str = ""
    quiet: str = ""
    contacts: dict[str, ContactFacts] = field(default_factory=dict)
    dead: frozenset[str] = frozenset()
    recent: int = 0
    recent_domain: int = 0
    passed_on: int = 0


def rejection(mail: TurnedAway, settings: Settings, *, template: str, because: str) -> Told | Withheld:
    """The letter that tells the sender that his mail is not taken, or why he gets none."""
    kind, sender = LetterKind.REJECTED, mail.sender or Address("")
    contact = mail.contacts.get(sender.key)
    recipient = Recipient(
        role="sender", address=sender.address, name=sender.name, contact=contact.id if contact else None,
        language=(contact.language if contact else "") or mail.language or settings.helpdesk.language,
    )  # fmt: skip
    if mail.quiet:
        return Withheld(recipient=recipient, kind=kind, reason=Reason.QUIET, because=mail.quiet)
    if mail.machine:
        return Withheld(recipient=recipient, kind=kind, reason=Reason.MACHINE, because=mail.machine)
    refusal = gate(
        recipient, kind, mailbox=mail.mailbox, contact=contact, settings=settings,
        undeliverable=sender.key in mail.dead, recent=mail.recent, recent_domain=mail.recent_domain,
    )  # fmt: skip
    told = Told(recipient=recipient, kind=kind, events=(), because=f"sender, {because}", template=template)
    return refusal or told


def passed_on(
    mail: TurnedAway, addresses: tuple[str, ...], settings: Settings, *, because: str
) -> tuple[Told | Withheld, ...]:
    """The letters that pass a mail on, one for each of ADDRESSES, or why somebody gets none."""
    unique = {address_key(address): address for address in addresses}
    return tuple(_to(mail, address, settings, because=because) for address in unique.values())


def _to(mail: TurnedAway, address: str, settings: Settings, *, because: str) -> Told | Withheld:
    kind, key = LetterKind.FORWARDED, address_key(address)
    agent, contact = settings.agent_of(address), mail.contacts.get(key)
    speaks = settings.agents[agent].language if agent else contact.language if contact else None
    recipient = Recipient(
        role="forward", address=address, agent=agent, contact=contact.id if contact and not agent else None,
        language=speaks or settings.helpdesk.language,
    )  # fmt: skip
    budget = settings.notifications.loop_budget.letters
    if mail.quiet:
        return Withheld(recipient=recipient, kind=kind, reason=Reason.QUIET, because=mail.quiet)
    if mail.sender is not None and mail.sender.key == key:
        return Withheld(recipient=recipient, kind=kind, reason=Reason.ACTOR, because="he wrote the mail himself")
    if mail.passed_on >= budget:
        spent = f"{mail.passed_on} mails of this sender were passed on already (notifications.loop_budget)"
        return Withheld(recipient=recipient, kind=kind, reason=Reason.LOOP_BUDGET, because=spent)
    refusal = gate(
        recipient, kind, mailbox=mail.mailbox, contact=None if agent else contact, settings=settings,
        undeliverable=key in mail.dead,
    )  # fmt: skip
    return refusal or Told(recipient=recipient, kind=kind, events=(), because=because)
