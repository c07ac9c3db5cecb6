"""What servers refuse, and what it means for the letter, for the address and for all the others."""

import pytest

from domain.errors import PermanentFailure, TemporaryFailure
from notifier.answers import Step, refusal
from notifier.sender import Greylisted, LockedOut, NoSuchAddress, OurFault, ServerAway, TooLarge


@pytest.mark.parametrize(
    ("step", "text", "meaning"),
    [
        # The address takes no letters.
        ("RCPT", "550 5.1.1 <a@x.example>: Recipient address rejected: User unknown", NoSuchAddress),
        ("RCPT", "550 5.1.1 a@x.example: User unknown in relay recipient table", NoSuchAddress),
        ("RCPT", "550 5.1.2 bad destination system address", NoSuchAddress),
        ("RCPT", "553 5.1.3 bad destination mailbox address syntax", NoSuchAddress),
        ("RCPT", "551 5.1.6 she has moved", NoSuchAddress),
        ("RCPT", "556 5.1.10 the domain takes no mail (null MX)", NoSuchAddress),
        ("RCPT", "550 5.2.1 mailbox disabled", NoSuchAddress),
        # This letter is refused for good, and nothing is said of the next one.
        ("RCPT", "550 No such user", PermanentFailure),
        ("RCPT", "550 5.0.0 rejected", PermanentFailure),
        ("RCPT", "550 5.1.0 address rejected", PermanentFailure),
        ("RCPT", "550 5.1.11 a code of the future", PermanentFailure),
        ("RCPT", "550 5.1.7 bad sender's mailbox address syntax", PermanentFailure),
        ("RCPT", "550 5.1.8 bad sender's system address", PermanentFailure),
        ("RCPT", "552 5.2.2 mailbox full", PermanentFailure),
        ("RCPT", "554 5.3.0 my disk is broken", PermanentFailure),
        ("RCPT", "550 5.4.1 access denied", PermanentFailure),
        ("RCPT", "550 5.7.1 blocked; 5.1.1 is for others", PermanentFailure),
        ("DATA", "554 5.1.1 no valid recipients", PermanentFailure),
        ("DATA", "554 5.7.1 spam", PermanentFailure),
        ("MAIL", "553 5.1.8 that sender we do not know", PermanentFailure),
        # The server does not send for us.
        ("RCPT", "554 5.7.1 <a@x.example>: Relay access denied", OurFault),
        ("RCPT", "550 5.1.2 relaying to x.example is not for you", OurFault),
        ("MAIL", "550 5.1.1 not from you", OurFault),
        ("RCPT", "530 5.7.0 log in first", LockedOut),
        # Later.
        ("RCPT", "450 4.1.1 user unknown for the moment", TemporaryFailure),
        ("RCPT", "450 4.7.1 greylisted", Greylisted),
        ("DATA", "421 4.3.2 going down", ServerAway),
        ("DATA", "552 5.3.4 message too big", TooLarge),
        ("DATA", "250 what a server may not say to DATA", TemporaryFailure),
    ],
)
def test_what_an_answer_means(step: Step, text: str, meaning: type[Exception]) -> None:
    assert type(refusal(int(text[:3]), text, step)) is meaning
