"""What of an HTML answer is new, told by the marks of the mail programs."""

import pytest

from domain.message import Message, RawMail
from scanner.html import text_of
from scanner.quote_html import reply_text_of_html
from scanner.read import read

WHO = "On Mon, Mar 2, 2026 at 10:00 AM Ada &lt;ada@x.example&gt; wrote:"
ELSEWHERE = "Ngày T2, 2 thg 3, 2026 vào lúc 10:00 Ada &lt;ada@x.example&gt; đã viết:"
OLDER = '<blockquote class="gmail_quote">Older</blockquote>'
QUOTE = f'<blockquote class="gmail_quote"><div>Does it?</div>{OLDER}</blockquote>'

CUT = {
    "gmail": f'<div>Yes.</div><div class="gmail_quote"><div class="gmail_attr">{WHO}<br></div>{QUOTE}</div>',
    "gmail in another language": f'<div>Yes.</div><div class="gmail_attr">{ELSEWHERE}</div>{QUOTE}',
    "gmail, answered below": f'<div class="gmail_quote"><div class="gmail_attr">{WHO}</div>{OLDER}</div>Yes.',
    "outlook": '<div>Yes.</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg">Ada</div><p>Old</p>',
    "outlook, quoted twice": '<div><div>Yes.</div><hr><div id="x_divRplyFwdMsg">Ada</div><p>Old</p></div><p>Older</p>',
    "outlook for telephones": '<div>Yes.</div><div id="ms-outlook-mobile-body-separator-line"></div><div>Old</div>',
    "apple": f'Yes.<br><div><blockquote type="cite"><div>{WHO}</div><br><div>Does it?</div></blockquote></div>',
    "thunderbird": '<p>Yes.</p><div class="moz-cite-prefix">Am 02.03.26 um 10:00 schrieb Ada:<br></div>'
    '<blockquote type="cite" cite="mid:1@x.example"><p>Old</p></blockquote><div class="moz-signature">-- <br>Bob</div>',
    "yahoo": '<div>Yes.</div><div class="yahoo_quoted"><p>On Monday, Ada wrote:</p><p>Old</p></div>',
    "gmx": '<div>Yes.<div name="quote" style="margin:10px"><b>Von:</b> Ada<p>Old</p></div></div>',
    "zoho": f'<div>Yes.</div><div class="zmail_extra"><div>---- {WHO} ----</div><blockquote>Old</blockquote></div>',
    "proton": f'<div>Yes.</div><div>{WHO}</div><blockquote class="protonmail_quote">Old</blockquote>',
    "signature": '<div>Yes.</div><br><div class="gmail_signature">Bob Byron<br>Example Ltd</div>',
}  # fmt: skip

KEPT = {
    # freescout#4460, separated because of a <blockquote>
    "the writer's own blockquote": "<p>The display says</p><blockquote>E 42</blockquote><p>What now?</p>",
    # freescout#349, "User reply gets wiped out if written between ticket response text"
    "between the lines": '<blockquote type="cite">Name?</blockquote>Bob<blockquote type="cite">Room?</blockquote>3',
    # freescout#3235, nothing would be left
    "only a quote": '<blockquote type="cite">Does it?</blockquote>',
    "only a signature": '<div class="gmail_signature">Bob</div>',
    "a forwarded mail": '<p>See.</p><blockquote type="cite"><p>Begin forwarded message:</p>From: Ada</blockquote>',
    "gmail's forwarded mail": '<p>See.</p><div class="gmail_quote"><div class="gmail_attr">---- Forwarded message ----'
    "<br>From: Ada &lt;ada@x.example&gt;</div><p>It burns.</p></div>",
}  # fmt: skip


def of(html: str, subject: str = "Re: Printer") -> Message:
    data = f"From: bob@y.example\nSubject: {subject}\nContent-Type: text/html; charset=utf-8\n\n{html}\n".encode()
    return read(RawMail(data=data, size=len(data)))


@pytest.mark.parametrize("html", CUT.values(), ids=CUT)
def test_marked_history_is_left_out_and_still_there(html: str) -> None:
    message = of(html)
    assert message.reply_text == "Yes."
    assert len(message.text) > len("Yes.")


@pytest.mark.parametrize("html", KEPT.values(), ids=KEPT)
def test_what_may_be_the_writers_own_is_kept(html: str) -> None:
    message = of(html)
    assert message.reply_text == message.text


def test_a_forwarded_mail_is_told_by_its_subject() -> None:
    html = CUT["outlook"]
    assert of(html, "WG: Printer").reply_text == of(html).text


def test_an_answer_without_marks_is_left_to_the_rules_for_text() -> None:
    assert reply_text_of_html("<p>Yes.</p>", "Yes.") == ""


@pytest.mark.parametrize("piece", ['<blockquote type="cite">', '<div class="gmail_attr">', '<div id="appendonsend">'])
def test_hostile_nesting_is_survived(piece: str) -> None:
    source = piece * 20_000
    assert isinstance(reply_text_of_html(source, text_of(source)), str)
