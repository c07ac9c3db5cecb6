"""The line in our letters below which nobody needs to write.

The notifier puts it on top of the conversation, the scanner cuts an answer there: it is the one
quote mark that does not depend on the customer's mail program.
"""

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
