"""After the server renumbered a folder: knowing the mails again (UIDVALIDITY, RFC 9051, section 2.3.1.1).

Known mails get their new UID in the journal and are not fetched again.  An unknown one is new if it
arrived after the last good scan minus a day; if it is older it makes a ticket but no letters, and
if it is older than first contact it is only noted.  More unknown mails than `max_new_per_scan` is
no renumbering but another mailbox: nothing is done, and somebody must look.
"""

from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta

from desk import log
from desk.desk import Desk
from domain.errors import MailboxUnreachable
from domain.intake import Arrival, FolderMark, Intake, Outcome, State, imap_position
from scanner.mailbox import FolderState, Identity, MailboxConnection

GRACE = timedelta(days=1)


class TooManyUnknown(MailboxUnreachable):
    """After a renumbering there is more unknown mail than config.yaml allows."""


def is_renumbered(mark: FolderMark, state: FolderState) -> bool:
    """The UIDs of the folder no longer mean what they meant: UIDVALIDITY changed, or UIDs are given a second time.

    The latter must not happen, and does when a server is restored from a backup.
    """
    return mark.uidvalidity != state.uidvalidity or state.uidnext <= mark.last_uid


def recognise(
    desk: Desk, mailbox: str, connection: MailboxConnection, state: FolderState, mark: FolderMark, *, now: datetime
) -> int:
    """Bring the journal to the folder's new UIDs; how many mails are to be fetched.

    Raises TooManyUnknown, with the journal as it was.
    """
    identities = connection.identify(connection.uids(below=state.uidnext))
    with desk.store.reading() as view:
        rows = view.journal.of_folder(mailbox, state.name)
    known, unknown = _match(identities, rows)
    arrivals = [_arrival(mailbox, state, one, mark) for one in unknown]
    fresh = sum(arrival.outcome is None for arrival in arrivals)
    allowed = desk.settings.mailboxes[mailbox].max_new_per_scan
    if fresh > allowed:
        raise TooManyUnknown(
            f"mailbox {mailbox}, folder {state.name}: the server renumbered its mail and {fresh} mails are unknown, "
            f"more than max_new_per_scan ({allowed}); nothing was fetched. If that is right, raise it and scan again"
        )
    found = {row.id for row, _ in known}
    left = [row for row in rows if row.id not in found]
    with desk.store.act() as view:
        view.journal.make_room(mailbox, state.name, uidvalidity=state.uidvalidity)
        # What the server no longer has can be neither fetched nor filed any more.
        view.journal.lose([row.id for row in left if row.state is State.LISTED], now=now)
        view.journal.filed([row.id for row in left if row.state is State.DONE])
        for row, uid in known:
            view.journal.move_to(row, uidvalidity=state.uidvalidity, uid=uid)
        # What is stored or quarantined is still decided; it is nowhere to be filed then.
        view.journal.make_room(mailbox, state.name, uidvalidity=mark.uidvalidity)
        view.journal.arrive(arrivals, now=now)
        view.journal.set_mark(
            replace(mark, uidvalidity=state.uidvalidity, first_uid=1, last_uid=state.uidnext - 1, scanned_at=now)
        )
    log.renumbered(mailbox, state.name, len(known), fresh)
    return fresh


def _match(
    identities: tuple[Identity, ...], rows: tuple[Intake, ...]
) -> tuple[list[tuple[Intake, int]], list[Identity]]:
    """Each mail on the server with its row, one to one, and the mails that have none.

    Size and INTERNALDATE must agree; Message-IDs too, where both are known.
    """
    candidates: dict[tuple[int, datetime | None], list[Intake]] = defaultdict(list)
    for row in rows:
        candidates[row.size, row.arrived].append(row)
    known: dict[int, Intake] = {}
    # First by the same Message-ID, so that a row without one cannot take the place of the right one.
    for agree in (_is_same, _may_be_same):
        for identity in identities:
            same = candidates[identity.size, identity.arrived]
            again = next((row for row in same if agree(row.message_id, identity.message_id)), None)
            if again is not None and identity.uid not in known:
                same.remove(again)
                known[identity.uid] = again
    unknown = [identity for identity in identities if identity.uid not in known]
    return [(row, uid) for uid, row in known.items()], unknown


def _is_same(ours: str, theirs: str) -> bool:
    return ours != "" and ours == theirs


def _may_be_same(ours: str, theirs: str) -> bool:
    return not ours or not theirs


def _arrival(mailbox: str, state: FolderState, identity: Identity, mark: FolderMark) -> Arrival:
    arrival = Arrival(
        source=mailbox,
        position=imap_position(state.name, state.uidvalidity, identity.uid),
        mailbox=mailbox,
        folder=state.name,
        uidvalidity=state.uidvalidity,
        uid=identity.uid,
        size=identity.size,
        arrived=identity.arrived,
    )
    if identity.arrived is not None and identity.arrived < mark.first_contact:
        return replace(arrival, outcome=Outcome.BEFORE_START, because="it arrived before first contact")
    if identity.arrived is None or identity.arrived >= mark.scanned_at - GRACE:
        return arrival
    return replace(arrival, quiet="it is older than the last scan before the server renumbered its mail")
