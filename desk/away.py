"""An agent's mail that his mail program may have sent by itself, while he is away; or that it sends again and again.

Border hosts sign absence notes like any other mail, so proof says nothing here, and programs that send them
without a mark are many.  To a customer such a note would be an answer.  No single sign decides, since people write
that they will be away, too: several together do.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.message import Message
from domain.people import ContactFacts
from domain.subject import bare_subject, without_tags
from domain.ticket import EntryFacts
from scanner.classify import says_away
from scanner.quote import own_words

QUICK = timedelta(seconds=60)
"""Nobody reads a letter and answers it in less."""


def sent_by_itself(message: Message, *, tag: str, after: timedelta | None) -> str:
    """Why MESSAGE, which is no machine's by its marks, may be one's all the same; '' where a person wrote it.

    AFTER is the time since the letter that it answers went out, None where it answers none.
    """
    is_away = says_away(message.reply_text)
    is_answer = bare_subject(message.subject, tag) != " ".join(without_tags(message.subject, tag).split())
    if message.class_because and (is_away or not is_answer):
        return message.class_because[0].removeprefix("not auto_reply: ")
    if not is_away:
        return ""
    if not (message.in_reply_to or message.references):
        return "it speaks of an absence and answers no letter"
    if not is_answer:
        return "it speaks of an absence under a subject of its own"
    if after is not None and after < QUICK:
        return f"it speaks of an absence and came {after.total_seconds():.0f} s after the letter that it answers"
    return ""


def said_again(
    message: Message, entries: Sequence[EntryFacts], *, agent: str, contact: ContactFacts | None, moment: datetime,
    within: timedelta,
) -> bool:  # fmt: skip
    """AGENT, who is CONTACT as well, said the same on the ticket with these ENTRIES shortly before MOMENT."""
    said = {message.reply_text.strip(), own_words(message.reply_text).strip()} - {""}
    return any(
        abs(moment - one.at) <= within and not said.isdisjoint({one.text.strip(), one.shown.strip()})
        for one in entries
        if one.agent == agent or (contact is not None and one.contact == contact.id)
    )
