"""Conditions as they are written in config.yaml, frozen.

The models hold the words of the language and their manual; what a word does stands in `rules/`.
What a mail does not have is the empty text, no word, no number, and false.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from domain.hours import DAYS, parse_days
from domain.quantity import parse_comparison, parse_duration, parse_number, parse_size, seconds, shown
from domain.written import Choice, Flag, Frozen, MaybeEmpty, OneOrSeveral, Some, Words, Written, enum, one_of

IS_WORDS = (
    "new", "reply", "person", "auto_reply", "bounce", "notice", "complaint", "list", "calendar",
)  # fmt: skip
RESULTS = ("pass", "fail", "softfail", "neutral", "none", "policy", "temperror", "permerror", "bestguesspass")
PHASES = ("open", "pending", "solved", "closed")

SIZE_EXAMPLE = "'> 5 MB', '<= 200 kB' or 'between 1 MB and 5 MB'"
NUMBER_EXAMPLE = "'> 5', '<= 3' or 'between 2 and 4'"
AGE_EXAMPLE = "'> 2d', '<= 4h' or 'between 1d and 1w'"


def _headers(value: object) -> object:
    if not isinstance(value, Mapping) or not value:
        raise ValueError("name the header and say how to compare it, such as header: {X-Priority: {equals: '1'}}")
    for name in value:
        if not isinstance(name, str) or re.fullmatch(r"[!-9;-~]+", name) is None:
            raise ValueError(f"{name!r} is not the name of a header: letters, digits and hyphens, no colon")
    return value


def _condition_list(value: object) -> object:
    if not isinstance(value, list | tuple) or not value:
        raise ValueError("a list of conditions is expected here, each behind a hyphen")
    return value


def _size(value: object) -> object:
    return _comparison(value, parse_size, SIZE_EXAMPLE)


def _number(value: object) -> object:
    return _comparison(value, parse_number, NUMBER_EXAMPLE)


def _age(value: object) -> object:
    return _comparison(value, seconds, AGE_EXAMPLE)


def _comparison(value: object, unit: Any, example: str) -> object:
    parse_comparison(value, unit, example=example)
    return str(value).strip()


def _within(value: object) -> object:
    if not parse_duration(value):
        raise ValueError("must be longer than nothing")
    return str(value).strip()


def _days(value: object) -> object:
    parse_days(value if isinstance(value, str) else shown(value))
    return value


Measured = Field(json_schema_extra={"type": ["string", "integer"]})
Size = Annotated[str, BeforeValidator(_size), Measured]
Number = Annotated[str, BeforeValidator(_number), Measured]
Age = Annotated[str, BeforeValidator(_age), Measured]
IsWords = OneOrSeveral[Annotated[str, BeforeValidator(one_of(IS_WORDS)), enum(IS_WORDS)]]
Results = OneOrSeveral[Annotated[str, BeforeValidator(one_of(RESULTS)), enum(RESULTS)]]
Phases = OneOrSeveral[Annotated[str, BeforeValidator(one_of(PHASES)), enum(PHASES)]]
Days = OneOrSeveral[Annotated[str, BeforeValidator(_days), Field(json_schema_extra={"examples": ["mon-fri", *DAYS]})]]
Group = Annotated[
    tuple["Conditions", ...] | None,
    Field(json_schema_extra={"minItems": 1}),
    Written.__metadata__[0],
    BeforeValidator(_condition_list),
]


class TextWords(Some):
    """How a text is compared.  Several operators side by side must all hold; of a list any value will do.

    Case never matters, nor how an accented letter is made up.  A field that the mail does not have is the empty text.
    Where a mail has several values (recipients, a repeated header) any of them will do, for each operator anew.
    """

    equals: Written[MaybeEmpty] = None
    """The whole text is this, or one of these.  `equals: ''` asks for a text that is empty or missing."""
    one_of: Written[MaybeEmpty] = None
    """The same as `equals`, for reading lists aloud."""
    contains: Written[Words] = None
    """This stands somewhere in the text, also inside a longer word.  Never holds for an empty or missing text."""
    begins_with: Written[Words] = None
    """The text begins with this.  Never holds for an empty or missing text."""
    ends_with: Written[Words] = None
    """The text ends with this.  Never holds for an empty or missing text."""
    word: Written[Words] = None
    """This stands in the text as a whole word, or as whole words: `Netz` is not found in `Netzwerk`.  Scripts that put
    no blanks between words (Chinese, Japanese, Korean, Thai ...) are searched as by `contains`.  Never holds for an
    empty or missing text."""
    glob: Written[MaybeEmpty] = None
    """The whole text looks like this: `*` stands for any characters, also none, `?` for one.  Only `*` and '' hold for
    an empty or missing text."""
    regex: Written[Words] = None
    r"""This pattern is found in the text.  The patterns are RE2's (https://github.com/google/re2/wiki/Syntax): no
    look-ahead, no back-references.  `\w` is a letter, mark or digit of any script or `_`, `\d` a digit of any script,
    `\s` any white space; `\b` works at the ends of a pattern.  `^` and `$` are the ends of the whole text, with `(?m)`
    of each line; `.` stops at a line break, unless `(?s)`.  Case matters after `(?-i)` only.  What a named group
    `(?P<order>\d+)` has found is `match.order` in the actions.  `^$` holds for an empty or missing text."""
    in_file: Written[Words] = None
    """The whole text is a line of this file (relative to config.yaml), for lists that are too long to stand here.  One
    value a line; empty lines and lines that begin with `#` do not count.  The file is read with config.yaml.  Never
    holds for an empty or missing text."""

    @model_validator(mode="before")
    @classmethod
    def _says_how(cls, value: object) -> object:
        if isinstance(value, str | int | float | list):
            first = value[0] if isinstance(value, list) and value else value
            raise ValueError(f"say how to compare: {{contains: {first}}}; there are: {', '.join(cls.words().values())}")
        return value


class TextTest(TextWords):
    __doc__ = TextWords.__doc__

    not_: Written[TextWords] = Field(default=None, alias="not")
    """None of these operators holds: `subject: {not: {contains: [offer, sale]}}`.  Where a mail has several values, for
    none of them.  It is the exact opposite, so for an empty or missing text it holds where the operator does not."""


class AddressWords(TextWords):
    """How an address is compared: `equals`, `one_of`, `domain` and `in_file` with the address, all others with the
    address and with `Name <address>`.  A display name can be anything: trust `domain`, not `contains`.
    """

    equals: Written[MaybeEmpty] = None
    """The address is this, or one of these, whatever the display name.  `equals: ''` asks for a mail that has none."""
    one_of: Written[MaybeEmpty] = None
    """The same as `equals`, for reading lists aloud."""
    in_file: Written[Words] = None
    """The address is a line of this file (relative to config.yaml), or it is in a domain that stands there as
    `@bigcorp.example` or `@*.bigcorp.example`.  One a line; empty lines and lines that begin with `#` do not count.
    The file is read with config.yaml.  Never holds for a missing address."""
    domain: Written[Words] = None
    """The address is in exactly this domain; `*.bigcorp.example` means its subdomains, without itself.  Never holds for
    a missing address."""
    known: Written[Flag] = None
    """The address belongs to a contact; `false`: it does not.  A missing address belongs to nobody."""


class AddressTest(AddressWords):
    __doc__ = AddressWords.__doc__

    not_: Written[AddressWords] = Field(default=None, alias="not")
    """None of these operators holds: `from: {not: {domain: bigcorp.example}}`.  Where a mail has several addresses, for
    none of them.  It is the exact opposite, so for a missing address it holds where the operator does not."""


class AttachmentTest(Some):
    """What is asked of the attachments.  `name`, `type` and `size` side by side must all hold of one and the same
    attachment; what stands behind `not` must hold of none.  Pictures inside the text do not count.
    """

    name: Written[TextTest] = None
    """The name of the file.  A mail without attachments has none, so only a `not` holds."""
    type: Written[TextTest] = None
    """The type, such as `application/pdf`; `glob: image/*` means every picture.  Without attachments there is none."""
    size: Written[Choice[Size]] = None
    """The size: `'> 5 MB'`, `'<= 200 kB'`, `'between 1 MB and 5 MB'`.  A mail without attachments has none."""
    count: Written[Choice[Number]] = None
    """How many there are that `name`, `type` and `size` hold of, or how many at all: `'>= 3'`, `0`."""


class TrustTest(Some):
    """What your own border host found out about the sender (`authserv` of the mailbox).  Without `authserv` there are
    no results, and nothing but a `not` holds.
    """

    dmarc: Written[Choice[Results]] = None
    """The result for DMARC: `pass`, `fail`, `none` ..."""
    dkim: Written[Choice[Results]] = None
    """The result for DKIM signatures of the sender's own domain."""
    spf: Written[Choice[Results]] = None
    """The result for SPF, which speaks of the envelope's sender."""
    spoofed: Written[Flag] = None
    """The sender's name speaks of an agent or of us, and his address is another."""


