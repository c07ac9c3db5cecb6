"""`helpdesk contacts`: the customers, and what they wish: no letters, a language, the portal."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from commands import screen
from commands.opening import agent, now, opened, opened_with, ticket_number
from commands.phrases import NOBODY, Now, one_of, person
from commands.screen import Cell, Column, say
from desk.config import load
from desk.desk import Desk
from domain.errors import DeskError, NotFound
from domain.event import Actor, Event, EventKind
from domain.people import Address, ContactFacts, domain_key
from domain.ticket import Mute
from notifier.gate import is_own
from store.store import View

COLUMNS = (
    Column(title="Name", flexible=True),
    Column(title="Address", flexible=True),
    Column(title="Organization", flexible=True),
    Column(title="Lang"),
    Column(title="Portal"),
    Column(title="Tags"),
    Column(title="Support"),
    Column(title="Letters", flexible=True),
)
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
UNCHANGED = "nothing changed: it is so already"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What shall be different for a contact; None leaves it as it is.

    With a `ticket` the opt-out is about its letters only.
    """

    opt_out: bool | None = None
    language: str | None = None
    portal: bool | None = None
    name: str | None = None
    tag: tuple[str, ...] = ()
    untag: tuple[str, ...] = ()
    add: bool = False
    ticket: str | None = None
    support_from: str | None = None
    support_until: str | None = None

    @property
    def changes(self) -> bool:
        return (
            self.add
            or bool(self.tag or self.untag)
            or any(one is not None for one in (self.opt_out, self.language, self.portal, self.name))
            or any(one is not None for one in (self.support_from, self.support_until))
        )


def run(path: Path, words: str, wish: Wish, *, who: str | None, limit: int, as_json: bool) -> None:
    """Print the contacts whose name or address contains WORDS, or change the one whose address it is."""
    config = load(path)
    if wish.language:
        from notifier.catalog import letter_languages

        one_of("language of letters", wish.language, letter_languages(config.templates_folder))
    if wish.ticket is not None and wish.opt_out is None:
        raise DeskError("--ticket goes with --opt-out or --opt-in: no letters about that ticket, or letters again")
    with opened_with(config) as desk:
        if wish.changes:
            found: tuple[ContactFacts, ...] = change(desk, words, wish, who=who, as_json=as_json)
        else:
            with desk.store.reading() as view:
                found = view.people.find(words, limit=limit)
        if as_json:
            screen.dump_json(_records(desk, found))
        elif not wish.changes:
            show(desk, found, words, Now.of(now(), desk.settings))


def show(desk: Desk, found: Sequence[ContactFacts], words: str, now: Now, *, width: int | None = None) -> None:
    """Print contacts as a table, and the companies that opted out."""
    with desk.store.reading() as view:
        mutes = {contact.id: view.people.mutes(contact.id) for contact in found}
        firms = view.people.opted_out_organizations(words)
    if found:
        rows = [_row(desk, one, mutes[one.id], now) for one in found]
        dated = any(one.support_start or one.support_end for one in found)
        shown = [place for place, column in enumerate(COLUMNS) if dated or column.title != "Support"]
        screen.print_table(
            [COLUMNS[place] for place in shown], [[row[place] for place in shown] for row in rows], width=width
        )
    elif not firms:
        say(f"No contact has {screen.clean(words)!r} in name or address." if words else "There are no contacts yet.")
    for firm in firms:
        said = _when_and_how(firm.opted_out_at, firm.opted_out_how, now)
        say(f"{firm.name} ({firm.address or 'no address of its own'}) opted out{said}", style="yellow", lines=False)


def _records(desk: Desk, found: Sequence[ContactFacts]) -> list[dict[str, Any]]:
    """Contacts as JSON, with the tickets that they want no letters about."""
    with desk.store.reading() as view:
        return [
            {
                **{name: getattr(one, name) for name in ContactFacts.__dataclass_fields__},
                "mutes": [
                    {"ticket": desk.reference(number), "at": mute.at, "how": mute.how}
                    for number, mute in view.people.mutes(one.id).items()
                ],
            }
            for one in found
        ]


