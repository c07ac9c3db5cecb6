"""What several settings must agree on, and what is allowed but odd.

The checks look at the plain values of the YAML text, so that a mistake in one corner does not hide
those in another; what has the wrong form is passed over here, `Settings` complains of it.
"""

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pydantic import TypeAdapter, ValidationError

import rules
from desk.complaints import Remark, suggestion
from desk.yaml_nodes import Path
from domain.letter import LetterKind
from domain.people import address_key
from domain.quantity import shown
from domain.rule import RuleSpec
from domain.settings import Tickets

_RULE = TypeAdapter(RuleSpec)


def remarks(raw: object) -> Iterator[Remark]:
    """All that is wrong or odd between the settings in RAW."""
    for check in (
        _database,
        _groups,
        _mailboxes,
        _unheard,
        _addresses,
        _folders,
        _transport,
        _habits,
        _rules,
        _thread_keys,
        _one_click,
    ):
        yield from check(raw)


def _at(raw: object, *path: str) -> Any:
    """The value at PATH, None where there is none."""
    for step in path:
        raw = raw.get(step) if isinstance(raw, Mapping) else None
    return raw


def _named(raw: object, section: str) -> dict[str, Any]:
    found = _at(raw, section)
    return dict(found) if isinstance(found, Mapping) else {}


def _list(value: object) -> list[Any]:
    return list(value) if isinstance(value, list) else []


def _database(raw: object) -> Iterator[Remark]:
    url = _at(raw, "database")
    if not isinstance(url, str):
        return
    text = _database_problem(url)
    if text:
        yield Remark(path=("database",), text=text)


def _database_problem(url: str) -> str:
    """Why URL cannot be the database, '' if it can.  The URL is not repeated: it may hold a password."""
    scheme, colon, rest = url.partition("://")
    if scheme == "sqlite" and colon:
        if not rest.startswith("/") or rest.strip("/") in ("", ":memory:"):
            return "sqlite needs a file: sqlite:///helpdesk.db, or with four slashes sqlite:////var/lib/helpdesk.db"
        return ""
    if scheme != "postgresql" or not colon:
        return "write sqlite:///FILE or postgresql://USER@HOST/NAME"
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return "is not a URL: write postgresql://USER@HOST/NAME"
    if parts.password is not None or any(key == "password" for key, _ in parse_qsl(parts.query)):
        return "holds a password; take it out and write database_password: env:NAME or file:PATH"
    return "" if parts.path.strip("/") else "lacks the name of the database: postgresql://USER@HOST/NAME"


def _groups(raw: object) -> Iterator[Remark]:
    agents = list(_named(raw, "agents"))
    for name, members in _named(raw, "groups").items():
        if members == []:
            text = "has no members: letters to this group reach nobody"
            yield Remark(path=("groups", name), text=text, at="key", severity="warning")
        for index, member in enumerate(_list(members)):
            if str(member) not in agents:
                yield Remark(path=("groups", name, index), text=_not_among(member, agents, "agents"))
            elif member in members[:index]:
                yield Remark(path=("groups", name, index), text=f"{shown(member)} stands here twice")


def _mailboxes(raw: object) -> Iterator[Remark]:
    groups = list(_named(raw, "groups"))
    for name, mailbox in _named(raw, "mailboxes").items():
        group = _at(mailbox, "group")
        if groups and isinstance(group, str) and group not in groups:
            yield Remark(path=("mailboxes", name, "group"), text=_not_among(group, groups, "groups"))
    yield from _bounces(raw)


def _bounces(raw: object) -> Iterator[Remark]:
    boxes = _named(raw, "mailboxes")
    own = {address_key(address) for box in boxes.values() if isinstance(address := _at(box, "address"), str)}
    for name, box in boxes.items():
        bounces = _at(box, "bounces")
        if isinstance(bounces, str) and address_key(bounces) not in own:
            text = f"no mailbox has the address {shown(bounces)}: let its mail come into one, or bounces are never seen"
            yield Remark(path=("mailboxes", name, "bounces"), text=text, severity="warning")


def _unheard(raw: object) -> Iterator[Remark]:
    """A new ticket that nobody is told of waits until somebody happens to look."""
    agents = _named(raw, "agents")
    for name, box in _named(raw, "mailboxes").items():
        members = [key for one in _list(_at(raw, "groups", str(_at(box, "group")))) if (key := str(one)) in agents]
        told = (
            _is_new_in(raw, agent, name, line)
            for agent in agents
            for line in ("groups", "all")
            if line == "all" or agent in members
        )
        if members and not any(told):
            text = "nobody is told of new tickets: the letters of all agents leave out new"
            yield Remark(path=("mailboxes", name), text=text, at="key", severity="warning")


