"""Why a mail did not arrive, by the words of mail servers: one table, the first row that fits counts.

`hard` says that the address will not work tomorrow either.  What is about our mail or our server
and not about the address (spam, policy, size) is never hard: nobody loses his letters over it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause in one word, whether it is final, the words it is known by, and a server's line with them."""

    name: str
    hard: bool
    words: str
    example: str


CAUSES = (
    Cause(
        "full",
        False,
        r"mailbox (?:is |has been )?(?:full|over|exceeded)|over ?quota|quota (?:exceeded|full|limit)"
        r"|exceed\w* .{0,20}(?:quota|storage)"
        r"|(?:insufficient|not enough) .{0,20}(?:storage|space)|account is full|postfach .{0,10}voll|disk quota",
        "552 5.2.2 <bob@y.example>: mailbox is full",
    ),
    Cause(
        "too big",
        False,
        r"(?:message|mail|size) .{0,20}(?:too (?:big|large)|exceeds)|exceeds .{0,20}size|too large",
        "552 5.3.4 Message size exceeds fixed limit",
    ),
    Cause(
        "refused",
        False,
        r"\bspam\b|black ?list|block(?:ed|list)|(?<!not )listed (?:in|by|at|on) |reputation|\bpolicy\b"
        r"|\bdmarc\b|\bspf\b|\bdkim\b|\brbl\b"
        r"|relay(?:ing)? (?:access )?(?:denied|not permitted|prohibited)|authenticat|reverse (?:dns|mapping"
        r"|hostname)|\bvirus\b"
        r"|too many (?:connections|recipients|messages|errors)|rate limit|greylist|grey list|throttl|\bptr\b"
        r"|client host"
        r"|suspended|on hold|(?:account|mailbox|user|recipient)\b.{0,30}(?:disabled|inactive|discontinued)"
        r"|content (?:rejected|filter)|not authorized|sender (?:address )?(?:rejected|denied|verify)",
        "550 5.7.1 Service unavailable; client host is listed in a blocklist",
    ),
    Cause(
        "unknown host",
        True,
        r"(?:host|domain|nameserver)(?: name| or domain name)? .{0,20}(?:not found|unknown|does not exist"
        r"|doesn't exist|lookup failed)"
        r"|host or domain name not found|unknown host|host unknown|no such (?:host|domain)|unrouteable|unroutable"
        r"|(?:name or service|domain) not known|nxdomain|no (?:route to|mail server for) .{0,20}host"
        r"|domain must exist|bad destination"
        r"|illegal host|invalid domain|no such domain|no longer (?:accept|exist)\w* .{0,20}domain|null mx",
        "Host or domain name not found. Name service error for name=y.example type=A: Host not found",
    ),
    Cause(
        "unknown user",
        True,
        r"(?:user|recipient|mailbox|account|address|alias|addressee|person)\b.{0,30}(?:unknown"
        r"|not (?:be )?found|not exist|doesn'?t exist"
        r"|not known|not listed|no longer|not valid|invalid|does ?not have an account)"
        r"|(?:unknown|no such|invalid|non-?existent|bad|not a valid|no|undefined|not our) (?:local[- ]?part"
        r"|user|recipient|mailbox|account"
        r"|address|alias|person|customer|destination)|unbekannt|existiert nicht|nicht gefunden|inconnu"
        r"|desconocid|sconosciut"
        r"|mailbox unavailable|unknown or illegal alias|address rejected|recipient rejected|user not local"
        r"|is not a member",
        "550 5.1.1 <bob@y.example>: user unknown",
    ),
)
