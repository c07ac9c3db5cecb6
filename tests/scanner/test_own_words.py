"""What a writer wrote himself, and what he passes on: nothing of the one in the other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.message import Message, RawMail
from scanner.quote import own_words
from scanner.read import read

ATTRIBUTION = "Am 07.01.30 um 09:00 schrieb Acme:"
OUTLOOK = "Von: Acme <s@acme.example>\nGesendet: Montag, 7. Januar 2030 09:00\nAn: Ada\nBetreff: x\n\ngeheim"
GREEK = "Από: Acme <s@acme.example>\nΣτάλθηκε: Δευτέρα, 7 Ιανουαρίου 2030 9:00 πμ\nΠρος: Ada\nΘέμα: x\n\ngeheim"
GREEK_GMAIL = "Στις Δευ, 7 Ιαν 2030 στις 9:00 π.μ., ο χρήστης Acme\n<s@acme.example> έγραψε:"
GMAIL = (
    '<div>{words}</div><div class="gmail_quote"><div>Am Mo., 7. Jan. 2030 um 09:00 Uhr schrieb Acme '
    "&lt;s@acme.example&gt;:<br></div><blockquote>geheim<br>zwei</blockquote></div>"
)


def message(body: str, *, subject: str = "Re: x", kind: str = "plain") -> Message:
    head = f"From: ada@acme.example\r\nSubject: {subject}\r\nContent-Type: text/{kind}; charset=utf-8\r\n\r\n"
    data = (head + body).encode()
    return read(RawMail(data=data, size=len(data)))


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Ja.", "Ja."),
        ("Ja.\n\nViele Grüße\nAda", "Ja."),
        (f"Ja.\n\n{ATTRIBUTION}\n> geheim", "Ja."),
        (f"Ja.\n\n{OUTLOOK}", "Ja."),
        (f"Ja.\n{ATTRIBUTION}\n> geheim\nNein.\n> geheim\nGut.", "Ja.\nNein.\nGut."),
        # Languages that the table does not have: what stands below is not the writer's own all the same.
        (f"Ja.\n\n________________________________\n{GREEK}", "Ja."),
        ("Ja.\n\nמאת: Acme <s@acme.example>\nנשלח: יום שני 09:00\nאל: Ada\n\ngeheim", "Ja."),
        ("Ja.\n\nАд: Acme\nДата: Пн, 09:00\nДа: Ada\nТэма: [ACME-1] x\n\ngeheim", "Ja."),
        ("Ort: Saal\nBeginn: 09:00\nEnde: 10:00\n\nBis dann.", "Ort: Saal\nBeginn: 09:00\nEnde: 10:00\n\nBis dann."),
        (f"Ja.\n\n{GREEK_GMAIL}\n> geheim\nNein.\n> zwei", "Ja.\n\nNein."),
        (f"Ja.\n\n{GREEK_GMAIL}\n\ngeheim", "Ja."),
        ("Konto: Ada <ada@x.example>\nServer: mail.x.example", "Konto: Ada <ada@x.example>\nServer: mail.x.example"),
        ("Um 9:30 schreiben Sie an Ada <ada@x.example>:\n\n", "Um 9:30 schreiben Sie an Ada <ada@x.example>:"),
        ("> geheim\n> zwei", ""),
        (f"{ATTRIBUTION}\n> geheim", ""),
        (OUTLOOK, ""),
        (f"-----Ursprüngliche Nachricht-----\n{OUTLOOK}", ""),
        ("-- \nAda Example\nAcme", ""),
        ("Viele Grüße\nAda Example", ""),
        ("Von meinem iPhone gesendet", ""),
        ("--- Please write your reply above this line ---\ngeheim", ""),
        (
            "Siehe unten.\n\n---------- Forwarded message ---------\nVon: K <k@kunde.example>\nTo: a\n\ngeheim",
            "Siehe unten.",
        ),
        ("", ""),
    ],
)
def test_own_words(text: str, own: str) -> None:
    assert own_words(message(text).reply_text) == own


@pytest.mark.parametrize(("words", "own"), [("Ja.", "Ja."), ("<br>", "")])
def test_own_words_of_html_alone(words: str, own: str) -> None:
    assert own_words(message(GMAIL.format(words=words), kind="html").reply_text) == own


@given(st.lists(st.sampled_from(["Ja.", "> geheim", ATTRIBUTION, "-- ", "", *OUTLOOK.splitlines()[:4]]), max_size=12))
def test_quoted_lines_are_never_own_words(lines: list[str]) -> None:
    assert "geheim" not in own_words("\n".join(lines))


SMALL = "Von: Karl <karl@neu.example>\nDatum: 7. Januar 2030\nBetreff: Heizung\nAn: ada@acme.example"


@pytest.mark.parametrize(
    ("subject", "text", "passed_on"),
    [
        (
            "Fwd: Heizung",
            f"Bitte.\n\n---------- Forwarded message ---------\n{SMALL}\n\nKalt.\n\nKarl",
            "Kalt.\n\nKarl",
        ),
        ("WG: Heizung", f"Bitte.\n\n{SMALL}\n\nKalt.", "Kalt."),
        ("Re: Heizung", f"Bitte.\n\n{SMALL}\n\nKalt.", ""),
        ("WG: Heizung", "Bitte.", ""),
        ("WG: Heizung", SMALL, ""),
    ],
)
def test_what_is_passed_on(subject: str, text: str, passed_on: str) -> None:
    assert message(text, subject=subject).forwarded_text == passed_on
