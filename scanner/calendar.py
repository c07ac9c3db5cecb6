"""One readable line about an invitation (iCalendar, RFC 5545): what, when, where, who.

Reads the first event of a calendar only as far as that line needs.  Times are told as the sender
wrote them, with their zone: converting them is the calendar program's business.  Never fails; a
calendar without a readable event gives ''.
"""

import re

MAX_SOURCE = 200_000
MAX_VALUE = 200

_FOLD = re.compile(r"\r?\n[ \t]")
_ESCAPED = re.compile(r"\\(.)")
_MOMENT = re.compile(r"(\d{8})(?:T(\d{4})(?:\d{2})?(Z?))?")
_ZONE = re.compile(r"TZID=\"?([^\";:,]{1,60})", re.IGNORECASE)
_NAME = re.compile(r"CN=(?:\"([^\"]{1,100})\"|([^;:,]{1,100}))", re.IGNORECASE)
_PARTSTAT = re.compile(r"PARTSTAT=([A-Za-z-]{1,20})", re.IGNORECASE)
_KINDS = {
    "REQUEST": "Invitation",
    "CANCEL": "Cancelled",
    "REPLY": "Answer to an invitation",
    "COUNTER": "Other proposal",
}
_ANSWERS = {"ACCEPTED": "accepted", "DECLINED": "declined", "TENTATIVE": "tentative"}


def summary(source: str) -> str:
    """The event of a calendar in one line, '' if there is none."""
    lines = _FOLD.sub("", source[:MAX_SOURCE].replace("\r\n", "\n")).split("\n")
    method = next((line[7:].strip().upper() for line in lines if line.upper().startswith("METHOD:")), "")
    event = _event(lines)
    if not event:
        return ""
    return _line(_KINDS.get(method, "Event"), event, answered=method == "REPLY")


def _event(lines: list[str]) -> dict[str, tuple[str, str]]:
    """The first VEVENT: by name of the property its parameters and its value."""
    found: dict[str, tuple[str, str]] = {}
    inside = 0
    for line in lines:
        name, parameters, value = _split(line)
        if name == "BEGIN":
            inside += value.upper() == "VEVENT" or bool(inside)
        elif name == "END" and inside:
            inside -= 1
            if not inside:
                return found
        elif inside == 1 and name:
            found.setdefault(name, (parameters, value))
    return found


def _split(line: str) -> tuple[str, str, str]:
    quoted = False
    for place, char in enumerate(line[:2_000]):
        if char == '"':
            quoted = not quoted
        elif char == ":" and not quoted:
            name, _, parameters = line[:place].partition(";")
            return name.strip().upper(), parameters, line[place + 1 :].strip()
    return "", "", ""


def _line(kind: str, event: dict[str, tuple[str, str]], *, answered: bool) -> str:
    facts = [_text(event.get("SUMMARY")) or "no title", _when(event), _text(event.get("LOCATION"))]
    if answered:
        facts.append(_answer(event.get("ATTENDEE")))
    elif who := _person(event.get("ORGANIZER")):
        facts.append(f"from {who}")
    return f"[{kind}: {', '.join(fact for fact in facts if fact)}]"


def _text(found: tuple[str, str] | None) -> str:
    if found is None:
        return ""
    plain = _ESCAPED.sub(lambda escaped: " " if escaped[1] in "nN" else escaped[1], found[1])
    return " ".join(plain.split())[:MAX_VALUE]


def _when(event: dict[str, tuple[str, str]]) -> str:
    start, end = _moment(event.get("DTSTART")), _moment(event.get("DTEND"))
    if not start:
        return ""
    zone = _zone(event["DTSTART"])
    if end[:10] == start[:10]:
        end = end[11:]
    # The end of a whole day is the day after: it would only confuse.
    period = f"{start}–{end}" if end and len(start) > 10 else start
    return f"{period} {zone}".rstrip()


def _moment(found: tuple[str, str] | None) -> str:
    parts = _MOMENT.match(found[1]) if found else None
    if parts is None:
        return ""
    # Only the looks of a date are changed, so it needs no time zone, and need not exist.
    day = f"{parts[1][:4]}-{parts[1][4:6]}-{parts[1][6:]}"
    return f"{day} {parts[2][:2]}:{parts[2][2:]}" if parts[2] else day


def _zone(found: tuple[str, str]) -> str:
    if found[1].rstrip().endswith("Z"):
        return "UTC"
    zone = _ZONE.search(found[0])
    return zone[1] if zone else ""


def _person(found: tuple[str, str] | None) -> str:
    if found is None:
        return ""
    name = _NAME.search(found[0])
    address = re.sub("^mailto:", "", found[1], flags=re.IGNORECASE)[:MAX_VALUE]
    return f"{name[1] or name[2]} <{address}>" if name and (name[1] or name[2]) != address else address


def _answer(found: tuple[str, str] | None) -> str:
    if found is None:
        return ""
    said = _PARTSTAT.search(found[0])
    return f"{_person(found)}: {_ANSWERS.get(said[1].upper(), said[1].lower())}" if said else _person(found)
