"""config.yaml as frozen values.

Every field's description is the manual: `docs/config.md` and the JSON Schema are made from it.
Secrets are named here, never held: `env:NAME` or `file:PATH`.  What one field alone can be wrong
about is refused here; what several fields must agree on is `desk/config.py`'s.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, time, timedelta, tzinfo
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    TypeAdapter,
    WithJsonSchema,
    model_validator,
)

from domain.errors import BadAddress
from domain.hours import Hours, parse_days, parse_span
from domain.letter import LetterKind
from domain.people import Address, address_key, domain_key
from domain.quantity import parse_duration, parse_size, shown, written
from domain.rule import RuleSpec
from domain.ticket import Phase

MICROSOFT_365 = "microsoft365"


def _address(value: str) -> str:
    if not value.isprintable():
        raise ValueError("holds a line break or another control character; expected local@domain")
    try:
        return Address.parse(value).address
    except BadAddress as bad:
        raise ValueError(str(bad)) from None


def _line(value: str) -> str:
    if not value.strip():
        raise ValueError("is empty")
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in value):
        raise ValueError("holds a line break or another control character; it must be one line of text")
    return value


def _lines(value: str) -> str:
    kept = value.strip("\n")
    for line in kept.split("\n"):
        if line.strip():
            _line(line)
    return _line(kept) if "\n" not in kept else kept


def _language(value: str) -> str:
    if re.fullmatch(r"[a-z]{2,3}", value) is None:
        raise ValueError(f"{shown(value)} is not a language: write its code (ISO 639), such as de or en")
    return value


def _color(value: str) -> str:
    if re.fullmatch(r"#[0-9a-fA-F]{6}", value) is None:
        raise ValueError(f"{shown(value)} is not a colour: write it in quotes as '#rrggbb', such as '#1f5fa8'")
    return value.lower()


def _host(value: str) -> str:
    if re.fullmatch(r"[^\s/:@]+|[0-9a-fA-F:]*:[0-9a-fA-F:]*:[0-9a-fA-F:.]*", value) is None or not value.isprintable():
        raise ValueError(f"{shown(value)} is not the name of a host: the port has a key of its own")
    return value


def _whole(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,12}", value):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{shown(value)} is not a whole number")
    return value


def _day(value: object) -> object:
    if isinstance(value, date):
        return value
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", written(value)):
            return date.fromisoformat(written(value))
    except ValueError:
        pass
    raise ValueError(f"{shown(value)} is not a date: write year-month-day, such as 2026-11-01")


def _positive(value: timedelta) -> timedelta:
    if not value:
        raise ValueError("must be longer than nothing")
    return value


def _window(value: timedelta) -> timedelta:
    if value > timedelta(hours=1):
        raise ValueError("is longer than an hour: nobody should wait so long for a letter")
    return value


def _prefix(value: str) -> str:
    if re.fullmatch(r"[A-Z][A-Z0-9]{1,11}", value) is None:
        raise ValueError(f"{shown(value)} is not a tag prefix: 2 to 12 capital letters and digits, a letter first")
    return value


def _key(value: str) -> str:
    if re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,39}", value) is None:
        raise ValueError(f"{shown(value)} is not a key: lower-case letters, digits, - and _, 40 at most")
    return value


def _domain(value: str) -> str:
    """A domain as an A-label, `*.` kept in front where its subdomains are meant."""
    key = domain_key(value.removeprefix("*."))
    if not key or "" in key.split(".") or any(c.isspace() or c in "<>,;:/@*" for c in key):
        raise ValueError(
            f"{shown(value)} is not a domain: expected vendor.example, or *.vendor.example for those below it"
        )
    return f"*.{key}" if value.startswith("*.") else key


def _some(value: tuple[str, ...]) -> tuple[str, ...]:
    # As a bound on the length it would be complained of as well where one item is wrong.
    if not value:
        raise ValueError("is empty: at least one is needed")
    return value


def _start(value: object) -> object:
    if value in ("now", "all"):
        return value
    try:
        return _day(value)
    except ValueError:
        raise ValueError(f"{shown(value)} is not a start: write now, all, or a date such as 2026-11-01") from None


def _after(value: object) -> object:
    if isinstance(value, str) and value in ("flag", "delete", "keep"):
        return {"do": value}
    if isinstance(value, Mapping) and set(value) == {"move"}:
        if isinstance(value["move"], str) and value["move"].strip():
            return {"do": "move", "folder": value["move"]}
        raise ValueError("move needs the name of a folder: {move: Processed}")
    if isinstance(value, After):
        return value
    raise ValueError(f"{shown(value)} is not a way to file mail: write flag, delete, keep, or {{move: Folder}}")


def _server_name(value: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}", value) is None:
        raise ValueError(f"{shown(value)} is not the name of a server: write it as it stands in Authentication-Results")
    return value


def _host_pattern(value: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9.:*_-]{1,255}", value) is None or not any(char.isalnum() for char in value):
        raise ValueError(f"{shown(value)} is not the name of a host: write mx.acme.example or *.acme.example")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{shown(value)} is not a time zone: write one such as Europe/Berlin or UTC") from None
    return value


def _authserv(value: object) -> object:
    if value == MICROSOFT_365:
        return {"id": MICROSOFT_365, "border": ["*.outlook.com", "*.office365.com"]}
    if isinstance(value, (Mapping, Authserv)):
        return value
    raise ValueError(f"{shown(value)} is not whose results count: write {{id: mx.acme.example}} or {MICROSOFT_365}")


STAFF_WORDS = tuple(kind.word for kind in LetterKind if kind.word)
"""The letters to staff that an agent can do without, as config.yaml calls them."""


def _letters(value: object) -> object:
    if value == "everything":
        return STAFF_WORDS
    if value == "nothing":
        return ()
    wanted = tuple(value) if isinstance(value, list | tuple) else (value,)
    for word in wanted:
        if word not in STAFF_WORDS:
            raise ValueError(
                f"there is no letter {shown(word)}: write everything, nothing, or some of {', '.join(STAFF_WORDS)}"
            )
    return tuple(word for word in STAFF_WORDS if word in wanted)


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)?\s*(ms|s|m|min|h|d|w)$"}),
]
Positive = Annotated[Duration, AfterValidator(_positive)]
Window = Annotated[Duration, AfterValidator(_window)]
Size = Annotated[int, BeforeValidator(parse_size), WithJsonSchema({"type": ["string", "integer"]})]
Line = Annotated[str, AfterValidator(_line)]
Host = Annotated[str, AfterValidator(_host)]
ServerName = Annotated[str, AfterValidator(_server_name)]
HostPattern = Annotated[str, AfterValidator(_host_pattern)]
Flag = Annotated[bool, Strict()]
Whole = Annotated[int, BeforeValidator(_whole, json_schema_input_type=int)]
Day = Annotated[date, BeforeValidator(_day, json_schema_input_type=date)]
TagPrefix = Annotated[str, AfterValidator(_prefix)]
Domain = Annotated[str, AfterValidator(_domain)]
AddressText = Annotated[str, AfterValidator(_address)]
Key = Annotated[str, AfterValidator(_key)]
Start = Annotated[
    date | Literal["now", "all"],
    BeforeValidator(_start),
    WithJsonSchema({"type": "string", "examples": ["now", "all"]}),
]
Language = Annotated[str, AfterValidator(_language), WithJsonSchema({"type": "string", "pattern": "^[a-z]{2,3}$"})]
Color = Annotated[str, AfterValidator(_color), WithJsonSchema({"type": "string", "pattern": "^#[0-9a-fA-F]{6}$"})]
Lines = Annotated[str, AfterValidator(_lines)]
Letters = Annotated[
    tuple[str, ...],
    BeforeValidator(_letters),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": ["everything", "nothing", *STAFF_WORDS]},
                {"type": "array", "items": {"enum": list(STAFF_WORDS)}},
            ]
        }
    ),
]
Zone = Annotated[str, AfterValidator(_zone)]
SupportOver = Literal["nothing", "flag", "letter"]
SHIPPED_LANGUAGES = ("de", "en")
"""The languages that letters can be written in without a catalog of one's own."""


