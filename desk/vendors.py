"""Vendors: third parties who work on our tickets and have ticket numbers of their own (`thread_keys`).

Their mails are for staff.  They change nothing by themselves and are never answered, so that two ticket
systems cannot write to each other; sender and subject prove nothing, and need not.
"""

from dataclasses import dataclass, replace

import rules
from domain.message import MailClass, Message
from domain.settings import Settings
from domain.ticket import ExternalId
from store.store import View

REPORTS = (MailClass.BOUNCE, MailClass.NOTICE, MailClass.COMPLAINT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """The vendor that a mail comes from: a key of `thread_keys`, and the id in its subject.

    `is_news`: no ticket has this id yet.
    """

    name: str
    id: ExternalId | None = None
    is_news: bool = False


def vendor_of(message: Message, settings: Settings) -> Vendor | None:
    """The vendor that MESSAGE comes from, None if from none; reports of mail servers are nobody's."""
    if not settings.thread_keys or message.sender is None or message.is_bounce or message.mail_class in REPORTS:
        return None
    domain = message.sender.domain
    keys = {name: key for name, key in settings.thread_keys.items() if domain and key.is_from(domain)}
    for name, key in keys.items():
        value = rules.vendor_id(key.subject, message.subject)
        if value:
            return Vendor(name=name, id=ExternalId(name=name, value=value))
    return Vendor(name=next(iter(keys))) if keys else None


def vendor_with_news(view: View, message: Message, settings: Settings) -> Vendor | None:
    """The vendor that MESSAGE comes from, and whether its id is new to us."""
    vendor = vendor_of(message, settings)
    if vendor is None or vendor.id is None:
        return vendor
    return replace(vendor, is_news=view.tickets.by_external_id(vendor.id) is None)