def change(desk: Desk, address: str, wish: Wish, *, who: str | None, as_json: bool) -> tuple[ContactFacts, ...]:
    """Do what is wished for one contact, and say what is different; the contact after it.

    The address may also be a company's own: then it opts out or in, and there is no contact.
    """
    by = agent(desk.settings, who)
    parsed = Address.parse(address)
    with desk.store.act() as view:
        before = view.people.contact_of(parsed.address)
        firm = view.people.organization_at(parsed.address) if before is None and not wish.add else None
        if firm is not None and wish.opt_out is not None:
            if wish.opt_out != firm.email_opt_out:
                view.people.set_organization_opt_out(firm.id, opted_out=wish.opt_out, how=f"by {by}", now=now())
            changed = wish.opt_out != firm.email_opt_out
            if not as_json:
                say(f"{firm.name}  {_got(wish.opt_out) if changed else UNCHANGED}", lines=False)
            return ()
        if before is None and not wish.add:
            raise NotFound(f"nobody has the address {parsed.address}; --add makes a contact of it")
        if before is None and is_own(parsed.address, desk.settings):
            raise DeskError(f"{parsed.address} is one of our own mailboxes, and no contact; nothing was changed")
        contact = before or view.people.add_contact(Address(parsed.address, wish.name or ""), now=now())
        done = [] if before else ["added"]
        done += _carry_out(desk, view, contact, wish, by=by)
        after = view.people.contact(contact.id) or contact
    if not as_json:
        say(f"{person(after)}  {', '.join(done) or UNCHANGED}", lines=False)
    return (after,)


def organize(path: Path, name: str, domains: Sequence[str], *, agent: str | None, as_json: bool) -> None:
    """Make an organization that owns mail domains; who writes from there belongs to it.  AGENT looks after it."""
    if name.strip() and agent is not None and not domains:
        _entrust(path, name.strip(), agent, as_json=as_json)
        return
    if not name.strip() or not domains:
        raise DeskError("an organization needs a name and a domain: --organization 'BigCorp' --domain bigcorp.example")
    with opened(path) as desk:
        owned = tuple(dict.fromkeys(_domain(domain) for domain in domains))
        with desk.store.act() as view:
            if view.people.organization_named(name.strip()):
                raise DeskError(f"there is an organization {name.strip()!r} already; nothing was changed")
            for domain in owned:
                owner = view.people.organization_of(domain)
                if owner is not None:
                    raise DeskError(f"{domain} belongs to {owner.name} already; nothing was changed")
            made = view.people.add_organization(name.strip(), domains=owned, now=now())
            if agent:
                view.people.look_after(made.id, one_of("agent", agent, desk.settings.agents))
                made = view.people.organization(made.id) or made
        if as_json:
            screen.dump_json(made)
        else:
            say(f"{made.name}  added, with everybody at {', '.join(made.domains)}", lines=False)


def _domain(text: str) -> str:
    """The mail domain in TEXT as an A-label (RFC 1123, section 2.1; RFC 5890).  Raises DeskError."""
    domain = domain_key(text)
    if len(domain) > 253 or not all(_LABEL.fullmatch(label) for label in domain.split(".")):
        raise DeskError(f"{text!r} is not a mail domain: write what stands behind the @, such as bigcorp.example")
    return domain


def _entrust(path: Path, name: str, agent: str, *, as_json: bool) -> None:
    """Give an organization that is there to an agent, or to nobody."""
    with opened(path) as desk:
        with desk.store.act() as view:
            known = view.people.organization_named(name)
            if known is None:
                raise NotFound(f"there is no organization {name!r}; --domain makes one")
            view.people.look_after(known.id, one_of("agent", agent, desk.settings.agents) if agent else "")
            after = view.people.organization(known.id)
        if as_json:
            screen.dump_json(after)
        else:
            say(f"{name}  {f'{agent} looks after it' if agent else 'nobody looks after it'}", lines=False)


def _carry_out(desk: Desk, view: View, contact: ContactFacts, wish: Wish, *, by: str) -> list[str]:
    """Write what is different; in words."""
    done: list[str] = []
    if wish.opt_out is not None and wish.ticket is not None:
        done += _about_one(desk, view, contact, wish.ticket, out=wish.opt_out, by=by)
    elif wish.opt_out is not None and (wish.opt_out != contact.email_opt_out or _is_muted(view, contact, wish)):
        view.people.set_opt_out(contact.id, opted_out=wish.opt_out, how=f"by {by}", now=now())
        if not wish.opt_out:
            view.people.unmute(contact.id)
        done.append(_got(wish.opt_out))
    wanted: dict[str, Any] = {"language": wish.language, "portal_user": wish.portal, "name": wish.name}
    news = {field: value for field, value in wanted.items() if value is not None and value != getattr(contact, field)}
    if news:
        view.people.change_contact(contact.id, **news)
        done += [_words(field, value) for field, value in news.items()]
    done += _supported(view, contact, wish)
    tags = tuple(sorted(({*contact.tags, *_clean(wish.tag)}) - {*_clean(wish.untag)}))
    if tags != contact.tags:
        view.people.change_contact(contact.id, tags=list(tags))
        done.append(f"tags are {', '.join(tags) or NOBODY}")
    return done