def _with_includes(schema: dict[str, Any]) -> None:
    """To an editor `!include FILE` is a text."""
    several = {"type": "array", "items": {"anyOf": [schema.pop("items"), {"type": "string"}]}}
    schema.pop("type")
    schema["anyOf"] = [several, {"type": "string"}]


class _Frozen(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        populate_by_name=True,
        # The YAML reader gives a number only where writing it out gives the same characters again.
        coerce_numbers_to_str=True,
    )


class Secret(_Frozen):
    """Where a secret is: in an environment variable or in a file.  The value is read when it is needed."""

    kind: Literal["env", "file"]
    name: Line

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


def _secret(value: object) -> object:
    if isinstance(value, Secret):
        return value
    kind, _, name = (part.strip() for part in written(value).partition(":"))
    # The value is never repeated: it may be the secret itself.
    if kind == "env":
        if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) is None:
            raise ValueError("env: wants the name of an environment variable, such as env:SUPPORT_PASSWORD")
        return {"kind": kind, "name": name}
    if kind == "file" and name and name.isprintable():
        return {"kind": kind, "name": name}
    raise ValueError("write where the secret is, env:NAME or file:PATH, not the secret itself")


class Rate(_Frozen):
    """So many letters in that time."""

    letters: int
    per: timedelta

    def __str__(self) -> str:
        unit = next(name for name, seconds in _PERIODS.items() if seconds == self.per.total_seconds())
        return f"{self.letters}/{unit}"


_PERIODS = {"s": 1, "min": 60, "h": 3600, "d": 86400}


def _rate(value: object) -> object:
    if isinstance(value, Rate):
        return value
    found = re.fullmatch(r"([0-9]{1,7})\s*/\s*(s|min|h|d)", written(value))
    if found is None or int(found[1]) == 0:
        raise ValueError(f"{shown(value)} is not a rate: write letters/time with s, min, h or d, such as 60/min")
    return {"letters": int(found[1]), "per": timedelta(seconds=_PERIODS[found[2]])}


