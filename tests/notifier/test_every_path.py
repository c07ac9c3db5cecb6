"""Every path honours an opt-out: each event × each role × each flag, compared with one benign run.

No letter without a reason that permits it, and no withheld letter without its reason; asked of the resolver, and of
the gate again when the letter is sent.
"""

from dataclasses import dataclass, fields, replace
from itertools import product
from typing import Any

import pytest

from domain.event import Actor, EventKind
from domain.letter import ActFacts, LetterKind, Reason, Recipient, Told, Withheld
from domain.people import ContactFacts, OrganizationFacts
from domain.settings import Settings
from domain.ticket import Mute, TicketFacts
from notifier.gate import gate
from notifier.resolve import resolve
from tests.notifier.people import ADA, BIGCORP, JAEGER, NOON, event, settings, ticket, watched_by

ROLES = ("requester", "watcher", "cc", "organization")
# Opened by staff, and by a mail: what the customer himself did he is told of in other ways.
ACTORS = {"staff": ADA, "himself": Actor("contact", "1", "Jäger"), "somebody else": Actor("contact", "99")}
EVERYTHING = {
    "on_reassignment": True,
    "on_customer_mail": True,
    "on_field_change": True,
    "watchers_on_field_change": True,
}


@dataclass(frozen=True, slots=True)
class Flags:
    """What may be so of a customer, or of the act."""

    opted_out: bool = False
    organization_out: bool = False
    muted: bool = False
    mails_off: bool = False
    portal_user: bool = False
    undeliverable: bool = False
    mandatory: bool = False
    machine: bool = False


ALL_FLAGS = [Flags(*values) for values in product((False, True), repeat=len(fields(Flags)))]


@dataclass(frozen=True, slots=True)
class Person:
    """The customer whom a case is about, as his flags make him."""

    contact: ContactFacts
    company: OrganizationFacts
    mutes: tuple[Mute, ...]

    @classmethod
    def of(cls, flags: Flags) -> "Person":
        first = replace(JAEGER.addresses[0], undeliverable=flags.undeliverable)
        company = replace(BIGCORP, email_opt_out=flags.organization_out, undeliverable=flags.undeliverable)
        contact = replace(
            JAEGER, addresses=(first,), email_opt_out=flags.opted_out, opted_out_at=NOON, opted_out_how="by mail",
            portal_user=flags.portal_user, organization=company,
        )  # fmt: skip
        return cls(contact, company, (Mute(contact=JAEGER.id, at=NOON, how="by mail"),) if flags.muted else ())


def on(role: str, person: Person) -> TicketFacts:
    """A ticket that PERSON has this part in."""
    usual: dict[str, Any] = {"requester": None, "organization": None, "mutes": person.mutes, "agent": "bert"}
    match role:
        case "requester":
            usual["requester"] = person.contact
        case "watcher":
            usual["watchers"] = watched_by(person.contact)
        case "organization":
            usual["organization"] = person.company
    return ticket(**usual)


def outcome(kind: EventKind, role: str, actor: Actor, flags: Flags, configured: Settings) -> Told | Withheld | None:
    """What the person with these flags hears of the event."""
    person = Person.of(flags)
    field = "agent" if kind is EventKind.ASSIGNED else "into" if kind is EventKind.MERGED else ""
    copies = (Recipient(role="cc", address=person.contact.addresses[0].address),) if role == "cc" else ()
    act = ActFacts(
        ticket=on(role, person), events=(event(kind, actor, field=field, after="solved"),), actor=actor,
        mandatory=flags.mandatory, machine=flags.machine, taken_over=True, cc=copies, contacts=(person.contact,),
    )  # fmt: skip
    wanted = person.company.address if role == "organization" else person.contact.addresses[0].address
    found = [one for one in resolve(act, configured) if one.recipient.address == wanted]
    assert len(found) <= 1
    return found[0] if found else None


