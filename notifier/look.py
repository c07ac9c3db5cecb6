"""How letters look: the colours, the logo, and styles that mail programs keep.

Many programs throw a `<style>` away, so that each element carries its style itself; this is done once, when a template
is loaded.  What cannot stand there (dark mode, small screens) stays in one `<style>`, which may be lost.  Nothing is
loaded from the network: the logo travels with the letter.

Fails with: BadLogo.
"""

import hashlib
import re
import struct
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import css_inline

from domain.errors import DeskError

LOGO_OCTETS = 200_000
LOGO_WIDTH, LOGO_HEIGHT = 220, 48
_CLASS = re.compile(r'(<[a-z][a-z0-9]*\b[^<>]*?)\bclass="([a-z0-9 _-]+)"')
_STYLE = re.compile(r'style="([^"]*)"')
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


class BadLogo(DeskError):
    """The logo of letters is no picture that can be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Logo:
    """A picture on top of letters.  `width` and `height` are how large it is shown, in pixels."""

    data: bytes
    subtype: str
    width: int
    height: int

    @property
    def content_id(self) -> str:
        """The same for the same picture, so that a letter's copies are the same."""
        return f"{hashlib.sha256(self.data).hexdigest()[:20]}@logo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Colors:
    """The house's colour, as it can be read on white, and as it can be read on a dark ground."""

    color: str
    readable: str
    dark: str

    @classmethod
    def of(cls, color: str) -> "Colors":
        """All of them, from one `#rrggbb`."""
        readable = dark = _channels(color)
        # Contrasts of 4.5 and more against white and against the dark sheet (WCAG 2, 1.4.3).
        # 0.183 would do on white, were channels not whole numbers.
        while _luminance(readable) > 0.18:
            readable = tuple(channel * 0.94 for channel in readable)
        while _luminance(dark) < 0.3:
            dark = tuple(channel + (255 - channel) * 0.08 for channel in dark)
        return cls(color=color, readable=_hex(readable), dark=_hex(dark))


class Styles:
    """One style sheet: its rules for single classes, and the rest, which stays a sheet."""

    def __init__(self, sheet: str) -> None:
        self._rules, self.at_rules = _split(_COMMENT.sub("", sheet))
        self._inliner = css_inline.CSSInliner(extra_css=self._rules, load_remote_stylesheets=False)
        self._known: dict[str, str] = {}

    def of(self, classes: str) -> str:
        """The declarations that an element with these CLASSES carries, '' for none."""
        if classes not in self._known:
            written = self._inliner.inline(f'<p class="{classes}"></p>')
            found = _STYLE.search(written)
            self._known[classes] = found[1] if found else ""
        return self._known[classes]

    def inlined(self, source: str) -> str:
        """A template's SOURCE in which each element with a class carries its style; lines stay where they are."""
        return _CLASS.sub(self._with_style, source)

    def _with_style(self, found: re.Match[str]) -> str:
        style = self.of(found[2])
        return f'{found[0]} style="{style}"' if style else found[0]


@lru_cache(maxsize=32)
def logo(path: Path) -> Logo:
    """The picture in PATH, measured.  Raises BadLogo."""
    try:
        with path.open("rb") as stream:
            data = stream.read(LOGO_OCTETS + 1)
    except OSError as error:
        raise BadLogo(f"{path}: the logo cannot be read: {error.strerror or error}") from error
    if len(data) > LOGO_OCTETS:
        raise BadLogo(f"{path}: the logo has more than {LOGO_OCTETS // 1000} kB and would travel with every letter")
    subtype, width, height = _measured(data)
    if not subtype or not width or not height:
        raise BadLogo(f"{path}: the logo is no PNG, JPEG or GIF; mail programs show no others")
    scale = min(LOGO_WIDTH / width, LOGO_HEIGHT / height, 1.0)
    return Logo(data=data, subtype=subtype, width=max(round(width * scale), 1), height=max(round(height * scale), 1))


def _measured(data: bytes) -> tuple[str, int, int]:
    """What picture DATA is, with its width and height; '' for none that is known."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and len(data) > 24:
        return "png", *struct.unpack(">II", data[16:24])
    if data[:6] in (b"GIF87a", b"GIF89a") and len(data) > 10:
        return "gif", *struct.unpack("<HH", data[6:10])
    if data.startswith(b"\xff\xd8"):
        return "jpeg", *_jpeg_size(data)
    return "", 0, 0


def _jpeg_size(data: bytes) -> tuple[int, int]:
    place = 2
    while place + 9 < len(data) and data[place] == 0xFF:
        marker, length = data[place + 1], int.from_bytes(data[place + 2 : place + 4], "big")
        # The frame headers (ITU T.81, table B.1), without the three markers between them that are none.
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[place + 5 : place + 9])
            return width, height
        place += 2 + length
    return 0, 0


def _split(sheet: str) -> tuple[str, str]:
    """The plain rules of SHEET, and its at-rules with what stands in their braces."""
    plain: list[str] = []
    kept: list[str] = []
    place = 0
    while (start := sheet.find("@", place)) >= 0:
        plain.append(sheet[place:start])
        depth, end = 0, start
        for end in range(start, len(sheet)):
            depth += {"{": 1, "}": -1}.get(sheet[end], 0)
            if (sheet[end] == "}" and depth <= 0) or (sheet[end] == ";" and not depth):
                break
        kept.append(sheet[start : end + 1])
        place = end + 1
    plain.append(sheet[place:])
    return "".join(plain), "\n".join(kept)


def _channels(color: str) -> tuple[float, ...]:
    return tuple(float(int(color[place : place + 2], 16)) for place in (1, 3, 5))


def _hex(channels: tuple[float, ...]) -> str:
    return "#" + "".join(f"{round(channel):02x}" for channel in channels)


def _luminance(channels: tuple[float, ...]) -> float:
    """How bright a colour is to the eye, 0 to 1 (WCAG 2, relative luminance)."""
    linear = [c / 3294.6 if c <= 10.31 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
