"""Who a mail provably comes from, by the Authentication-Results of the own border host (RFC 8601).

Anybody can write such a field.  Counted is the topmost one alone, and only if it

    stands above every Received field that no configured border host wrote,
    bears the configured authserv-id (or none, where the configuration says Microsoft 365),
    and the mail has one From field with one address.

It proves that address if it says dmarc=pass for its domain, or dkim=pass with a signature of its
domain while DMARC does not say `fail`.  A signature is the domain's own if d= (else the domain of
i=) is the From domain or a parent of it with two labels at least.  RFC 7489 (section 3.1.1) would
also take a sibling or child below the same organizational domain; which that is takes the list of public
suffixes, and without it `one.co.uk` would speak for `two.co.uk`.  A parent never needs the list:
whoever signs for `co.uk` rules over all names below it anyway.

Never raises, and in doubt nothing is proven.  Linear: what is longer than any border host writes
is not read.
"""

import binascii
import hashlib
import re
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from domain.authentication import UNPROVEN, Authentication
from domain.message import Message
from domain.people import domain_key
from domain.settings import Authserv
from scanner.headers import addresses

MAX_RESULTS = 4_000
"""Characters of a field of results; border hosts write some hundred."""
MAX_RECEIVED = 4_000
MAX_FROM = 4_000
MAX_SIGNATURE = 10_000
MAX_SIGNATURES = 20

_BY = re.compile(r"(?:^|\s)by\s+([^\s;]+)", re.IGNORECASE)
_SERVER = re.compile(r'\s*("?)([^\s;="/]{1,255})\1(?:\s+1)?\s*')
_TAG = re.compile(r"(?:^|;)\s*([A-Za-z][A-Za-z0-9_]{0,20})\s*=\s*([^;]*)")
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]")
_RESULT = re.compile(r"\s*[A-Za-z0-9_-]{1,40}\s*(?:/\s*1\s*)?=")


def authentication(message: Message, authserv: Authserv | None) -> Authentication:
    """What the border host that AUTHSERV names says of MESSAGE, and whether that proves its From address."""
    if authserv is None:
        return UNPROVEN
    value, because = _topmost(message, authserv)
    if because:
        return Authentication(because=because)
    server, listed, because = _opened(value, authserv)
    if because:
        return Authentication(because=because)
    try:
        results = _results(listed)
    except Exception:  # what a stranger wrote drives a parser that was not made for it
        return Authentication(authserv=server, because=f"the results of {server} cannot be read")
    return _judged(message, server, results)


def _topmost(message: Message, authserv: Authserv) -> tuple[str, str]:
    """The field of results that counts, and '', or '' and why there is none."""
    for name, value in message.headers:
        if name == "received":
            host = _written_by(value)
            if not any(fnmatchcase(host, pattern.lower()) for pattern in authserv.border):
                return "", f"no results above the Received field of {host or 'an unknown host'}"
        elif name == "authentication-results":
            return (value, "") if len(value) <= MAX_RESULTS else ("", "the results are longer than a border host's")
    return "", "the mail has no results (Authentication-Results)"


def _written_by(received: str) -> str:
    """The host that says in a Received field that it wrote it, in lower case; '' where none does."""
    plain = _without_comments(received) if len(received) <= MAX_RECEIVED else None
    found = _BY.search(plain) if plain else None
    return found[1].lower().rstrip(".")[:255] if found else ""


def _opened(value: str, authserv: Authserv) -> tuple[str, str, str]:
    """Who wrote the results, and the results; or why they do not count."""
    plain = _without_comments(value)
    if plain is None:
        return "", "", "the results are not well formed"
    if authserv.is_microsoft:
        stated = _RESULT.match(plain) is not None
        return "Microsoft 365", plain, "" if stated else "the topmost results are not of Microsoft's form"
    head, _, rest = plain.partition(";")
    server = _SERVER.fullmatch(head)
    if server is None:
        return "", "", f"the topmost results are not those of {authserv.id}: they name no server"
    if server[2].lower() != authserv.id.lower():
        return "", "", f"the topmost results are those of {server[2].lower()}, not of {authserv.id}"
    return authserv.id.lower(), rest, ""


def _without_comments(value: str) -> str | None:
    """VALUE without comments (RFC 5322, section 3.2.2); None if one has no end, or it is no printable ASCII.

    The parser behind would take the inside of comments nested deeply enough for results.
    """
    if not (value.isascii() and value.isprintable()):
        return None
    kept: list[str] = []
    depth, quoted, escaped = 0, False, False
    for char in value:
        if depth == 0:
            kept.append(char if char != "(" or quoted else " ")
        if escaped:
            escaped = False
        elif char == "\\" and (quoted or depth):
            escaped = True
        elif char == '"' and not depth:
            quoted = not quoted
        elif not quoted:
            depth += (char == "(") - (char == ")")
            if depth < 0:
                return None
    return None if depth or quoted else "".join(kept)


