"""Whether one letter may go to one person now.  Pure, and the only place that knows what forbids it.

Promises: never our own addresses; never an address that mail cannot go to, or that mail came back from; nobody who
opted out, unless the letter is mandatory; no automatic letter beyond the loop budget.

It is asked when an act is resolved, and again when a letter is claimed for sending.
"""

from datetime import datetime

from domain.letter import LetterKind, Reason, Recipient, Withheld
from domain.people import ContactFacts, OrganizationFacts, address_key
from domain.settings import Settings
from domain.ticket import Mute

K = LetterKind


def gate(
    recipient: Recipient,
    kind: LetterKind,
    *,
    mailbox: str,
    contact: ContactFacts | None = None,
    organization: OrganizationFacts | None = None,
    mute: Mute | None = None,
    settings: Settings,
    mandatory: bool = False,
    undeliverable: bool = False,
    recent: int = 0,
    recent_domain: int = 0,
    recent_here: int = 0,
    recent_answers: int = 0,
    by_rule: bool = False,
) -> Withheld | None:
    """Why RECIPIENT must not get this letter now; None if he may.

    `mailbox` is the one that the letter goes out from, the ticket's: its own notifications count.
    `contact` and `organization` are the fresh facts behind the recipient, `mute` is the contact's wish to
    get no letters about the ticket.  `mandatory` lifts opt-outs and `ticket_mails`, nothing else; the letter
    that confirms an opt-out is no breach of it.  `undeliverable`: letters to an address that is no
    contact's came back.  `recent` is what the address got of the loop budget, `recent_domain` what
    all of its domain got, `recent_here` what all got about the ticket, `recent_answers` what the address
    got about it; 0 when a queued letter is asked about again, for it was counted when it was queued.
    `by_rule`: no person wrote it, whatever its kind.
    """

    refusal = _unreachable(recipient, settings)
    if refusal is None and not recipient.is_staff:
        refusal = _customer_refusal(recipient, contact, organization)
        if refusal is None and undeliverable:
            refusal = Reason.UNDELIVERABLE, f"mail to {recipient.address} came back"
        if refusal is None and not mandatory:
            refusal = unwanted(contact, organization, mute, settings, mailbox=mailbox, kind=kind)
        if refusal is None and (kind.is_budgeted or by_rule):
            answers = recent_answers if kind is K.ACKNOWLEDGEMENT else 0
            refusal = _spent(recipient, (recent, recent_domain, recent_here, answers), settings)
    if refusal is None:
        return None
    reason, because = refusal
    return Withheld(recipient=recipient, kind=kind, reason=reason, because=because)


def _unreachable(recipient: Recipient, settings: Settings) -> tuple[Reason, str] | None:
    """Why nothing at all can be written to RECIPIENT: his address is none, ours, or no longer that of the agent."""
    if not recipient.address:
        return Reason.NO_ADDRESS, _no_address(recipient)
    if is_own(recipient.address, settings):
        return Reason.OWN_ADDRESS, "one of our own mailboxes"
    if not is_writable(recipient.address):
        return Reason.UNDELIVERABLE, "not an address that mail can go to"
    if not recipient.is_staff:
        return None
    agent = settings.agents.get(recipient.agent)
    if agent is None:
        return Reason.GONE, f"agent {recipient.agent} is no longer in the configuration"
    if address_key(agent.address) != address_key(recipient.address):
        return Reason.GONE, f"{recipient.address} is no longer the address of {recipient.agent}"
    return None


def _spent(recipient: Recipient, counts: tuple[int, int, int, int], settings: Settings) -> tuple[Reason, str] | None:
    """Which part of the loop budget is used up.

    COUNTS are the automatic letters to RECIPIENT, to his domain, about the ticket, and to him about the ticket.
    """
    budget, domain = settings.notifications.loop_budget, address_key(recipient.address).rpartition("@")[2]
    limits = (
        (budget.letters, "automatic letters"),
        (budget.per_domain, f"automatic letters to {domain}"),
        (budget.per_ticket, "automatic letters about this ticket"),
        (budget.acknowledged, "automatic letters about this ticket"),
    )
    found = zip(counts, limits, strict=True)
    spent = next((f"{count} {what}" for count, (most, what) in found if count >= most), "")
    return (Reason.LOOP_BUDGET, f"{spent} already (notifications.loop_budget)") if spent else None