def _is_new_in(raw: object, agent: str, mailbox: str, line: str) -> bool:
    """AGENT's letters about tickets of MAILBOX that LINE is about hold those on new ones."""
    paths = (
        ("agents", agent, "letters", line),
        ("mailboxes", mailbox, "notifications", "staff", line),
        ("notifications", "staff", line),
    )
    said = next((value for path in paths if (value := _at(raw, *path)) is not None), None)
    if said is None:
        return line == "groups"
    return said in ("everything", "new") or "new" in _list(said)


def _one_click(raw: object) -> Iterator[Remark]:
    """A link in letters is believed only with https and a signature (RFC 8058)."""
    wanted = _at(raw, "unsubscribe")
    if not isinstance(wanted, Mapping):
        return
    url = wanted.get("public_url")
    if isinstance(url, str) and url.startswith("http://"):
        text = "is not https: letters offer no link, only the mail address that opts out"
        yield Remark(path=("unsubscribe", "public_url"), text=text, severity="warning")
    if not _at(raw, "smtp", "dkim") and wanted.get("signed_by_relay") is not True:
        text = "letters are not signed here (smtp.dkim): they offer no link, only the mail address that opts out; "
        text += "where the relay signs List-Unsubscribe and List-Unsubscribe-Post, say signed_by_relay: true"
        yield Remark(path=("unsubscribe",), text=text, at="key", severity="warning")


def _not_among(word: object, known: list[str], what: str) -> str:
    listed = ", ".join(known) or "none"
    near = suggestion(str(word), known)
    return f"{shown(word)} is not among the {what}: {listed}{near if 'did you mean' in near else ''}"


def _addresses(raw: object) -> Iterator[Remark]:
    """No two of our mailboxes and agents may have one address: a mail from it could be anybody's."""
    owners: dict[str, str] = {}
    for section, what in (("mailboxes", "mailbox"), ("agents", "agent")):
        for name, owner in _named(raw, section).items():
            address = _at(owner, "address")
            if not isinstance(address, str) or "@" not in address:
                continue
            first = owners.setdefault(address_key(address), f"{what} {name!r}")
            if first != f"{what} {name!r}":
                text = f"{shown(address)} is the address of {first} already; each needs its own"
                yield Remark(path=(section, name, "address"), text=text)


def _folders(raw: object) -> Iterator[Remark]:
    """A folder may be scanned once, and no mail may be moved to where it is scanned again."""
    scanned: dict[tuple[str, ...], str] = {}
    for name, mailbox in _named(raw, "mailboxes").items():
        path: Path = ("mailboxes", name)
        folders = _list(_at(mailbox, "folders")) if "folders" in (mailbox or {}) else ["INBOX"]
        account = tuple(str(_at(mailbox, "imap", key)).casefold() for key in ("host", "port", "user"))
        for index, folder in enumerate(folders):
            first = scanned.setdefault((*account, _folder_key(folder)), name)
            own = [_folder_key(other) for other in folders[:index]]
            if _folder_key(folder) in own:
                yield Remark(path=(*path, "folders", index), text=f"{shown(folder)} stands here twice")
            elif first != name and isinstance(_at(mailbox, "imap"), Mapping):
                text = f"folder {shown(folder)} of the same account is scanned by mailbox {first!r} already"
                yield Remark(path=(*path, "folders", index), text=text)
        target = _at(mailbox, "after", "move")
        if target is not None and _folder_key(target) in map(_folder_key, folders):
            yield Remark(path=(*path, "after"), text=f"moves to {shown(target)}, which is scanned itself")


def _folder_key(folder: object) -> str:
    """INBOX is the one name that IMAP compares without case (RFC 9051, section 5.1)."""
    text = str(folder)
    return "INBOX" if text.upper() == "INBOX" else text


def _transport(raw: object) -> Iterator[Remark]:
    """Connections that others can read or take over; on this machine alone they do no harm."""
    servers: list[Path] = [("mailboxes", name, "imap") for name in _named(raw, "mailboxes")]
    for path in (*servers, ("smtp",)):
        server = _at(raw, *map(str, path))
        if not isinstance(server, Mapping) or _is_loopback(str(server.get("host", ""))):
            continue
        if server.get("tls") == "none":
            text = "mail and password cross the network readable by everybody in between"
            yield Remark(path=(*path, "tls"), text=text, severity="warning")
        elif server.get("verify") is False:
            text = "anybody in between can pose as the server; give its authority as ca_file instead"
            yield Remark(path=(*path, "verify"), text=text, severity="warning")