def _listen(value: str) -> str:
    host, _, port = value.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]") if host.startswith("[") else host
    if not (bare and re.fullmatch(r"[0-9]{1,5}", port) and 0 < int(port) < 65536) or (":" in bare and bare == host):
        raise ValueError(f"{shown(value)} is not where to listen: write host:port, such as 127.0.0.1:8099")
    _host(bare)
    return value


def _public_url(value: str) -> str:
    if re.fullmatch(r"https?://[A-Za-z0-9.-]{1,200}(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]{0,200})?", value) is None:
        raise ValueError(f"{shown(value)} is not a web address: write https://help.acme.example/unsubscribe")
    return value.rstrip("/")


def _selector(value: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63}){0,9}", value) is None:
        raise ValueError(f"{shown(value)} is not a selector: letters, digits, - and dots, as in the DNS")
    return value


def _one_domain(value: str) -> str:
    if value.startswith("*."):
        raise ValueError(f"{shown(value)} is not one domain: expected acme.example")
    return value


RateSpec = Annotated[Rate, BeforeValidator(_rate), WithJsonSchema({"type": "string", "pattern": r"^\d+/(s|min|h|d)$"})]
Selector = Annotated[str, AfterValidator(_selector)]
Listen = Annotated[str, AfterValidator(_listen)]
PublicUrl = Annotated[str, AfterValidator(_public_url), WithJsonSchema({"type": "string", "pattern": "^https?://.+$"})]


class Deliver(_Frozen):
    """Where letters go: to the SMTP server, into a directory, or all of them to one address."""

    kind: Literal["smtp", "file", "to"] = "smtp"
    where: str = ""

    @property
    def is_sandbox(self) -> bool:
        """No letter reaches the person that it is written to."""
        return self.kind != "smtp"

    def __str__(self) -> str:
        return f"{self.kind}:{self.where}" if self.is_sandbox else self.kind


def _deliver(value: object) -> object:
    if isinstance(value, Deliver):
        return value
    kind, _, where = (part.strip() for part in written(value).partition(":"))
    if kind == "smtp" and not where:
        return {"kind": kind}
    if kind == "file" and where and where.isprintable():
        return {"kind": kind, "where": where}
    if kind == "to":
        return {"kind": kind, "where": _address(where)}
    raise ValueError(f"{shown(value)} is no way to deliver: write smtp, file:DIRECTORY, or to:ADDRESS")


DeliverSpec = Annotated[
    Deliver, BeforeValidator(_deliver), WithJsonSchema({"type": "string", "pattern": "^(smtp|file:.+|to:.+@.+)$"})
]
SecretRef = Annotated[
    Secret, BeforeValidator(_secret), WithJsonSchema({"type": "string", "pattern": "^(env|file):.+$"})
]


class Helpdesk(_Frozen):
    name: Line
    """The name that letters are signed with and sent under."""
    language: Language = "en"
    """The language of letters where the contact's own is unknown."""
    timezone: Zone | None = None
    """The time zone of the times in letters, on screens and in due times, such as Europe/Berlin.  Left out: letters
    say UTC, screens go by the machine's own clock.  (Business hours have a time zone of their own.)"""
    tag: TagPrefix
    """The prefix of ticket numbers: ACME gives [ACME-1042].  Choose it once; old letters carry it for ever."""
    keys: Annotated[tuple[SecretRef, ...], Field(min_length=1)]
    """Keys that sign our Message-IDs.  The first signs, all verify: put a new one in front to rotate."""

    @property
    def zone(self) -> tzinfo:
        """The time zone of letters and of what rules say."""
        return ZoneInfo(self.timezone) if self.timezone else UTC

    @property
    def screen_zone(self) -> tzinfo | None:
        """The time zone of screens and of what is typed; None is the machine's own."""
        return ZoneInfo(self.timezone) if self.timezone else None


class Imap(_Frozen):
    host: Host
    """Name of the IMAP server."""
    port: Annotated[Whole, Field(ge=1, le=65535)] | None = None
    """993 with implicit TLS, otherwise 143."""
    tls: Literal["implicit", "starttls", "none"] = "implicit"
    """How the connection is secured."""
    verify: Flag = True
    """Check the server's certificate.  `false` lets anybody in between read the mail and the password."""
    ca_file: Line | None = None
    """A file with the certificate authority of your own server (relative to config.yaml)."""
    user: Line
    """The name to log in with."""
    password: SecretRef
    """env:NAME or file:PATH."""
    timeout: Positive = timedelta(seconds=30)
    """How long to wait for an answer before the connection counts as dead."""
    idle: Flag = True
    """Let the server wake us (RFC 2177); the poll stays as the net."""

    @property
    def actual_port(self) -> int:
        return self.port or (993 if self.tls == "implicit" else 143)


class After(_Frozen):
    """What becomes of a mail on the server once it is in the database."""

    do: Literal["move", "flag", "delete", "keep"]
    folder: str = ""

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.do == "move" and not self.folder:
            raise ValueError("move needs the name of a folder: {move: Processed}")
        return self