def is_own(address: str, settings: Settings) -> bool:
    """ADDRESS is one of our mailboxes, also with a reply token in it (support+token@...)."""
    local, _, host = address_key(address).rpartition("@")
    own = settings.own_addresses()
    return f"{local}@{host}" in own or f"{local.partition('+')[0]}@{host}" in own


def is_writable(address: str) -> bool:
    """ADDRESS can stand in an envelope (RFC 5321, section 4.1.2; quoted local parts are not used)."""
    local, _, host = address.rpartition("@")
    if not local or not host or "@" in local or len(local) > 64 or len(address) > 254:
        return False
    return all(char.isprintable() and not char.isspace() and char not in '<>()[],;:\\"' for char in address)


def _customer_refusal(
    recipient: Recipient, contact: ContactFacts | None, organization: OrganizationFacts | None
) -> tuple[Reason, str] | None:
    """What not even a mandatory letter can overcome."""
    if recipient.contact is not None and contact is None:
        return Reason.GONE, "the contact no longer exists"
    if recipient.role == "organization" and organization is None:
        return Reason.GONE, "the organization no longer exists"
    key = address_key(recipient.address)
    if recipient.role == "organization" and organization is not None and address_key(organization.address) != key:
        return Reason.GONE, f"{recipient.address} is no longer the organization's address"
    if recipient.role == "organization" and organization is not None and organization.undeliverable:
        return Reason.UNDELIVERABLE, f"mail to {recipient.address} came back"
    if contact is None:
        return None
    known = next((address for address in contact.addresses if address.key == key), None)
    if known is None:
        return Reason.GONE, f"{recipient.address} no longer belongs to the contact"
    if known.undeliverable:
        return Reason.UNDELIVERABLE, f"mail to {recipient.address} came back"
    return None


def unwanted(
    contact: ContactFacts | None,
    organization: OrganizationFacts | None,
    mute: Mute | None,
    settings: Settings,
    *,
    mailbox: str,
    kind: LetterKind,
) -> tuple[Reason, str] | None:
    """The wish that a mandatory letter overrides: an opt-out, or no mail to people outside the portal."""
    # The letter that confirms an opt-out is part of it.
    out = _opted_out(contact, organization, mute) if kind is not K.OPTED_OUT else ""
    if out:
        return Reason.OPTED_OUT, out
    if settings.notifications_of(mailbox).ticket_mails or (contact is not None and contact.portal_user):
        return None
    return Reason.NOT_A_PORTAL_USER, f"not a portal user, and {settings.switch_of(mailbox, 'ticket_mails')} is off"


def _opted_out(contact: ContactFacts | None, organization: OrganizationFacts | None, mute: Mute | None) -> str:
    """Which opt-out holds, when and how it was said; '' if none does."""
    if contact is not None and contact.email_opt_out:
        return f"opted out{_when_and_how(contact.opted_out_at, contact.opted_out_how)}"
    if contact is not None and mute is not None:
        return f"opted out of letters about this ticket{_when_and_how(mute.at, mute.how)}"
    if contact is None and organization is not None and organization.email_opt_out:
        said = _when_and_how(organization.opted_out_at, organization.opted_out_how)
        return f"organization {organization.name} opted out{said}"
    return ""


def _when_and_how(at: datetime | None, how: str) -> str:
    when = f" on {at.date().isoformat()}" if at else ""
    return f"{when} by {how.removeprefix('by ')}" if how else when


def _no_address(recipient: Recipient) -> str:
    if recipient.is_staff or recipient.contact is not None:
        return f"{recipient.name or recipient.agent or 'the contact'} has no mail address"
    return "the ticket has neither a requester nor an organization with an address"
