"""What of an answer is new: a table of how mail programs quote."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.marker import REPLY_MARKERS
from scanner.quote import reply_text

CUT = {
    "gmail": "Yes.\n\nOn Mon, Mar 2, 2026 at 10:00 AM Ada <ada@x.example> wrote:\n\n> Does it work?\n> Ada",
    "gmail wrapped": "Yes.\n\nOn Mon, Mar 2, 2026 at 10:00 AM Ada Lovelace, MD\n<ada@x.example> wrote:\n> Well?",
    "gmail german": "Ja.\n\nAm Mo., 2. März 2026 um 10:00 Uhr schrieb Ada <ada@x.example>:\n\n> Geht es?\n>\n> Ada",
    "thunderbird german": "Ja.\n\nAm 02.03.26 um 10:00 schrieb Ada:\n> Geht es?",
    "name first": "Ja.\n\nAda <ada@x.example> schrieb am Mo., 2. März 2026, 10:00:\n\n> Geht es?",
    "french": "Oui.\n\nLe 2 mars 2026 à 10:00, Ada <ada@x.example> a écrit :\n\n> Ça marche ?",
    "unmarked history": "Yes.\n\nOn 2 Mar 2026, at 10:00, Ada <ada@x.example> wrote:\n\nDoes it work?\nAda",
    "outlook": "Yes.\n\nFrom: Ada <ada@x.example>\nSent: March 2, 2026 10:00 AM\nTo: Bob\nSubject: Printer\n\nWell?",
    "outlook german": "Ja.\n\n________________________________\nVon: Ada <a@x.example>\nGesendet: 2. März 2026 10:00\n"
    "An: Bob\nBetreff: Drucker\n\nUnd?",
    "outlook bold": "Yes.\n\n*From:* Ada\n*Sent:* Monday\n*To:* Bob\n*Subject:* Printer\n\nWell?",
    "original message": "Yes.\n\n-----Original Message-----\nFrom: Ada\n\nWell?",
    "original german": "Ja.\n\n-----Ursprüngliche Nachricht-----\nVon: Ada\n\nUnd?",
    "bare quote": "Yes.\n\n> Does it work?\n> Ada",
    "signature": "Yes.\n-- \nBob\nBigCorp",
    "quote and signature": "Yes.\n\n-- \nBob\n\nOn 2 Mar 2026, at 10:00, Ada wrote:\n> Well?",
    "telephone": "Yes.\n\nSent from my iPhone",
    "telephone with a link": "Yes.\n\nGet Outlook for iOS (https://aka.ms/o0ukef)",
    "a name with a long link": f"Yes.\n\nKind regards,\nAda Byron\nExample Ltd (https://www.example.com/{'a' * 100})",
    "telephone german, man or woman": "Ja.\n\nVon meinem/meiner Galaxy gesendet\n\n-------- Ursprüngliche Nachricht"
    " --------\nVon: Ada <ada@x.example>\nDatum: 02.03.26 10:00 (GMT+01:00)\nAn: b@x.example\nBetreff: x\n\nUnd?",
    "telephone german": "Ja.\n\nVon meinem iPhone gesendet\n\n> Am 02.03.2026 um 10:00 schrieb Ada:\n> Und?",
    "list footer": "Yes.\n_______________________________________________\nhelp mailing list\n"
    "https://lists.x.example/listinfo/help",
    "marker": f"Yes.\n\nOn 2 Mar 2026 at 10:00 Help <help@x.example> wrote:\n> {REPLY_MARKERS['en']}\n> Hello",
    "marker unquoted": f"Ja.\n\n{REPLY_MARKERS['de']}\nGuten Tag",
    "trailing blanks": "Yes.\n\nOn 2 Mar 2026, at 10:00, Ada <ada@x.example> wrote: \n\nWell?",
    "bottom posting": "On 2 Mar 2026, at 10:00, Ada wrote:\n> Does it work?\n\nYes.",
}

KEPT = {
    "plain": "Hello,\n\nthe printer burns.\n\nRegards",
    "an honest attribution": "Hello,\n\nOn Monday my boss wrote:\nburn the printer.\n\nWhat shall I do?",
    "interleaved": "On 2 Mar 2026, at 10:00, Ada wrote:\n> Is it on?\n\nYes.\n\n> Does it burn?\n\nNo.",
    "interleaved below a greeting": "Hi Ada,\n\nOn 2 Mar 2026, at 10:00, Ada wrote:\n> On?\nYes.\n> Does it burn?\nNo.",
    "a quotation on purpose": "> The printer burns.\n\nThis is what the display says.",
    "only a quote": "> The printer burns.",
    "only a signature": "-- \nBob",
    "only a header": "From: Ada\nSent: Monday\nTo: Bob\nSubject: Printer\n\nWell?",
    "a forwarded mail": "See below.\n\n---------- Forwarded message ---------\nFrom: Ada <ada@x.example>\n"
    "Date: Mon, 2 Mar 2026\nSubject: Printer\nTo: Bob\n\nIt burns.",
    "a list of settings": "From: 10:00\nto 12:00 nothing works.",
    "an enumeration": "I see:\n- smoke\n- fire\n-- much fire",
    "a desk": "It works.\n\nSent from my desk, which is much easier than my mobile phone.",
    "a log": "The log says\nOn 12/03 the server wrote:\nout of paper",
    "my boss, in full": "Hello,\n\nOn 02.03.2026 at 10:15 my boss wrote:\n\nburn the printer.\n\nWhat shall I do?",
    "my boss, german": "Hallo,\n\nam 02.03.2026 um 10:15 schrieb mein Chef:\n\nDrucker weg.\n\nWas tun?",
    "my boss, two sentences": "I restarted it on 12.03.2026 at 10:00.\nThen my boss wrote:\nburn it\n\nWhat now?",
    "a timetable": "Please book.\n\nFrom: Berlin\nTo: Munich\nDate: 2 May\n\nThat is all.",
    "an introduced quotation": "The display says:\n\n> E 42\n> call service",
    "an answer with a dash": "Which one?\n\n-Windows",
    "a postscript": "It works.\n\nThanks,\nBob\n\nPS: And the second printer?",
    "a question below the name": "It works.\n\nRegards\nBob\n\nOr shall I install it once more?",
    # freescout#5624, "The customer's response is lost"; freescout#349, written between the lines of the letter
    "between the lines": "On 2 Mar 2026 at 10:00 Help <help@y.example> wrote:\n> Name?\nBob\n> Room?\nThree\n> Regards",
    # freescout#3235, nothing would be visible
    "nothing but what looks quoted": "> On 2 Mar 2026 at 10:00 Help <help@y.example> wrote:\n> Name?",
    "only a closing": "Thanks,\nBob",
}


SIGNED = (
    "Regards\nBob",
    "Mit freundlichen Grüßen\n\nBob Byron\nBeispiel GmbH\nTel. +49 30 000000",
    "Best regards,\nBob Byron | Example Ltd | www.example.com",
    "Viele Grüße / Best regards\nBob",
    "-Bob Byron",
    "-- \nBob",
    "—\nBob",
    "Cordialement,\nBob\n\nEnvoyé de mon téléphone",
    "Regards\nBob\n\nGet Outlook for iOS<https://aka.example/o0ukef>",
)


@pytest.mark.parametrize("signature", SIGNED)
@pytest.mark.parametrize("history", ["", "\n\nOn 2 Mar 2026 at 10:00 Help <help@y.example> wrote:\n> Well?"])
def test_a_signature_is_left_out(signature: str, history: str) -> None:
    assert reply_text(f"Yes.\n\n{signature}{history}") == "Yes."


@pytest.mark.parametrize("text", CUT.values(), ids=CUT)
def test_history_and_signature_are_left_out(text: str) -> None:
    assert reply_text(text) in ("Yes.", "Ja.", "Oui.")


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT)
def test_what_may_be_the_writers_own_is_kept(text: str) -> None:
    assert reply_text(text) == text


def test_a_forwarded_mail_loses_the_signature_above_it_only() -> None:
    forwarded = (
        "---------- Forwarded message ---------\nFrom: Ada <ada@x.example>\nSubject: Printer\n\nIt burns.\n-- \nAda"
    )
    assert reply_text(f"See below.\n-- \nBob\n\n{forwarded}") == f"See below.\n{forwarded}"


def test_a_forwarded_mail_is_told_by_its_subject() -> None:
    text = "See below.\n\nFrom: Ada\nSent: Monday\nTo: Bob\nSubject: Printer\n\nIt burns."
    assert reply_text(text, subject="WG: Printer") == text
    assert reply_text(text, subject="AW: Printer") == "See below."


def test_an_answer_written_below_our_marker_is_kept() -> None:
    text = f"> {REPLY_MARKERS['en']}\n> Is it on?\n\nYes.\n\n> Does it burn?\n\nNo."
    assert reply_text(text) == text


@given(st.text(st.sampled_from('ab>:-_\n .@19"<FromSentOnwrote'), max_size=400))
def test_it_is_never_empty_where_the_text_is_not(text: str) -> None:
    new = reply_text(text)
    assert bool(new.strip()) == bool(text.strip())
    assert all(line.rstrip() in text for line in new.split("\n"))


def test_text_that_only_looks_like_history_is_given_up_and_kept() -> None:
    looks = "Von: Ada <ada@x.example>\nAn: Bob\n" * 2_000 + "2.2. 2.2. wrote:\n\n" * 2_000
    assert reply_text(f"Hello\n{looks}Bye") == f"Hello\n{looks}Bye"
    quoted = "On Mon, 2 Mar 2026 at 10:00, Ada wrote:\n> Well?\n"
    assert reply_text(f"Hello\n{looks}Bye\n\n{quoted}").endswith("Bye\n\nOn Mon, 2 Mar 2026 at 10:00, Ada wrote:")
    page = "<td>2.2.2026 10:00</td>\n" * 9_000
    assert reply_text(f"Hello\n{page}Bye\n\n{quoted}") == f"Hello\n{page}Bye"


def test_an_answer_between_the_lines_below_our_marker_is_kept() -> None:
    marker = REPLY_MARKERS["de"]
    quoted = f"> {marker}\n> Welche Nummer?\n4711.\n> Seit wann?\nHeute.\n"
    text = f"Zu Ihren Fragen:\n\nAm 2.3.26 um 10:00 schrieb Help:\n{quoted}"
    assert "4711." in reply_text(text)
    assert "Heute." in reply_text(text)
    below = f"Ja.\n\nAm 2.3.26 um 10:00 schrieb Help:\n> {marker}\n> Welche Nummer?\n\n-- \nAnna Kunde\n"
    assert reply_text(below) == "Ja."
