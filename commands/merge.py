"""The acts of staff that order tickets: merge, link, untag."""

from collections.abc import Sequence

from commands.acts import At, do
from commands.opening import ticket_number
from desk import tagging
from desk.merge import merge as merged


def merge(at: At, ticket: str, *, into: str) -> None:
    """Continue a ticket under another one."""
    do(at, ticket, lambda staff, number: merged(staff, number, into=ticket_number(into, staff.desk.settings)))


def link(at: At, ticket: str, *, vendor_id: str, remove: bool) -> None:
    """Tell a ticket its number in a vendor's system, or take it away."""
    act = tagging.forget_id if remove else tagging.learn_id
    do(
        at,
        ticket,
        lambda staff, number: act(
            staff, number, tagging.external_id(vendor_id, known=tuple(staff.desk.settings.thread_keys))
        ),
    )


def untag(at: At, ticket: str, *, tags: Sequence[str]) -> None:
    """Take tags from a ticket."""
    do(at, ticket, lambda staff, number: tagging.untag(staff, number, tags))
