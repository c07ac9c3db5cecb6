"""How letters look: styles inside the elements, colours that can be read, the logo."""

import struct
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.errors import Problem
from domain.settings import Look, Settings
from notifier.look import BadLogo, Colors, Styles, logo
from notifier.samples import check_templates
from tests.notifier.people import settings

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", 400, 100, 8, 6, 0, 0, 0) + b"rest"
GIF = b"GIF89a" + struct.pack("<HH", 20, 10) + b"rest"
JPEG = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc2\x00\x0b\x08" + struct.pack(">HH", 96, 48) + b"\x00" * 12


def looking(**look: object) -> Settings:
    """The company's configuration with this look."""
    return settings(look=look)


def luminance(color: str) -> float:
    def linear(value: float) -> float:
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(int(color[place : place + 2], 16) / 255) for place in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@given(st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}"))
@example("#2ad34a")
def test_any_colour_of_the_house_can_be_read_on_light_and_on_dark(color: str) -> None:
    colors = Colors.of(color)
    assert colors.color == color
    assert contrast(colors.readable, "#ffffff") >= 4.5
    assert contrast(colors.dark, "#1d2024") >= 4.5


def test_styles_are_written_into_elements_and_lines_stay() -> None:
    styles = Styles(
        "/* .a { color: lime } */ .a { color: red; } .b { margin: 0 }\n@media (x) {\n .a { color: blue !important }\n}"
    )
    source = '{% if x %}\n<td title="{{ y }}" class="a b">{{ z }}</td>\n{% endif %}<p class="{{ c }}"><p class="none">'
    assert styles.inlined(source) == (
        '{% if x %}\n<td title="{{ y }}" class="a b" style="color: red;margin: 0;">{{ z }}</td>\n'
        '{% endif %}<p class="{{ c }}"><p class="none">'
    )
    assert styles.at_rules == "@media (x) {\n .a { color: blue !important }\n}"


@pytest.mark.parametrize(
    ("data", "subtype", "width", "height"), [(PNG, "png", 192, 48), (GIF, "gif", 20, 10), (JPEG, "jpeg", 24, 48)]
)
def test_a_logo_is_measured_and_fits(tmp_path: Path, data: bytes, subtype: str, width: int, height: int) -> None:
    (tmp_path / "logo").write_bytes(data)
    found = logo(tmp_path / "logo")
    assert (found.subtype, found.width, found.height) == (subtype, width, height)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"<svg/>", "no PNG, JPEG or GIF"),
        (b"", "no PNG, JPEG or GIF"),
        (PNG[:20], "no PNG, JPEG or GIF"),
        (b"\xff\xd8\xff\xe0\x00\x00" * 50, "no PNG, JPEG or GIF"),
        (PNG + b"x" * 200_000, "more than 200 kB"),
        (None, "cannot be read: No such file or directory"),
    ],
)
def test_a_logo_that_cannot_be_used_is_named(tmp_path: Path, data: bytes | None, said: str) -> None:
    file = tmp_path / "logo.png"
    if data is not None:
        file.write_bytes(data)
    with pytest.raises(BadLogo, match=said):
        logo(file)
    (wrong,) = check_templates(looking(logo=str(file)))
    assert isinstance(wrong, Problem)
    assert said in wrong.text


def test_a_colour_is_six_digits() -> None:
    assert Look(color="#AABBCC").color == "#aabbcc"
    with pytest.raises(ValueError, match="is not a colour"):
        Look(color="red; } body { display: none")
