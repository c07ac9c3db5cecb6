"""An invitation is told in one line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.message import RawMail
from scanner.calendar import summary
from scanner.read import read


def event(*lines: str, method: str = "REQUEST") -> str:
    return "\r\n".join(("BEGIN:VCALENDAR", f"METHOD:{method}", "BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR"))


EVENTS = {
    "all of it": (
        event(
            "SUMMARY:Printer\\, third",
            " floor",
            "DTSTART;TZID=Europe/Berlin:20260302T100000",
            "DTEND;TZID=Europe/Berlin:20260302T113000",
            "LOCATION:Room 3",
            'ORGANIZER;CN="Ada: B.":mailto:ada@x.example',
        ),
        "[Invitation: Printer, thirdfloor, 2026-03-02 10:00–11:30 Europe/Berlin, Room 3, from Ada: B. <ada@x.example>]",
    ),
    "a whole day, cancelled": (
        event("SUMMARY:Day off", "DTSTART;VALUE=DATE:20260302", "DTEND;VALUE=DATE:20260303", method="CANCEL"),
        "[Cancelled: Day off, 2026-03-02]",
    ),
    "over two days": (
        event("SUMMARY:Move", "DTSTART:20260302T220000Z", "DTEND:20260303T020000Z"),
        "[Invitation: Move, 2026-03-02 22:00–2026-03-03 02:00 UTC]",
    ),
    "an answer": (
        event("SUMMARY:Talk", "ATTENDEE;PARTSTAT=DECLINED;CN=Bob:mailto:bob@y.example", method="REPLY"),
        "[Answer to an invitation: Talk, Bob <bob@y.example>: declined]",
    ),
    "an alarm inside": (event("BEGIN:VALARM", "SUMMARY:Wake", "END:VALARM", "SUMMARY:Talk"), "[Invitation: Talk]"),
    "nothing in it": (event(), ""),
    "no calendar": ("hello", ""),
}


@pytest.mark.parametrize(("source", "line"), EVENTS.values(), ids=EVENTS)
def test_the_event_in_one_line(source: str, line: str) -> None:
    assert summary(source) == line


def test_the_line_stands_in_the_text_and_the_calendar_among_the_attachments() -> None:
    part = b"Content-Type: text/calendar; method=REQUEST\n\n" + event("SUMMARY:Talk").encode() + b"\n"
    data = (
        b"From: ada@x.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nJoin us.\n--b\n" + part + b"--b--\n"
    )
    message = read(RawMail(data=data, size=len(data)))
    assert message.text.split("\n\n") == ["Join us.", "[Invitation: Talk]"]
    assert [one.name for one in message.attachments] == ["part-2.ics"]


@given(st.text(alphabet='BEGIN:VEVNTD;="\\\r\n 0123', max_size=300))
def test_no_source_stops_it(text: str) -> None:
    assert "\n" not in summary(f"BEGIN:VEVENT\n{text}\nEND:VEVENT")
