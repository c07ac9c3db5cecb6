"""Opting out by one click (RFC 8058): what a click on the link in a letter does, and the page that answers it.

The token in the link proves that its bearer saw the letter; it counts for whoever the letter went to.  A POST acts, a
second one changes nothing.  The page then offers to take it back, by a token of its own.

Promises: without a token of ours the database is not asked.  One letter's links act a few times a minute at most, all
of them so often that no flood of clicks becomes a flood of letters.

Fails with: nothing.  What is wrong is the status of the page.
"""

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock

from desk import log
from desk.desk import Desk
from desk.letters import Thread
from desk.opt_out import clicked, fulfil, wisher
from domain.errors import DeskError
from domain.opt_out_words import Wish
from domain.token import click, verify_click
from notifier.page import Pages
from scanner.one_click import Click, Page

PER = timedelta(minutes=1)
OF_ONE = 6
OF_ALL = 600
_BACK = {Wish.OUT: Wish.BACK, Wish.BACK: Wish.OUT}


class OneClick:
    """Answers clicks; threads may share it."""

    def __init__(self, desk: Desk, *, templates: Path | None = None, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._allowance = Allowance()
        self.use(desk, templates)

    def use(self, desk: Desk, templates: Path | None) -> None:
        """Go by the settings of DESK, and by the sentences of the house, from the next click on."""
        self._now = (desk, Pages(desk.settings, templates=templates))

    def __call__(self, one: Click) -> Page:
        """The answer to ONE click."""
        desk, pages = self._now
        known = verify_click(one.token, desk.keys)
        if known is None:
            return Page(404, pages.page("none", languages=one.languages))
        letter, wish = known
        if not one.acts:
            return Page(200, pages.page("ask", wish=wish, languages=one.languages, button=(wish, one.token)))
        if not self._allowance.takes(letter, self._clock()):
            return Page(429, pages.page("later", languages=one.languages))
        try:
            is_known = act(desk, letter, wish, now=self._clock())
        except DeskError as error:
            log.work_failed("one click", str(error))
            return Page(503, pages.page("later", languages=one.languages))
        if not is_known:
            return Page(404, pages.page("none", languages=one.languages))
        back = _BACK[wish]
        undo = (back, click(letter, back, desk.keys))
        return Page(200, pages.page("done", wish=wish, languages=one.languages, button=undo))


def act(desk: Desk, letter: str, wish: Wish, *, now: datetime) -> bool:
    """Fulfil the WISH of whoever has the link of LETTER; False if that letter or its reader is gone."""
    with desk.store.act() as view:
        known = view.outbox.by_letter(letter)
        asks = clicked(view, known, wish) if known is not None else None
        if known is None or asks is None:
            return False
        if asks.changes:
            actor = wisher(asks)
            fulfil(
                desk, view, asks, act=view.tickets.begin_act("one_click", actor, now=now), actor=actor, now=now,
                mailbox=_mailbox(desk, str(known.facts.get("mailbox", ""))),
                thread=Thread(in_reply_to=known.message_id, references=(known.message_id,)),
            )  # fmt: skip
    log.one_click(letter, wish, desk.reference(asks.on.number) if asks.on else "", done=asks.changes)
    return True


def _mailbox(desk: Desk, wanted: str) -> str:
    """The mailbox that WANTED is, or the first one where that is gone."""
    return wanted if wanted in desk.settings.mailboxes else next(iter(desk.settings.mailboxes))


class Allowance:
    """How often clicks may act: those of one letter, and all together."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._recent: deque[tuple[datetime, str]] = deque()

    def takes(self, letter: str, now: datetime) -> bool:
        """A click on the link of LETTER may act NOW, and is counted."""
        with self._lock:
            while self._recent and self._recent[0][0] <= now - PER:
                self._recent.popleft()
            if len(self._recent) >= OF_ALL or sum(one == letter for _, one in self._recent) >= OF_ONE:
                return False
            self._recent.append((now, letter))
            return True