AfterSpec = Annotated[
    After,
    BeforeValidator(_after),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": ["flag", "delete", "keep"]},
                {
                    "type": "object",
                    "properties": {"move": {"type": "string"}},
                    "required": ["move"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]


class ClosedTickets(_Frozen):
    reopen_within: Duration = timedelta(days=30)
    """An answer within this time of the closing opens the ticket again; 0s: none does."""
    otherwise: Annotated[Literal["new_linked", "new", "reopen", "append"], Field(alias="else")] = "new_linked"
    """What a later answer becomes: new_linked, a new ticket that is linked with the old one; new, one without a link;
    reopen, the old ticket however old; append, a message on the old ticket, which stays closed while its agent or
    group hears of it.  Machines never reopen: what they write is put on the old ticket quietly."""


class Authserv(_Frozen):
    id: ServerName
    """The name (authserv-id) in front of the Authentication-Results that your own border host writes."""
    border: tuple[HostPattern, ...] = ()
    """Your own servers that write Received fields above the results, the border host among them; `*` stands for
    anything.  Left out: the server `id` alone."""

    @model_validator(mode="before")
    @classmethod
    def _itself(cls, value: object) -> object:
        if isinstance(value, dict) and value.get("id") and not value.get("border"):
            return {**value, "border": [value["id"]]}
        return value

    @property
    def is_microsoft(self) -> bool:
        """The results come without a name in front."""
        return self.id == MICROSOFT_365


AuthservSpec = Annotated[
    Authserv,
    BeforeValidator(_authserv),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": [MICROSOFT_365]},
                {
                    "type": "object",
                    "properties": {
                        "id": {"type": "string"},
                        "border": {"type": "array", "items": {"type": "string"}},
                    },
                    "required": ["id"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]


class Look(_Frozen):
    """How letters look."""

    html: Flag = True
    """Letters have an HTML part beside their text.  `false`: text only."""
    color: Color = "#1f5fa8"
    """The colour of the bar on top and of links, in quotes: '#rrggbb'."""
    logo: Line | None = None
    """A PNG, JPEG or GIF file (relative to config.yaml) for the top of letters.  It travels inside each of them, so
    keep it small; nothing is ever loaded from the network."""
    earlier: Annotated[Whole, Field(ge=0, le=10)] = 2
    """How many earlier messages of the conversation stand below a letter, shortened.  Never internal notes."""


Whose = Literal["mine", "groups", "colleagues", "all"]


class StaffLetters(_Frozen):
    mine: Letters | None = None
    """About tickets that are his.  Left out: everything."""
    groups: Letters | None = None
    """About tickets of his groups that nobody has taken.  Left out: everything."""
    colleagues: Letters | None = None
    """About tickets of his groups that a colleague has.  Left out: nothing."""
    all: Letters | None = None
    """About tickets whosever they are.  Left out: nothing."""


_USUAL_LETTERS: Mapping[Whose, tuple[str, ...]] = {"mine": STAFF_WORDS, "groups": STAFF_WORDS}


class MailboxNotifications(_Frozen):
    ticket_mails: Flag | None = None
    """In place of notifications.ticket_mails."""
    tell_actor: Flag | None = None
    """In place of notifications.tell_actor."""
    acknowledgement: Flag | None = None
    """In place of notifications.acknowledgement."""
    on_reassignment: Flag | None = None
    """In place of notifications.on_reassignment."""
    on_customer_mail: Flag | None = None
    """In place of notifications.on_customer_mail."""
    on_field_change: Flag | None = None
    """In place of notifications.on_field_change."""
    watchers_on_field_change: Flag | None = None
    """In place of notifications.watchers_on_field_change."""
    support_over: SupportOver | None = None
    """In place of notifications.support_over."""
    join_within: Window | None = None
    """In place of notifications.join_within."""
    staff: StaffLetters | None = None
    """In place of those lines of notifications.staff that stand here."""


class Mailbox(_Frozen):
    address: AddressText
    """The address that customers write to and that letters come from."""
    group: Key
    """The group that owns what nobody else is given."""
    language: Language | None = None
    """The language of its letters where the reader's own is unknown; left out: helpdesk.language."""
    look: Look | None = None
    """How its letters look, in place of the whole of notifications.look."""
    notifications: MailboxNotifications | None = None
    """Who is told otherwise of the tickets that came in here: what is left out is as in the notifications for all."""
    imap: Imap | None = None
    """The account to scan.  Left out: mail comes by `helpdesk ingest` only."""
    folders: Annotated[tuple[Line, ...], Field(min_length=1)] = ("INBOX",)
    """The folders that are scanned."""
    poll: Positive = timedelta(seconds=60)
    """How often to look, whatever IDLE says."""
    start: Start
    """What to do with the mail that is there at first contact: now leaves it, all takes it, a date takes what is
    younger.  It must be stated: the wrong one writes letters about years-old mail."""
    after: AfterSpec = After(do="keep")
    """What becomes of a mail once it is in the database: {move: Folder}, flag (\\Seen), delete, or keep."""
    quiet_before: Day | None = None
    """Mail older than this makes tickets but no letters."""
    closed_tickets: ClosedTickets = ClosedTickets()
    """What an answer to a closed ticket does."""
    cc_watches: Flag = False
    """Whoever a customer's mail also went to (To, Cc) watches the ticket and gets its letters.  On a ticket that is
    there already it takes an answer to a letter of ours; a subject alone, which anybody could write, does not do."""
    max_new_per_scan: Annotated[Whole, Field(ge=1)] = 200
    """After the server renumbered its mail (UIDVALIDITY): with more unknown mails than this, stop and say so."""
    plus_addressing: Flag = False
    """Also put the reply token into the reply address, local+token@domain, for relays that rewrite Message-IDs."""
    authserv: AuthservSpec | None = None
    """Whose proof of a sender counts, so that agents can act by mail (docs/by-mail.md): {id: mx.acme.example, border:
    [mx.acme.example]}, or the word microsoft365.  Left out: what agents write stays an internal note."""
    bounces: AddressText | None = None
    """Where bounces go, as local+token@domain, so that each finds its letter (VERP); left out: to `address`, without a
    token.  It must lead into a mailbox that is scanned; the mailbox's own address will do."""

    @property
    def key(self) -> str:
        return address_key(self.address)


class Dkim(_Frozen):
    domain: Annotated[Domain, AfterValidator(_one_domain)]
    """The domain that signs: that of the mailbox's address, or one above it."""
    selector: Selector
    """Under which the public key stands in the DNS: SELECTOR._domainkey.DOMAIN."""
    key: SecretRef
    """The private key (RSA, PEM): file:PATH or env:NAME."""


class Smtp(_Frozen):
    host: Host
    """Name of the SMTP server (submission, RFC 6409)."""
    port: Annotated[Whole, Field(ge=1, le=65535)] | None = None
    """587 with STARTTLS, 465 with implicit TLS, 25 without."""
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    """How the connection is secured."""
    verify: Flag = True
    """Check the server's certificate."""
    ca_file: Line | None = None
    """A file with the certificate authority of your own server (relative to config.yaml)."""
    user: Line | None = None
    """The name to log in with; left out: no login."""
    password: SecretRef | None = None
    """env:NAME or file:PATH."""
    timeout: Positive = timedelta(seconds=30)
    """How long to wait for an answer."""
    rate: RateSpec | None = None
    """How many letters the server gets at most, such as 60/min; left out: as many as it takes."""
    dkim: Dkim | None = None
    """Sign letters ourselves (extra `dkim`).  Usually the relay does it."""
    retry_for: Positive = timedelta(days=3)
    """How long a letter is tried again after temporary failures."""
    alarm_after: Positive = timedelta(hours=4)
    """A letter that waits for longer than this raises an alarm: in the log, by `helpdesk status` and `check --live`."""

    @property
    def actual_port(self) -> int:
        return self.port or {"starttls": 587, "implicit": 465, "none": 25}[self.tls]

    @model_validator(mode="after")
    def _login(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together: give both or neither")
        return self


class Unsubscribe(_Frozen):
    listen: Listen
    """Where the daemon answers, behind your web server: 127.0.0.1:8099."""
    public_url: PublicUrl
    """How the world reaches it: https://help.acme.example/unsubscribe.  Letters offer the link only with https."""
    signed_by_relay: Flag = False
    """The relay signs our letters (DKIM), List-Unsubscribe and List-Unsubscribe-Post among the signed fields.  Without
    this and without smtp.dkim letters offer the mail address only, for nobody would believe the link (RFC 8058)."""

    @property
    def host(self) -> str:
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        return int(self.listen.rpartition(":")[2])


class Agent(_Frozen):
    name: Line
    """How letters and lists call this person."""
    address: AddressText
    """Where letters to this person go."""
    language: Language | None = None
    """The language of those letters; left out: helpdesk.language."""
    html: Flag = True
    """`false`: letters to this person are text only."""
    signature: Lines | None = None
    """What stands below this person's answers to customers, in several lines if wanted; left out: helpdesk.name."""
    letters: StaffLetters | None = None
    """Which letters this person gets; a line that is left out is as for everybody (notifications.staff)."""


class Status(_Frozen):
    phase: Phase
    """What it means to the program: open, pending, solved or closed."""
    label: Mapping[Language, Line] = {}
    """What people see, by language; left out: the key."""
    public: Flag = False
    """Customers are told when a ticket gets this status."""


def default_statuses() -> dict[str, Status]:
    return {
        "open": Status(phase=Phase.OPEN, label={"de": "Offen", "en": "Open"}),
        "waiting": Status(phase=Phase.PENDING, label={"de": "Wartet auf Antwort", "en": "Waiting for answer"}),
        "solved": Status(phase=Phase.SOLVED, label={"de": "Gelöst", "en": "Solved"}, public=True),
        "closed": Status(phase=Phase.CLOSED, label={"de": "Geschlossen", "en": "Closed"}, public=True),
    }


_NUMBER = re.compile(r"[+-]?\d{1,15}(?:[.,]\d{1,6})?")
_GERMAN_DAY = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
MAX_FIELD = 1000


class TicketField(_Frozen):
    type: Literal["text", "number", "date", "choice"] = "text"
    """What it holds: text, a number, a date (2026-11-21 or 21.11.2026), or one of `choices`."""
    label: Mapping[Language, Line] = {}
    """What people see, by language; left out: the key."""
    choices: tuple[Line, ...] = ()
    """What it can be, for `type: choice`."""

    @model_validator(mode="after")
    def _has_choices(self) -> Self:
        if (self.type == "choice") != bool(self.choices):
            raise ValueError("choices and type: choice go together: {type: choice, choices: [red, green]}")
        return self

    def value(self, text: str) -> str:
        """TEXT as it is stored: numbers with a point, dates as year-month-day.  Raises ValueError where it is none."""
        text = " ".join(text.split())[:MAX_FIELD]
        match self.type:
            case "number":
                if _NUMBER.fullmatch(text) is None:
                    raise ValueError(f"{shown(text)} is not a number")
                return text.replace(",", ".")
            case "date":
                german = _GERMAN_DAY.fullmatch(text)
                try:
                    return (
                        date(*(int(german[n]) for n in (3, 2, 1))) if german else date.fromisoformat(text)
                    ).isoformat()
                except ValueError:
                    raise ValueError(f"{shown(text)} is not a date: write 2026-11-21") from None
            case "choice":
                chosen = next((one for one in self.choices if one.casefold() == text.casefold()), None)
                if chosen is None:
                    raise ValueError(f"{shown(text)} is not among {', '.join(self.choices)}")
                return chosen
        return text


class Tickets(_Frozen):
    statuses: Mapping[Key, Status] = Field(default_factory=default_statuses)
    """The statuses, in the order in which people see them; the first of each phase is its default."""
    priorities: Annotated[tuple[Key, ...], Field(min_length=1)] = ("low", "normal", "high", "urgent")
    """From the least to the most urgent."""
    default_priority: Key = "normal"
    """What a ticket has when nobody says otherwise."""
    categories: tuple[Key, ...] = ("question", "incident", "change")
    """What a ticket can be about."""
    fields: Mapping[Key, TicketField] = {}
    """Fields of your own, each under a key of your choice: {machine: {type: text, label: {de: Maschine}}}."""
    colleagues: Flag = False
    """Somebody of the requester's organization may answer in his ticket."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        missing = [phase.value for phase in (Phase.OPEN, Phase.SOLVED, Phase.CLOSED) if not self.of_phase(phase)]
        if missing:
            raise ValueError(f"no status has phase {' or '.join(missing)}: each of open, solved and closed needs one")
        if self.default_priority not in self.priorities:
            raise ValueError(
                f"default_priority {self.default_priority!r} is not among the priorities: {', '.join(self.priorities)}"
            )
        return self

    def of_phase(self, phase: Phase) -> str:
        """The first status of PHASE, '' if there is none."""
        return next((key for key, status in self.statuses.items() if status.phase is phase), "")

    def phase(self, status: str) -> Phase:
        """What STATUS means; OPEN for one that config.yaml no longer knows."""
        known = self.statuses.get(status)
        return known.phase if known else Phase.OPEN

    def label(self, status: str, language: str) -> str:
        """What people who read LANGUAGE see for STATUS."""
        known = self.statuses.get(status)
        if known is None:
            return status
        labels = {str(key): text for key, text in known.label.items()}
        return labels.get(language) or next(iter(labels.values()), status)


class ThreadKey(_Frozen):
    senders: Annotated[tuple[Domain, ...], Field(alias="from"), AfterValidator(_some)]
    """The mail domains of the vendor: vendor.example, and *.vendor.example for those below it."""
    subject: Line
    """A regular expression (RE2) on the subject whose one group is the vendor's id: Case (INC[0-9]+)."""

    def is_from(self, domain: str) -> bool:
        """DOMAIN, an A-label, is the vendor's."""
        return any(domain.endswith(one[1:]) if one.startswith("*.") else domain == one for one in self.senders)


class LoopBudget(_Frozen):
    letters: Annotated[Whole, Field(ge=1)] = 10
    """How many automatic letters (acknowledgements, status letters) one address gets at most ..."""
    per: Positive = timedelta(hours=1)
    """... in this time.  What is over it is withheld and listed by `helpdesk letters`."""
    per_domain: Annotated[Whole, Field(ge=1)] = 200
    """How many go to all addresses of one mail domain in this time.  Raise it where many customers share one."""
    acknowledged: Annotated[Whole, Field(ge=1)] = 2
    """An address that had so many about one ticket in this time gets no further acknowledgement of its mails on it
    (`on_customer_mail`): two machines that do not know each other go on with nothing else."""
    per_ticket: Annotated[Whole, Field(ge=1)] = 100
    """How many go out about one ticket in this time, to whomever."""


class Notifications(_Frozen):
    ticket_mails: Flag = True
    """Write also to contacts who are not portal users; an opt-out always holds."""
    tell_actor: Flag = False
    """Tell people of their own acts."""
    acknowledgement: Flag = True
    """Tell whoever opens a ticket by mail its number."""
    on_reassignment: Flag = False
    """Tell the customer not only when his ticket is first taken over, but whenever it changes hands."""
    on_customer_mail: Flag = False
    """Acknowledge every mail of the customer, not only the one that opens the ticket (but see loop_budget.acknowledged,
    and not in doubt whether a person wrote it)."""
    on_field_change: Flag = False
    """Tell the customer when title, priority or category change."""
    watchers_on_field_change: Flag = False
    """Tell watchers when title, priority or category change."""
    staff: StaffLetters = StaffLetters()
    """Which letters agents get, by whose the ticket is: everything, nothing, or some of new, assigned, customer (he
    wrote), comment, solution, status, change, note, due.  A ticket may fit several lines; one that wants the letter is
    enough.  Watchers, and whoever a rule names, get theirs in any case.  agents.KEY.letters says otherwise for one."""
    due_before: Duration = timedelta(days=1)
    """How long before a ticket's due time its staff is reminded; 0s: only once it has passed."""
    support_over: SupportOver = "nothing"
    """What becomes of a ticket that a customer opens after the last day of his support (`helpdesk contacts
    --support-until`): nothing; flag, it gets the tag `support over`, which `list` and `show` point out; letter, that
    too, and the letter that tells him of the ticket says so (template support_over)."""
    join_within: Window = timedelta()
    """Letters about one ticket to one person that are queued within this time leave as one, which waits so long: 2m.
    0s: each leaves at once."""
    loop_budget: LoopBudget = LoopBudget()
    """The brake on two machines writing to each other."""
    look: Look = Look()
    """How letters look."""
    templates: Line | None = None
    """A directory (relative to config.yaml) with templates and sentences (de.po, fr.po, ...) of your own, which take
    the place of the built-in ones (docs/letters.md)."""


def _days(value: str) -> str:
    parse_days(value)
    return value


def _span(value: str) -> str:
    parse_span(value)
    return value


def _spans(value: object) -> object:
    return [value] if isinstance(value, str) else value


class BusinessHours(_Frozen):
    timezone: Zone = "UTC"
    """The time zone of the days and hours here, and of `weekday` in rules, such as Europe/Berlin."""
    open: Annotated[
        Mapping[
            Annotated[str, AfterValidator(_days)],
            Annotated[
                tuple[Annotated[str, AfterValidator(_span)], ...],
                BeforeValidator(_spans),
                WithJsonSchema({"type": ["string", "array"], "items": {"type": "string"}}),
            ],
        ],
        Field(min_length=1),
    ]
    """Hours by day: `mon-fri: 9:00-17:00`, or several spans: `sat: [9:00-12:00, 13:00-15:00]`."""
    holidays: tuple[Day, ...] = ()
    """Days without business."""

    def hours(self) -> Hours:
        """The same, ready to be asked."""
        spans: dict[str, tuple[tuple[time, time], ...]] = {}
        for days, written_spans in self.open.items():
            for day in parse_days(days):
                spans[day] = (*spans.get(day, ()), *map(parse_span, written_spans))
        return Hours(zone=ZoneInfo(self.timezone), spans=spans, holidays=frozenset(self.holidays))


class Limits(_Frozen):
    mail_size: Size = 50_000_000
    """Of a larger mail only the beginning is fetched; the ticket says so, the mail stays on the server."""
    attempts: Annotated[Whole, Field(ge=1, le=20)] = 3
    """How often a mail is taken up before it is quarantined."""
    header: Annotated[Size, Field(ge=10_000, le=10_000_000)] = 256_000
    """Of a longer header only the beginning is read; the ticket says so, as with everything below."""
    header_fields: Annotated[Whole, Field(ge=20, le=10_000)] = 500
    """How many header fields are read."""
    recipients: Annotated[Whole, Field(ge=1, le=10_000)] = 500
    """How many addresses of each header field are read."""
    parts: Annotated[Whole, Field(ge=1, le=1000)] = 1000
    """How many parts of a mail are looked at."""
    attachments: Annotated[Whole, Field(ge=0, le=1000)] = 200
    """How many attachments of a mail are listed."""
    text: Annotated[Size, Field(ge=1000, le=10_000_000)] = 1_000_000
    """How many characters of a mail's text, and of its HTML, are kept."""
    repeats_within: Duration = timedelta(minutes=10)
    """The same text from the same sender within this time goes onto the ticket of the first one; 0s: never."""
    watchers: Annotated[Whole, Field(ge=0, le=1000)] = 20
    """How many watchers a ticket gets by mail (`cc_watches`)."""
    reading_time: Positive = timedelta(seconds=20)
    """A mail out of the ordinary that takes longer to read is known by its header only."""
    reading_memory: Annotated[Size, Field(ge=300_000_000)] = 1_500_000_000
    """What the process that reads such mails may take."""


class Settings(_Frozen):
    """The whole of config.yaml."""

    helpdesk: Helpdesk
    """Who we are."""
    database: Line = "sqlite:///helpdesk.db"
    """sqlite:///FILE (relative to config.yaml) or postgresql://USER@HOST/NAME.  To a PostgreSQL on another machine the
    connection is encrypted and its certificate checked, unless the URL says otherwise (?sslmode=...)."""
    database_password: SecretRef | None = None
    """The password of the PostgreSQL user, where it needs one: env:NAME or file:PATH."""
    blobs: Line = "database"
    """Where raw mails are kept: `database`, or a directory (relative to config.yaml)."""
    mailboxes: Annotated[Mapping[Key, Mailbox], Field(min_length=1)]
    """The mailboxes, each under a key of your choice."""
    smtp: Smtp
    """The server that takes our letters."""
    deliver: DeliverSpec = Deliver()
    """smtp; or for a staging copy, that no customer may get a letter from: file:DIRECTORY (relative to config.yaml),
    where each letter becomes a file, or to:ADDRESS, where all go to one address and say whose they were."""
    unsubscribe: Unsubscribe | None = None
    """Opting out by one click (RFC 8058): the daemon answers web requests, and letters carry the link.  Left out: by
    mail only."""
    agents: Annotated[Mapping[Key, Agent], Field(min_length=1)]
    """Staff.  Keys are never reused; names and addresses may change."""
    groups: Annotated[Mapping[Key, tuple[Key, ...]], Field(min_length=1)]
    """Groups of agents; a letter to a group goes to each member."""
    tickets: Tickets = Tickets()
    """What tickets can be."""
    notifications: Notifications = Notifications()
    """Who is told of what."""
    thread_keys: Mapping[Key, ThreadKey] = {}
    """Vendors whose ticket ids lead their mails to our tickets.  A mail from such a vendor that is on a ticket teaches
    the ticket its id (so does `helpdesk link`); later ones with that id go there too, for staff only."""
    duplicates: Literal["one_ticket", "per_mailbox"] = "one_ticket"
    """The same mail in two mailboxes makes one ticket, or one in each."""
    business_hours: BusinessHours | None = None
    """When somebody is there.  Left out: always, in UTC."""
    limits: Limits = Limits()
    """What is still ordinary."""
    rules: Annotated[tuple[RuleSpec, ...], Field(json_schema_extra=_with_includes)] = ()
    """In order, here or in files of their own (`!include rules.d/*.yaml`).
    Without a disposition a reply updates its ticket and anything else opens one."""

    def notifications_of(self, mailbox: str) -> Notifications:
        """Who is told of the tickets of MAILBOX."""
        known = self.mailboxes.get(mailbox)
        own = known.notifications if known else None
        if own is None:
            return self.notifications
        said = {name: value for name in own.model_fields_set if (value := getattr(own, name)) is not None}
        if own.staff is not None:
            lines = {name: getattr(own.staff, name) for name in own.staff.model_fields_set}
            said["staff"] = self.notifications.staff.model_copy(update=lines)
        return self.notifications.model_copy(update=said)

    def switch_of(self, mailbox: str, switch: str) -> str:
        """The key of config.yaml that sets SWITCH of the notifications for the tickets of MAILBOX."""
        known = self.mailboxes.get(mailbox)
        special = known is not None and getattr(known.notifications, switch, None) is not None
        return f"mailboxes.{mailbox}.notifications.{switch}" if special else f"notifications.{switch}"

    def staff_letters(self, agent: str, whose: Whose, *, mailbox: str) -> tuple[tuple[str, ...], str]:
        """Which letters AGENT gets about tickets that are WHOSE, and the key of config.yaml that says so.

        His own word comes first, then that of the ticket's MAILBOX, then the one for everybody.
        """
        known, box = self.agents.get(agent), self.mailboxes.get(mailbox)
        special = box.notifications.staff if box and box.notifications else None
        said = (
            (known.letters if known else None, f"agents.{agent}.letters"),
            (special, f"mailboxes.{mailbox}.notifications.staff"),
            (self.notifications.staff, "notifications.staff"),
        )
        for letters, where in said:
            wanted: tuple[str, ...] | None = getattr(letters, whose, None)
            if wanted is not None:
                return wanted, f"{where}.{whose}"
        return _USUAL_LETTERS.get(whose, ()), f"notifications.staff.{whose}"

    def look(self, mailbox: str) -> Look:
        """How the letters of MAILBOX look."""
        known = self.mailboxes.get(mailbox)
        return (known.look if known else None) or self.notifications.look

    @property
    def one_click(self) -> str:
        """The web address that the links of letters begin with, '' where letters offer none."""
        one = self.unsubscribe
        is_signed = one is not None and (self.smtp.dkim is not None or one.signed_by_relay)
        return one.public_url if one and is_signed and one.public_url.startswith("https://") else ""

    def own_addresses(self) -> frozenset[str]:
        """The keys of our mailboxes' addresses, and of those that bounces go to: never written to."""
        own = {mailbox.key for mailbox in self.mailboxes.values()}
        return frozenset(own | {address_key(box.bounces) for box in self.mailboxes.values() if box.bounces})

    def agent_of(self, address: str) -> str:
        """The key of the agent whose address this is, '' if nobody's."""
        wanted = address_key(address)
        return next((key for key, agent in self.agents.items() if address_key(agent.address) == wanted), "")


def rules_schema() -> dict[str, Any]:
    """The JSON Schema of a file that config.yaml includes: a list of rules."""
    return TypeAdapter(tuple[RuleSpec, ...]).json_schema(by_alias=True)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of config.yaml, for editors."""
    return Settings.model_json_schema(by_alias=True)