def refusals(role: str, actor: Actor, flags: Flags) -> set[Reason]:
    """The reasons that there are for not writing, said without looking at how the resolver finds them."""
    is_firm = role == "organization"
    out = flags.organization_out if is_firm else flags.opted_out or flags.muted
    portal = flags.portal_user and not is_firm
    return {
        *({Reason.UNDELIVERABLE} if flags.undeliverable else ()),
        *({Reason.OPTED_OUT} if out and not flags.mandatory else ()),
        *({Reason.NOT_A_PORTAL_USER} if flags.mails_off and not portal and not flags.mandatory else ()),
        *({Reason.MACHINE} if flags.machine and actor.key == "1" and not is_firm else ()),
    }


@pytest.mark.parametrize("kind", EventKind, ids=lambda kind: kind.value)
def test_no_letter_without_permission_and_no_refusal_without_its_reason(kind: EventKind) -> None:
    # What a mailbox says for itself counts as what is said for all.
    configured = {off: settings(support={"ticket_mails": not off}, **EVERYTHING) for off in (False, True)}
    for role, actor in product(ROLES, ACTORS.values()):
        benign = outcome(kind, role, actor, Flags(), configured[False])
        for flags in ALL_FLAGS:
            one = outcome(kind, role, actor, flags, configured[flags.mails_off])
            reasons, case = refusals(role, actor, flags), (role, actor, flags)
            if benign is None:
                assert one is None, case
            elif isinstance(benign, Told) and not reasons:
                assert isinstance(one, Told), case
                assert (one.kind, bool(one.because)) == (benign.kind, True), case
            else:
                assert isinstance(one, Withheld), case
                assert one.reason in reasons or isinstance(benign, Withheld), case
                assert one.because, case


def test_the_table_above_is_not_empty() -> None:
    """Each role hears of something, and an opt-out really is what keeps it from him."""
    plain = settings(**EVERYTHING)
    for role in ROLES:
        assert isinstance(outcome(EventKind.COMMENT, role, ADA, Flags(), plain), Told)
        out = outcome(EventKind.COMMENT, role, ADA, Flags(opted_out=True, organization_out=True), plain)
        assert isinstance(out, Withheld)
        assert out.reason is Reason.OPTED_OUT


@pytest.mark.parametrize("kind", [kind for kind in LetterKind if not kind.is_staff], ids=lambda kind: kind.value)
def test_the_gate_says_the_same_of_each_kind_when_a_letter_is_sent(kind: LetterKind) -> None:
    """Only the letter that confirms an opt-out goes to somebody who opted out."""
    configured = {off: settings(ticket_mails=not off) for off in (False, True)}
    for role, flags in product(ROLES, ALL_FLAGS):
        person, is_firm = Person.of(flags), role == "organization"
        address = person.company.address if is_firm else person.contact.addresses[0].address
        refusal = gate(
            Recipient(role=role, address=address, contact=None if is_firm else JAEGER.id), kind, mailbox="support",
            contact=None if is_firm else person.contact, organization=person.company if is_firm else None,
            mute=next(iter(person.mutes), None), settings=configured[flags.mails_off], mandatory=flags.mandatory,
        )  # fmt: skip
        reasons = refusals(role, ADA, flags)
        if kind is LetterKind.OPTED_OUT:
            reasons -= {Reason.OPTED_OUT}
        assert (refusal.reason in reasons) if refusal else not reasons, (role, flags)


def test_a_mute_says_when_and_how_and_mandatory_says_what_it_overrides() -> None:
    person = Person.of(Flags(muted=True))
    act = ActFacts(ticket=on("requester", person), events=(event(EventKind.COMMENT),), actor=ADA)
    withheld, told = resolve(act, settings())[0], resolve(replace(act, mandatory=True), settings())[0]
    assert withheld.because == "opted out of letters about this ticket on 2026-11-21 by mail"
    assert told.because == f"requester, comment; mandatory, although {withheld.because}"