def signatures(message: Message) -> tuple[str, ...]:
    """What the signatures (DKIM) of the From domain's own in MESSAGE are known by, as digests of their octets.

    A signature is the same however its base64 is written; no other mail has it.
    """
    domain, because = _from_domain(message)
    if because:
        return ()
    found: list[str] = []
    for value in message.header("dkim-signature")[:MAX_SIGNATURES]:
        if len(value) <= MAX_SIGNATURE:
            of = dict(_TAG.findall(value))
            signed = _octets("".join(of.get("b", "").split())) if _is_aligned(_domain(of.get("d", "")), domain) else b""
            found += [hashlib.sha256(signed).hexdigest()] if signed else []
    return tuple(dict.fromkeys(found))


def _octets(base64: str) -> bytes:
    known = _NOT_BASE64.sub("", base64)
    return binascii.a2b_base64(known[: len(known) - (len(known) % 4 == 1)] + "==")


_Result = tuple[str, str, dict[str, str]]


def _results(listed: str) -> tuple[_Result, ...]:
    """Method, result word and properties of each result.  Raises whatever the parser raises."""
    from authres import AuthenticationResultsHeader

    # With an authserv-id of our own making Microsoft's form is like any other.
    header: Any = AuthenticationResultsHeader.parse_value(f"checked; {listed.strip().rstrip(';')}")
    return tuple(
        (str(one.method), str(one.result), {f"{p.type}.{p.name}": str(p.value or "") for p in reversed(one.properties)})
        for one in header.results
    )


def _judged(message: Message, server: str, results: tuple[_Result, ...]) -> Authentication:
    """What RESULTS say, and whether they prove the From address of MESSAGE."""
    domain, because = _from_domain(message)
    spf = _words(results, "spf")
    dmarc = [(word, _domain(of.get("header.from", ""))) for method, word, of in results if method == "dmarc"]
    dkim = [(word, _signer(of)) for method, word, of in results if method == "dkim"]
    own = [word for word, signer in dkim if domain and _is_aligned(signer, domain)]
    found = Authentication(
        spf=_best(spf),
        # A foreign signature that passes says nothing of this sender.
        dkim=_best(own) if own else _best(["none" if word == "pass" else word for word, _ in dkim]),
        dmarc=next((word for word, _ in dmarc if word != "pass"), dmarc[0][0] if dmarc else ""),
        authserv=server,
    )
    if because:
        return replace(found, because=because)
    if found.dmarc == "pass":
        # Whoever got a second result into the field must not choose which one counts.
        of_others = [named for _, named in dmarc if named != domain]
        where = f"dmarc=pass in the results of {server}"
        return replace(found, proves_from=not of_others, because=f"{where}, for another domain" if of_others else where)
    if found.dmarc != "fail" and "pass" in own:
        return replace(found, proves_from=True, because=f"dkim=pass for {domain} in the results of {server}")
    said = ", ".join(f"{name}={word}" for name, word in (("dmarc", found.dmarc), ("dkim", found.dkim)) if word)
    return replace(found, because=f"{said or 'neither dmarc nor dkim'} in the results of {server}")


def _words(results: tuple[_Result, ...], wanted: str) -> list[str]:
    return [word for method, word, _ in results if method == wanted]


def _best(words: list[str]) -> str:
    return "pass" if "pass" in words else next(iter(words), "")


def _from_domain(message: Message) -> tuple[str, str]:
    """The domain of the only From address; '' and why where there is not exactly one."""
    stated = message.header("from")
    if len(stated) != 1:
        return "", f"the mail has {len(stated) or 'no'} From fields"
    found = addresses([stated[0]]) if len(stated[0]) <= MAX_FROM else ()
    if len(found) != 1 or message.sender is None or found[0].key != message.sender.key or not found[0].domain:
        return "", "From is not exactly one address"
    return found[0].domain, ""


def _signer(of: dict[str, str]) -> str:
    """The domain that signed: d=, else the domain of i=."""
    return _domain(of.get("header.d") or of.get("header.i", ""))


def _domain(value: str) -> str:
    return domain_key(value.rpartition("@")[2])


def _is_aligned(signer: str, domain: str) -> bool:
    return signer == domain or ("." in signer.strip(".") and domain.endswith(f".{signer}"))