def _supported(view: View, contact: ContactFacts, wish: Wish) -> list[str]:
    """Write from when until when a contact has support; in words."""
    wanted = {"support_start": wish.support_from, "support_end": wish.support_until}
    days: dict[str, Any] = {field: _day(text) for field, text in wanted.items() if text is not None}
    news = {field: day for field, day in days.items() if day != getattr(contact, field)}
    if not news:
        return []
    after = replace(contact, **news)
    if after.support_start and after.support_end and after.support_end < after.support_start:
        raise DeskError(f"support would end before it begins: {_support(after)}; nothing was changed")
    view.people.change_contact(contact.id, **news)
    return [f"support is {_support(after) or 'without dates'}"]


def _day(text: str) -> date | None:
    """The day in TEXT, None for ''.  Raises DeskError."""
    try:
        return date.fromisoformat(text) if text.strip() else None
    except ValueError:
        raise DeskError(f"{text!r} is not a date: write year-month-day, such as 2026-12-31, or '' for none") from None


def _is_muted(view: View, contact: ContactFacts, wish: Wish) -> bool:
    """To want letters again takes back also what was said of single tickets."""
    return not wish.opt_out and bool(view.people.mutes(contact.id))


def _about_one(desk: Desk, view: View, contact: ContactFacts, ticket: str, *, out: bool, by: str) -> list[str]:
    """Write that a contact wants no letters about one ticket, or wants them again; in words."""
    number = ticket_number(ticket, desk.settings)
    if (view.tickets.facts(number).mute_of(contact.id) is not None) == out:
        return []
    if out:
        view.people.mute(number, Mute(contact=contact.id, at=now(), how=f"by {by}"))
    else:
        view.people.unmute(contact.id, ticket=number)
    actor = Actor("agent", by, desk.settings.agents[by].name)
    kind = EventKind.OPTED_OUT if out else EventKind.OPTED_IN
    event = Event(kind=kind, actor=actor, field="ticket", after=person(contact))
    view.tickets.record(view.tickets.begin_act("opt_out", actor, now=now()), number, (event,), now=now())
    return [_got(out, f" about {desk.reference(number)}")]


def _got(out: bool, about: str = "") -> str:
    return f"gets no letters{about} any more" if out else f"gets letters{about} again"


def _clean(tags: Sequence[str]) -> tuple[str, ...]:
    return tuple(filter(None, (" ".join(tag.split()) for tag in tags)))


def _words(field: str, value: Any) -> str:
    if field == "portal_user":
        return "is a portal user" if value else "is no portal user"
    return f"{field} is {value or NOBODY}"


def _row(desk: Desk, contact: ContactFacts, mutes: Mapping[int, Mute], now: Now) -> tuple[str | Cell, ...]:
    return (
        contact.name or NOBODY,
        ", ".join(_address(one.address, dead=one.undeliverable) for one in contact.addresses),
        contact.organization.name if contact.organization else "",
        contact.language,
        "yes" if contact.portal_user else "",
        ", ".join(contact.tags),
        _support(contact),
        _letters(desk, contact, mutes, now),
    )


def _support(contact: ContactFacts) -> str:
    """From when until when a contact has support, as far as somebody said so."""
    begin = f"from {contact.support_start}" if contact.support_start else ""
    return f"{begin} until {contact.support_end}".strip() if contact.support_end else begin


def _address(address: str, *, dead: bool) -> str:
    return f"{address} (comes back)" if dead else address


def _letters(desk: Desk, contact: ContactFacts, mutes: Mapping[int, Mute], now: Now) -> str | Cell:
    if contact.email_opt_out:
        return Cell(f"opted out{_when_and_how(contact.opted_out_at, contact.opted_out_how, now)}", "yellow")
    if not mutes:
        return "yes"
    kept = (f"{desk.reference(number)}{_when_and_how(one.at, one.how, now)}" for number, one in mutes.items())
    return Cell(f"yes, but not about {', '.join(kept)}", "yellow")


def _when_and_how(at: datetime | None, how: str, now: Now) -> str:
    return f"{f' {now.briefly(at)}' if at else ''}{f' {how}' if how else ''}"
