"""The first lines of our letters: below one of them nobody needs to write, the other says who may read on.

The notifier puts the one on top of letters to customers, the scanner cuts an answer there: it is the one
quote mark that does not depend on the customer's mail program.  The other stands on top of letters to
staff, who may answer between their lines; nothing from there on is passed on to a customer.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

REPLY_MARKERS: Mapping[str, str] = MappingProxyType(
    {
        "en": "--- Please write your reply above this line ---",
        "de": "--- Bitte schreiben Sie Ihre Antwort über diese Zeile ---",
        "cs": "--- Svou odpověď prosím napište nad tento řádek ---",
        "da": "--- Skriv venligst dit svar over denne linje ---",
        "es": "--- Por favor, escriba su respuesta por encima de esta línea ---",
        "fr": "--- Merci d'écrire votre réponse au-dessus de cette ligne ---",
        "it": "--- Scriva la sua risposta sopra questa riga ---",
        "nl": "--- Schrijf uw antwoord boven deze regel ---",
        "pl": "--- Prosimy napisać odpowiedź powyżej tej linii ---",
        "pt": "--- Escreva a sua resposta acima desta linha ---",
        "sv": "--- Skriv ditt svar ovanför den här raden ---",
    }
)
"""By language, each exactly one line.  A letter in another language carries the English one, because what stands
here must be known to the scanner for as long as letters are answered: it is no sentence for translators."""

STAFF_MARKERS: Mapping[str, str] = MappingProxyType(
    {
        "en": "For staff only",
        "de": "Nur für Mitarbeiter",
        "cs": "Pouze pro zaměstnance",
        "da": "Kun for medarbejdere",
        "es": "Solo para el personal",
        "fr": "Réservé au personnel",
        "it": "Solo per il personale",
        "nl": "Alleen voor medewerkers",
        "pl": "Tylko dla pracowników",
        "pt": "Apenas para funcionários",
        "sv": "Endast för personal",
    }
)
"""By language, as above.  On the line the ticket's number follows, so that nobody's own words are taken for it."""

# It begins a line, but for signs and the initials of who is quoted; where a program joined lines, dashes stand around
# it.  A sentence with the same words is somebody's own.
_DASHED = (
    r"[-–—=](?: ?[-–—=]){1,2}[>*|\s]{0,9}",
    r"[–—][>*|\s]{0,9}(?=[^\n]{0,60}-\d{1,18} ?[–—])",
)
_BEGINS = "|".join((r"^(?:\w{1,4}>)?(?:[^\w\n]|_){0,40}", *_DASHED))
# Mail programs break lines, take dashes for another sign and mistake the charset: only the letters of ASCII count.
_STAFF = re.compile(
    "|".join(
        r"[>*|\s]{1,9}".join(re.sub(r"[^\x00-\x7f]", r"\\S{1,4}", word) for word in words.split())
        for words in STAFF_MARKERS.values()
    ).join((rf"(?:{_BEGINS})(?<![^\W_])(?:", r")\W{1,12}[A-Za-z]\w{0,20}-\d{1,18}(?![^\W_])")),
    re.IGNORECASE | re.MULTILINE,
)


def staff_marker(language: str, reference: str) -> str:
    """The first line of a letter to staff about the ticket REFERENCE, '' where it is about none."""
    words = STAFF_MARKERS.get(language, STAFF_MARKERS["en"])
    return f"--- {words}: {reference} ---" if reference else ""


def staff_mark(text: str) -> int | None:
    """Where in TEXT the first line of a letter to staff begins, whatever a mail program made of it; None if nowhere."""
    found = _STAFF.search(text)
    return found.start() if found else None


def begins_as_letter(text: str) -> bool:
    """TEXT begins as letters of a helpdesk like this one do."""
    return text.lstrip().startswith((*REPLY_MARKERS.values(), *(f"--- {words}:" for words in STAFF_MARKERS.values())))