class SpamTest(Some):
    """What a spam filter has written into the header: X-Spam-Score, X-Spam-Status, X-Spam-Flag, X-Rspamd-Score,
    X-Spamd-Result, X-Spam.  Anybody can write such fields: let your filter remove those that come from outside.
    """

    score: Written[Choice[Number]] = None
    """The score: `'> 5'`, `'between 3 and 5'`.  A mail without a score meets no comparison, and every `not`."""
    flag: Written[Flag] = None
    """The filter calls it spam.  `false`: it does not, or there was none."""


class ContactTest(Some):
    """What is known of the sender.  Of somebody unknown nothing is: all flags are false, there are no tags."""

    known: Written[Flag] = None
    """The address belongs to a contact."""
    tags: Written[Choice[Words]] = None
    """The contact has this tag, or one of these."""
    vip: Written[Flag] = None
    """The contact has the tag `vip`."""
    opted_out: Written[Flag] = None
    """The contact has opted out of letters."""
    organization: Written[TextTest] = None
    """The name of the contact's organization; '' where there is none."""
    support_active: Written[Flag] = None
    """The mail arrived within the contact's support period.  A contact without such a period has no support."""


class TicketTest(Some):
    """What the found ticket is like, before the mail is added.  Without a ticket (a new mail) it has no word and no
    age, so only a `not`, and `assigned: false`, hold; `for: reply` keeps such mails out.
    """

    status: Written[Choice[Words]] = None
    """A key of tickets.statuses."""
    phase: Written[Choice[Phases]] = None
    """What the status means: `open`, `pending`, `solved` or `closed`."""
    priority: Written[Choice[Words]] = None
    """One of tickets.priorities."""
    category: Written[Choice[Words]] = None
    """One of tickets.categories."""
    tags: Written[Choice[Words]] = None
    """The ticket has this tag, or one of these."""
    age: Written[Choice[Age]] = None
    """How long ago it was opened when the mail arrived: `'< 2d'`, `'> 4h'`, `'between 1d and 1w'`."""
    agent: Written[Choice[Words]] = None
    """The agent who has it: a key of agents."""
    group: Written[Choice[Words]] = None
    """The group that has it: a key of groups."""
    assigned: Written[Flag] = None
    """An agent has it."""