def _is_loopback(host: str) -> bool:
    if host.casefold() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _habits(raw: object) -> Iterator[Remark]:
    for name, mailbox in _named(raw, "mailboxes").items():
        path: Path = ("mailboxes", name)
        if _at(mailbox, "after") == "delete":
            text = "mail is deleted on the server: the database holds the only copy, back it up"
            yield Remark(path=(*path, "after"), text=text, severity="warning")
        if _at(mailbox, "start") == "all" and _at(mailbox, "quiet_before") is None:
            text = "every mail that is there already is answered; quiet_before: a date keeps silent about older ones"
            yield Remark(path=(*path, "start"), text=text, severity="warning")


def _rules(raw: object) -> Iterator[Remark]:
    """What the rules room says of the rules that have the right form, and whom or what they name."""
    specs = tuple(_spec(index, rule) for index, rule in enumerate(_list(_at(raw, "rules"))))
    known = _names(raw)
    yield from (rule_remark(problem, specs) for problem in rules.problems(specs))
    for reference in rules.references(specs):
        if reference.kind == "business_hours":
            if _at(raw, "business_hours") is None:
                text = "asks for business_hours, which are not in config.yaml: without them it is always business"
                yield Remark(path=("rules", *reference.path), text=text, severity="warning")
        elif reference.kind == "template" and _at(raw, "notifications", "templates") is not None:
            # The house's own templates may have any name; `helpdesk check` writes each of them once.
            continue
        elif reference.name not in known[reference.kind]:
            text = _not_among(reference.name, known[reference.kind], _PLURAL[reference.kind])
            yield Remark(path=("rules", *reference.path), text=text)


def _thread_keys(raw: object) -> Iterator[Remark]:
    for name, key in _named(raw, "thread_keys").items():
        pattern = _at(key, "subject")
        bad = rules.bad_vendor_id(pattern) if isinstance(pattern, str) else ""
        if bad:
            yield Remark(path=("thread_keys", name, "subject"), text=f"{shown(pattern)}: {bad}")


def rule_remark(problem: rules.RuleProblem, specs: Sequence[RuleSpec]) -> Remark:
    """PROBLEM without the name of its rule, which stands in the path already."""
    index = int(problem.path[0])
    text = problem.text.removeprefix(f"rules[{index}] {specs[index].name!r}").removeprefix(":").lstrip()
    return Remark(path=("rules", *problem.path), text=text, severity=problem.severity)


_PLURAL = {
    "agent": "agents",
    "group": "groups",
    "status": "statuses",
    "priority": "priorities",
    "category": "categories",
    "mailbox": "mailboxes",
    "field": "fields",
    "template": "templates",
}


def _spec(index: int, rule: object) -> RuleSpec:
    """RULE, or in the place of one that cannot be read one that is beyond reproach, so that all keep their numbers."""
    try:
        return _RULE.validate_python(rule)
    except ValidationError:
        return _RULE.validate_python({"name": f"(unreadable {index})", "when": {"is": "list"}, "then": [{"tag": "x"}]})


# Their words make sense for the mail that causes them only.
_NOT_CHOSEN = (LetterKind.FORWARDED, LetterKind.REPORT, LetterKind.OPTED_OUT, LetterKind.OPTED_IN)


def _names(raw: object) -> dict[str, list[str]]:
    """What a rule may name, by kind; the defaults where config.yaml leaves them out."""
    tickets, usual = _at(raw, "tickets"), Tickets()
    statuses = _at(tickets, "statuses")
    return {
        "agent": list(_named(raw, "agents")),
        "group": list(_named(raw, "groups")),
        "status": list(statuses) if isinstance(statuses, Mapping) else list(usual.statuses),
        "priority": [str(one) for one in _list(_at(tickets, "priorities")) or usual.priorities],
        "category": [str(one) for one in _categories(tickets, usual)],
        "mailbox": list(_named(raw, "mailboxes")),
        "field": list(_named(tickets, "fields")),
        "template": [kind.value for kind in LetterKind if not kind.is_staff and kind not in _NOT_CHOSEN],
    }


def _categories(tickets: object, usual: Tickets) -> list[Any]:
    written = _at(tickets, "categories")
    return list(usual.categories) if written is None else _list(written)
