"""An agent's mail that his mail program may have sent by itself, while he is away; or that it sends again and again.

Border hosts sign absence notes like any other mail, so proof says nothing here, and programs that send them
without a mark are many.  To a customer such a note would be an answer.  No single sign decides, since people write
that they will be away, too: several together do.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.message import Message
from domain.people import ContactFacts
from domain.subject import bare_subject, without_tags
from domain.ticket import EntryFacts, EntryKind
from scanner.classify import says_away
from scanner.quote import own_words

QUICK = timedelta(seconds=60)
"""Nobody reads a letter and answers it in less."""
FEW = 2
"""Words of a question that notes ask as well: `Any questions?`"""

_SENTENCE = re.compile(r"(?<=[.!?？؟;])\s+|\n+")
_COLLEAGUE = re.compile(
    r"\b(?:kolleg\w*|colleagues?|collègues?|colegas?|collegh?[aei]|collega's|colleg\w*)\b", re.IGNORECASE
)
_FIRST_PERSON = re.compile(
    r"\b(?:ich|bin|wir|I|I['’]m|am|we|je|nous|io|sono|yo|estoy|eu|estou|ik|ben)\b", re.IGNORECASE
)
_IF_URGENT = re.compile(r"dringend|urgent|frage|question|hilfe|help|notf|emergenc", re.IGNORECASE)


def sent_by_itself(message: Message, *, tag: str, after: timedelta | None) -> str:
    """Why MESSAGE, which is no machine's by its marks, may be one's all the same; '' where a person wrote it.

    AFTER is the time since the letter that it answers went out, None where it answers none.
    """
    is_away = says_away(_of_himself(message.reply_text)) and not _asks(message.reply_text)
    is_answer = bare_subject(message.subject, tag) != " ".join(without_tags(message.subject, tag).split())
    if message.class_because and (says_away(message.reply_text) or not is_answer):
        return message.class_because[0].removeprefix("not auto_reply: ")
    if after is not None and after < QUICK and says_away(message.reply_text):
        return f"it speaks of an absence and came {after.total_seconds():.0f} s after the letter that it answers"
    if not is_away:
        return ""
    if not (message.in_reply_to or message.references):
        return "it speaks of an absence and answers no letter"
    if not is_answer:
        return "it speaks of an absence under a subject of its own"
    return ""


def _of_himself(text: str) -> str:
    """TEXT without what it says of a colleague."""
    return "\n".join(
        part for part in _SENTENCE.split(text) if not _COLLEAGUE.search(part) or _FIRST_PERSON.search(part)
    )


def _asks(text: str) -> bool:
    """TEXT asks its reader something, as people do; notes only ask whether it is urgent."""
    asked = (part for part in _SENTENCE.split(own_words(text)) if part.rstrip().endswith(("?", "？", "؟")))
    return any(len(part.split()) > FEW and not _IF_URGENT.search(part) for part in asked)


def same_words(
    message: Message, entries: Sequence[EntryFacts], *, agent: str, contact: ContactFacts | None, moment: datetime,
    within: timedelta,
) -> tuple[EntryFacts, ...]:  # fmt: skip
    """Those of a ticket's ENTRIES by which AGENT, who is CONTACT as well, said the same shortly before MOMENT."""
    said = {message.reply_text.strip(), own_words(message.reply_text).strip()} - {""}
    return tuple(
        one
        for one in entries
        if (one.agent == agent or (contact is not None and one.contact == contact.id))
        and abs(moment - one.at) <= within
        and not said.isdisjoint({one.text.strip(), one.shown.strip()})
    )


def is_answered_since(said: EntryFacts, entries: Sequence[EntryFacts], moment: datetime) -> bool:
    """A customer wrote something new among these ENTRIES after this was SAID: the same words may answer it.

    What he had written before is none: his program may be the one that answers.
    """
    customers = [one for one in entries if one.kind is EntryKind.CUSTOMER and not (one.machine or one.unconfirmed)]
    known = {one.shown.strip() for one in customers if one.id < said.id}
    return any(one.id > said.id and one.at <= moment and one.shown.strip() not in known for one in customers)