class SenderMails(Frozen):
    """How many mails of this sender arrived in a period, this one included."""

    count: Choice[Number]
    """How many: `'> 5'`.  A mail without a sender meets no comparison, and every `not`."""
    within: Annotated[str, BeforeValidator(_within), Field(json_schema_extra={"examples": ["1h", "1d"]})]
    """The period before the mail arrived: `10m`, `1h`, `1d`."""


class Conditions(Some):
    """What is asked of a mail.  Several conditions side by side must all hold."""

    mailbox: Written[Choice[Words]] = None
    """The mailbox that it arrived in: a key of mailboxes."""
    folder: Written[TextTest] = None
    """The folder that it was found in; '' for a mail that came by a pipe or from a file."""
    from_: Written[AddressTest] = Field(default=None, alias="from")
    """The sender: the From address, else Reply-To, Sender or Return-Path.  There may be none."""
    reply_to: Written[AddressTest] = None
    """The addresses in Reply-To; it is enough if one of them fits."""
    to: Written[AddressTest] = None
    """The addresses in To; it is enough if one of them fits.  Cc and Bcc are not looked at."""
    cc: Written[AddressTest] = None
    """The addresses in Cc; it is enough if one of them fits."""
    recipient: Written[AddressTest] = None
    """The addresses in To and Cc, and those that the mail was delivered to (Delivered-To, X-Original-To ...): there a
    Bcc shows.  It is enough if one of them fits."""
    subject: Written[TextTest] = None
    """The subject, decoded; '' where there is none."""
    text: Written[TextTest] = None
    """The whole text of the mail with quotes and signature, made from the HTML where there is no other: its first
    200,000 characters."""
    reply_text: Written[TextTest] = None
    """What the writer wrote now, without quoted history and signature: its first 200,000 characters."""
    header: Annotated[Mapping[str, TextTest] | None, Written.__metadata__[0], BeforeValidator(_headers)] = None
    """Any header by its name, such as `header: {X-Priority: {equals: '1'}}`.  Of a header that occurs several times one
    must fit; several names must all fit.  A header that is missing is the empty text."""
    attachment: Written[AttachmentTest] = None
    """Its attachments: name, type, size, count."""
    size: Written[Choice[Size]] = None
    """The size of the whole mail: `'> 5 MB'`, `'<= 200 kB'`, `'between 1 MB and 5 MB'`."""
    language: Written[Choice[Words]] = None
    """The language of the text as two letters, such as `de`.  A text that is too short to tell has none: then only a
    `not` holds."""
    weekday: Written[Choice[Days]] = None
    """The day on which it arrived: `sat`, `[sat, sun]`, `mon-fri`; in the time zone of business_hours, else UTC."""
    business_hours: Written[Flag] = None
    """It arrived within business_hours; `false`: outside of them."""
    is_: Written[Choice[IsWords]] = Field(default=None, alias="is")
    """What kind of mail it is: `reply` (a ticket was found for it), `new` (none was), `person` (no machine),
    `auto_reply` (out of office and other machines), `bounce` (a letter did not arrive), `notice` (a letter was
    delivered or read), `complaint` (a letter was marked as spam), `list` (newsletter or mailing list), `calendar` (an
    invitation was answered).  Of a list any will do."""
    trust: Written[TrustTest] = None
    """Whether the sender is who he says: dmarc, dkim, spf, spoofed."""
    spam: Written[SpamTest] = None
    """What a spam filter says: score, flag."""
    contact: Written[ContactTest] = None
    """What is known of the sender: known, tags, vip, opted_out, organization, support_active."""
    ticket: Written[TicketTest] = None
    """What the found ticket is like: status, phase, priority, category, tags, age, agent, group, assigned."""
    has_ticket_ref: Written[Flag] = None
    """A ticket number of ours stands in the subject, `[ACME-1042]`, whether or not that ticket was found.  Actions know
    the number as `mail.ticket_ref`."""
    sender_mails: Written[SenderMails] = None
    """How many mails this sender has sent: `{count: '> 5', within: 1h}`, this one included."""
    all: Group = None
    """Every one of these holds."""
    any: Group = None
    """At least one of these holds."""
    none: Group = None
    """Not one of these holds."""

    @property
    def depth(self) -> int:
        """How deep groups are nested; 1 where there is none."""
        inner = (*(self.all or ()), *(self.any or ()), *(self.none or ()))
        return 1 + max((conditions.depth for conditions in inner), default=0)
