"""`helpdesk contacts`: the customers, and what they wish: no letters, a language, the portal."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commands import screen
from commands.opening import agent, now, opened, opened_with
from commands.phrases import NOBODY, Now, one_of, person
from commands.screen import Cell, Column, say
from desk.config import load
from desk.desk import Desk
from domain.errors import DeskError, NotFound
from domain.people import Address, ContactFacts
from store.store import View

COLUMNS = (
    Column(title="Name", flexible=True),
    Column(title="Address", flexible=True),
    Column(title="Organization", flexible=True),
    Column(title="Lang"),
    Column(title="Portal"),
    Column(title="Tags"),
    Column(title="Letters", flexible=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What shall be different for a contact; None leaves it as it is."""

    opt_out: bool | None = None
    language: str | None = None
    portal: bool | None = None
    name: str | None = None
    tag: tuple[str, ...] = ()
    untag: tuple[str, ...] = ()
    add: bool = False

    @property
    def changes(self) -> bool:
        return (
            self.add
            or bool(self.tag or self.untag)
            or any(one is not None for one in (self.opt_out, self.language, self.portal, self.name))
        )


def run(path: Path, words: str, wish: Wish, *, who: str | None, limit: int, as_json: bool) -> None:
    """Print the contacts whose name or address contains WORDS, or change the one whose address it is."""
    config = load(path)
    if wish.language:
        from notifier.catalog import letter_languages

        one_of("language of letters", wish.language, letter_languages(config.templates_folder))
    with opened_with(config) as desk:
        if wish.changes:
            found: tuple[ContactFacts, ...] = (change(desk, words, wish, who=who, as_json=as_json),)
        else:
            with desk.store.reading() as view:
                found = view.people.find(words, limit=limit)
        if as_json:
            screen.dump_json(found)
        elif not wish.changes:
            show(found, words, Now(now()))


def show(found: Sequence[ContactFacts], words: str, now: Now, *, width: int | None = None) -> None:
    """Print contacts as a table."""
    if not found:
        say(f"No contact has {screen.clean(words)!r} in name or address." if words else "There are no contacts yet.")
        return
    screen.print_table(COLUMNS, [_row(contact, now) for contact in found], width=width)


def change(desk: Desk, address: str, wish: Wish, *, who: str | None, as_json: bool) -> ContactFacts:
    """Do what is wished for one contact, and say what is different; the contact after it."""
    by = agent(desk.settings, who)
    parsed = Address.parse(address)
    with desk.store.act() as view:
        before = view.people.contact_of(parsed.address)
        if before is None and not wish.add:
            raise NotFound(f"nobody has the address {parsed.address}; --add makes a contact of it")
        contact = before or view.people.add_contact(Address(parsed.address, wish.name or ""), now=now())
        done = [] if before else ["added"]
        done += _carry_out(view, contact, wish, by=by)
        after = view.people.contact(contact.id) or contact
    if not as_json:
        say(f"{person(after)}  {', '.join(done) or 'nothing changed: it is so already'}", lines=False)
    return after


def organize(path: Path, name: str, domains: Sequence[str], *, agent: str | None, as_json: bool) -> None:
    """Make an organization that owns mail domains; who writes from there belongs to it.  AGENT looks after it."""
    if name.strip() and agent is not None and not domains:
        _entrust(path, name.strip(), agent, as_json=as_json)
        return
    if not name.strip() or not domains:
        raise DeskError("an organization needs a name and a domain: --organization 'BigCorp' --domain bigcorp.example")
    with opened(path) as desk:
        owned = tuple(Address.parse(f"somebody@{domain}").domain for domain in domains)
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


def _carry_out(view: View, contact: ContactFacts, wish: Wish, *, by: str) -> list[str]:
    """Write what is different; in words."""
    done: list[str] = []
    if wish.opt_out is not None and wish.opt_out != contact.email_opt_out:
        view.people.set_opt_out(contact.id, opted_out=wish.opt_out, how=f"by {by}", now=now())
        done.append("gets no letters any more" if wish.opt_out else "gets letters again")
    wanted: dict[str, Any] = {"language": wish.language, "portal_user": wish.portal, "name": wish.name}
    news = {field: value for field, value in wanted.items() if value is not None and value != getattr(contact, field)}
    if news:
        view.people.change_contact(contact.id, **news)
        done += [_words(field, value) for field, value in news.items()]
    tags = tuple(sorted(({*contact.tags, *_clean(wish.tag)}) - {*_clean(wish.untag)}))
    if tags != contact.tags:
        view.people.change_contact(contact.id, tags=list(tags))
        done.append(f"tags are {', '.join(tags) or NOBODY}")
    return done


def _clean(tags: Sequence[str]) -> tuple[str, ...]:
    return tuple(filter(None, (" ".join(tag.split()) for tag in tags)))


def _words(field: str, value: Any) -> str:
    if field == "portal_user":
        return "is a portal user" if value else "is no portal user"
    return f"{field} is {value or NOBODY}"


def _row(contact: ContactFacts, now: Now) -> tuple[str | Cell, ...]:
    return (
        contact.name or NOBODY,
        ", ".join(_address(one.address, dead=one.undeliverable) for one in contact.addresses),
        contact.organization.name if contact.organization else "",
        contact.language,
        "yes" if contact.portal_user else "",
        ", ".join(contact.tags),
        _letters(contact, now),
    )


def _address(address: str, *, dead: bool) -> str:
    return f"{address} (comes back)" if dead else address


def _letters(contact: ContactFacts, now: Now) -> str | Cell:
    if not contact.email_opt_out:
        return "yes"
    when = f" {now.briefly(contact.opted_out_at)}" if contact.opted_out_at else ""
    how = f" {contact.opted_out_how}" if contact.opted_out_how else ""
    return Cell(f"opted out{when}{how}", "yellow")
