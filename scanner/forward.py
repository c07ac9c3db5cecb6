"""Who wrote the mail that somebody passes on.

An attached mail says so itself; one that was put into the text is known by the words in front of it
and by the small header that every mail program writes there.  What follows is not quoted history
but what the mail is about.  Never fails; in doubt nobody is named.
"""

import re

from domain.people import Address
from scanner.headers import addresses, any_address

MAX_LINES = 400
MAX_LINE = 400
NEAR = 6
"""Lines around `From:` in which another field of the small header must stand."""

_PASSED_ON = re.compile(
    r"(?:\[[^\]]{1,40}\]\s*)?(?:fwd?|fw|wg|tr|rv|enc|i|doorst|vb|vs|vl|videresendt|pd|továbbítás|ilt|пересл|転送|转发|轉寄|전달)"
    r"\s*[:：]",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(
    r"^[-_=*> ]*(?:begin forwarded message|(?:original )?forwarded message"
    r"|anfang der weitergeleiteten (?:e-mail|nachricht)"
    r"|weitergeleitete nachricht|(?:début du )?message (?:transféré|réexpédié)|(?:inicio del )?mensaje reenviado"
    r"|(?:inizio )?messaggio inoltrato|mensagem (?:encaminhada|reencaminhada)|doorgestuurd bericht"
    r"|vidarebefordrat meddelande|videresendt (?:besked|melding)|välitetty viesti|przekazana wiadomość"
    r"|přeposlaná zpráva|пересылаемое сообщение|перенаправленное сообщение|переслане повідомлення"
    r"|転送されたメッセージ|转发的邮件|轉寄的郵件|전달된 메시지)[-_=*: ]*$",
    re.IGNORECASE | re.MULTILINE,
)
_FROM = re.compile(
    r"[> ]{0,6}\*?(?:from|von|de|da|van|od|fra|från|lähettäjä|от|від|feladó|kimden|de la|差出人|发件人"
    r"|寄件者|보낸 사람)"
    r"\s?\*?\s?[:：]\*?\s*(.{3,300})$",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"[> ]{0,6}\*?(?:sent|date|to|subject|gesendet|datum|an|betreff|envoyé|date|à|objet|enviado(?: el)?|fecha|para"
    r"|asunto|inviato|data|oggetto|verzonden|aan|onderwerp|wysłano|do|temat|sendt|dato|til|emne|skickat|till|ämne|lähetetty"
    r"|vastaanottaja|aihe|отправлено|дата|кому|тема|надіслано|odesláno|komu|předmět|elküldve|címzett|tárgy"
    r"|送信日時|日時|宛先|件名|发送时间|日期|收件人|主题|寄件日期|收件者|主旨|보낸 날짜|받는 사람|제목)\s?\*?\s?[:：]",
    re.IGNORECASE,
)


def original_sender(text: str, subject: str = "") -> Address | None:
    """The writer of the mail that TEXT passes on; None if it passes none on, or does not say whose."""
    head = text[: MAX_LINES * MAX_LINE]
    separator = _SEPARATOR.search(head)
    if separator is None and not _PASSED_ON.match(subject.strip()):
        return None
    lines = head[separator.end() if separator else 0 :].split("\n")[:MAX_LINES]
    for number, line in enumerate(lines):
        found = _FROM.match(line) if len(line) < MAX_LINE else None
        if found and _has_another_field(lines, number):
            return next(iter(addresses([found[1]])), None) or any_address([found[1]])
    return None


def _has_another_field(lines: list[str], number: int) -> bool:
    near = [*lines[max(0, number - NEAR) : number], *lines[number + 1 : number + 1 + NEAR]]
    return any(_OTHER.match(line[:MAX_LINE]) for line in near)
