"""What an SMTP server's refusal means (RFC 5321, section 4.2; RFC 3463).  Pure.

4xx                     this letter later
450, 451 and a word     greylisting: a first time from us to them; soon enough is too soon
421                     the server takes nothing more from us now, whichever letter it is
503, 530, 534, 535, 538 it will not take our word for who we are
5xx that speaks of relaying, or of our own address
                        the server is not to send for us: the administrator's to mend, not the recipient's fault
5xx to RCPT with a code that says that there is no such address (RFC 3463, section 3.2; RFC 7505)
                        this letter never, and no other one to that address
552                     too large, unless it is the recipient's mailbox that is full
5xx                     this letter never
"""

import re
from typing import Literal

from domain.errors import PermanentFailure, TemporaryFailure
from notifier.sender import Greylisted, LockedOut, NoSuchAddress, OurFault, ServerAway, TooLarge

Step = Literal["MAIL", "RCPT", "DATA"]

_LOCKED_OUT = frozenset({503, 530, 534, 535, 538})
# Answers to MAIL that speak of the letter and not of us: what it needs the server has not (RFC 6531).
_OF_THE_LETTER = frozenset({553, 555})
# "User unknown in relay recipient table" is of the recipient.
_RELAY = re.compile(r"\brelay(?! recipient table)", re.IGNORECASE)
# What greylisting servers say; many give the enhanced code of a policy, 4.7.1, and no word of it.
_GREYLISTED = re.compile(r"\b4\.7\.1\b|gr[ae]y.?list", re.IGNORECASE)
# No such mailbox, no such domain, no address at all, moved away, a domain without mail, switched off.  Not: a policy
# (5.7), a full mailbox (5.2.2), what is wrong with a server (5.3) or on the way (5.4), our own address (5.1.7, 5.1.8),
# or no reason that a machine could read (550 alone, 5.0.0, 5.1.0).
_NO_SUCH_ADDRESS = re.compile(r"5\d\d 5\.(?:1\.(?:1|2|3|6|10)|2\.1)(?![\d.])")
_FULL = re.compile(r"\b5\.2\.\d")


def refusal(code: int, text: str, step: Step) -> TemporaryFailure | PermanentFailure:
    """What the answer CODE, in full TEXT, to a STEP of handing over a letter means; not for 2xx and 3xx."""
    if code == 421:
        return ServerAway(text)
    if code in _LOCKED_OUT:
        return LockedOut(f"{text}; check smtp.user, smtp.password and smtp.tls")
    if code == 552 and not _FULL.search(text):
        return TooLarge(text)
    if 500 <= code < 600:
        return _for_good(code, text, step)
    if code in (450, 451) and _GREYLISTED.search(text):
        return Greylisted(text)
    return TemporaryFailure(text if code > 0 else f"no SMTP reply to {step}")


def _for_good(code: int, text: str, step: Step) -> TemporaryFailure | PermanentFailure:
    if step == "MAIL" and code not in _OF_THE_LETTER:
        # Our own address was refused, not this letter: every other one would go the same way.
        return OurFault(f"{text}; is the mailbox allowed to send there?")
    if _RELAY.search(text):
        return OurFault(f"{text}; the server does not send for us: check smtp.host, smtp.user and smtp.password")
    if step == "RCPT" and _NO_SUCH_ADDRESS.match(text):
        return NoSuchAddress(text)
    return PermanentFailure(text)
