"""The helpdesk's day, and who of staff is away on it."""

from collections.abc import Mapping
from datetime import date, datetime

from desk.desk import Desk
from domain.absence import Absence
from domain.settings import Settings
from store.store import View


def day_of(settings: Settings, moment: datetime) -> date:
    """The helpdesk's day at MOMENT, by `helpdesk.timezone`."""
    return moment.astimezone(settings.helpdesk.zone).date()


def absent(desk: Desk, view: View, now: datetime) -> Mapping[str, Absence]:
    """Who is away today, by agent."""
    return view.absences.on(day_of(desk.settings, now))
