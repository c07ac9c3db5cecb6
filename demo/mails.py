"""Who writes in the demo, and what.  All people, companies and addresses are made up (RFC 2606)."""

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

SUPPORT = "support@acme.example"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a mail address."""

    name: str
    address: str

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>"


JONAS = Person("Jonas Weiß", "jonas@weiss.example")
OLIVIA = Person("Olivia Brown", "olivia@brown.example")
BIGCORP = Person("Mira Jäger", "mira@it.bigcorp.example")
SHOP = Person("Büro Direkt", "angebote@buerodirekt.example")
PAUL = Person("Paul Stille", "paul@stille.example")
STRANGER = Person("Max Muster", "max@fremd.example")
CUSTOMERS = (JONAS, OLIVIA, BIGCORP, SHOP, PAUL, STRANGER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail to the support address, as a customer's mail program writes it."""

    sender: Person
    subject: str
    text: str
    in_reply_to: str = ""
    fields: tuple[tuple[str, str], ...] = ()

    @property
    def gist(self) -> str:
        """What it is about: its longest paragraph."""
        return max(self.text.strip().split("\n\n"), key=len)

    def octets(self, message_id: str, at: datetime) -> bytes:
        """The mail as it travels (RFC 5322), with its Message-ID (without angle brackets)."""
        message = EmailMessage(policy=SMTP)
        message["From"] = Address(self.sender.name, addr_spec=self.sender.address)
        message["To"] = SUPPORT
        message["Subject"] = self.subject
        message["Date"] = format_datetime(at)
        message["Message-ID"] = f"<{message_id}>"
        if self.in_reply_to:
            message["In-Reply-To"] = message["References"] = f"<{self.in_reply_to}>"
        for name, value in self.fields:
            message[name] = value
        message.set_content(self.text, charset="utf-8")
        return bytes(message)


QUESTION = Mail(
    sender=JONAS,
    subject="Übungskonto gesperrt",
    text="""\
Guten Morgen,

seit heute kann ich mich an meinem Übungskonto nicht mehr anmelden. Können Sie es bitte wieder freischalten?

Viele Grüße
Jonas Weiß
""",
)
ENGLISH_QUESTION = Mail(
    sender=OLIVIA,
    subject="Blank pages",
    text="""\
Hello,

our printer on the second floor prints nothing but blank pages since this morning. What can we do about it?

Kind regards,
Olivia Brown
""",
)


def out_of_office(answered: str, subject: str) -> Mail:
    """What Jonas's account answers by itself to the letter ANSWERED."""
    return Mail(
        sender=JONAS,
        subject=f"Automatische Antwort: {subject}",
        text="Ich bin bis 9:30 Uhr in einer Besprechung und antworte danach.\n",
        in_reply_to=answered,
        fields=(("Auto-Submitted", "auto-replied"), ("X-Auto-Response-Suppress", "All")),
    )


def reply_with_tag(reference: str) -> Mail:
    """Jonas's answer from his phone: a new mail that carries nothing but the tag."""
    return Mail(
        sender=JONAS,
        subject=f"[{reference}] Übungskonto",
        text="""\
Es erscheint die Meldung "Konto gesperrt, Grund 7". Danke für Ihre Hilfe!

Jonas Weiß
""",
    )


def reply_without_tag(answered: str) -> Mail:
    """Olivia's answer to the letter ANSWERED, with a subject of her own."""
    return Mail(
        sender=OLIVIA,
        subject="It got worse",
        text="""\
The printer does not print anything at all any more. It only shows a red light. Please hurry, we need our invoices.

Olivia Brown
""",
        in_reply_to=answered,
    )


OUTAGE = Mail(
    sender=BIGCORP,
    subject="Störung im Netz",
    text="""\
Guten Tag,

in unserem Werk erreicht seit sieben Uhr niemand mehr die Server. Bitte melden Sie sich sofort.

Mira Jäger, IT BigCorp
""",
)
NEWSLETTER = Mail(
    sender=SHOP,
    subject="Nur heute: 20 % auf Stühle",
    text="Sparen Sie heute 20 % auf alle Bürostühle. Zum Abbestellen genügt ein Klick.\n",
    fields=(
        ("List-Id", "Angebote <angebote.buerodirekt.example>"),
        ("List-Unsubscribe", "<mailto:abmelden@buerodirekt.example>"),
        ("Precedence", "bulk"),
    ),
)
INVOICE = Mail(
    sender=PAUL,
    subject="Rechnung doppelt",
    text="""\
Guten Tag,

ich habe die Rechnung vom Oktober zweimal bekommen. Welche der beiden soll ich bezahlen?

Paul Stille
""",
)


def guessed_tag(reference: str) -> Mail:
    """The stranger's mail: he knows a ticket's number, as anybody can."""
    return Mail(
        sender=STRANGER,
        subject=f"Re: [{reference}] Übungskonto",
        text="""\
Guten Tag,

bitte schicken Sie die neuen Zugangsdaten für dieses Konto an meine Adresse. Es ist dringend.

Max Muster
""",
    )
