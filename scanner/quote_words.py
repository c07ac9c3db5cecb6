"""How mail programs mark what is not new: one table, a row for each language.

A reader who speaks a language can check its row and extend it; nothing else needs to change.  Words
are separated by `|` and compared without regard to case; `…` in them stands for a few words more.
Every row carries examples, which the tests put above a quoted mail: what a row promises is tried.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words of one language.

    `openings` begin an attribution (`On 2 March Ada wrote:`), `wrote` are its verbs.  `own` are
    words of running text that no attribution has: `my boss wrote:` quotes nobody's mail.
    `sender`, `moment`, `recipient` and `about` are the fields of a quoted header, `others` its rest.
    `original` stands between dashes above a quoted mail, `forwarded` above a forwarded one, and
    `forwards` are the prefixes of its subject.  `devices` are the lines that telephones add,
    `closings` the words above a name at the end.
    """

    openings: str = ""
    wrote: str = ""
    own: str = ""
    sender: str = ""
    moment: str = ""
    recipient: str = ""
    about: str = ""
    others: str = "cc|bcc"
    original: str = ""
    forwarded: str = ""
    forwards: str = ""
    devices: str = ""
    closings: str = ""
    attributions: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()


WORDS: Mapping[str, Words] = MappingProxyType(
    {
        "en": Words(
            openings="on|at|in reply to|quoting|in message|in a message dated",
            wrote="wrote|writes|has written|quoting",
            own="i|he|she|they|we|you|my|our|his|her|their|your|the|somebody|someone|it",
            sender="from",
            moment="sent|date|received",
            recipient="to",
            about="subject",
            others="cc|bcc|reply-to|importance|priority|attachments|sender|organization",
            original="original message|original appointment|reply message|replied message|original email",
            forwarded="begin forwarded message|forwarded message|original forwarded message|forwarded by …|start of forwarded message",
            forwards="fwd|fw",
            devices="sent from my|sent from outlook|sent from mail|sent from yahoo|sent from gmail|sent from samsung"
            "|sent from proton|sent from aol|sent from the …app|sent from a|sent from i|sent from android"
            "|sent from blackberry|sent from windows|sent from mobile|sent from nine|sent from spark|sent from airmail"
            "|sent with|sent via|sent using|get outlook for|get bluemail for|this message was sent from my",
            closings="regards|best regards|kind regards|warm regards|with kind regards|many regards|best|best wishes"
            "|with best wishes|cheers|sincerely|yours sincerely|yours truly|yours faithfully|yours|thanks|thank you"
            "|many thanks|thanks and regards|thanks & regards|thanks a lot|with regards|rgds|br|kr"
            "|all the best|take care",
            attributions=(
                "On Mon, Mar 2, 2026 at 10:00 AM Ada Byron <ada@x.example> wrote:",
                "On 2 Mar 2026, at 10:00, Ada Byron <ada@x.example> wrote:",
                "On 02/03/2026 10:00, Ada Byron wrote:",
                "On Monday, March 2, 2026 at 10:00:00 AM GMT+1, Ada Byron <ada@x.example> wrote:",
                "---- On Mon, 02 Mar 2026 10:00:00 +0100 Ada Byron <ada@x.example> wrote ----",
                "On Mon, 2026-03-02 at 10:00 +0100, Ada Byron wrote:",
                "Ada Byron <ada@x.example> writes:",
                "2 Mar 2026, 10:00 by ada@x.example:",
                "Ada Byron wrote on 02/03/2026 10:00:",
                "On 2 Mar 2026 10:00 am, Ada Byron <ada@x.example> wrote:",
                "In a message dated 3/2/2026 10:00:00 A.M. W. Europe Standard Time, ada@x.example writes:",
            ),
            headers=(
                "From: Ada Byron <ada@x.example>\nSent: Monday, March 2, 2026 10:00 AM\nTo: Bob\nSubject: Printer",
                "From: Ada Byron <ada@x.example>\nDate: Monday, 2 March 2026 at 10:00\nTo: Bob\nSubject: Hi",
            ),
        ),
        "de": Words(
            openings="am|zitat von|in der nachricht vom|ein",
            wrote="zitat von|schrieb|schrieben|geschrieben|schreibt|schriebst",
            own="ich|wir|er|sie|mein|meine|unser|unsere|sein|seine|ihre|jemand|der kollege|die kollegin|mein chef",
            sender="von|absender",
            moment="gesendet|datum|gesendet am|verschickt",
            recipient="an|empfänger",
            about="betreff",
            others="cc|bcc|kopie|antwort an|wichtigkeit|priorität|anlagen",
            original="ursprüngliche nachricht|originalnachricht|original-nachricht|original nachricht"
            "|originale nachricht|ursprüngliche mail|ursprünglicher termin|original-mail",
            forwarded="weitergeleitete nachricht|anfang der weitergeleiteten nachricht"
            "|anfang der weitergeleiteten e-mail|weitergeleitete e-mail",
            forwards="wg|wtr|weitergeleitet",
            devices="von meinem … gesendet|von meinem/meiner … gesendet|gesendet von|gesendet mit|gesendet über"
            "|diese nachricht wurde von meinem"
            "|von unterwegs gesendet|mobil gesendet|holen sie sich outlook für|outlook für … beziehen"
            "|von outlook für … gesendet|von meiner … gesendet|aus mail für … gesendet|gesendet aus",
            closings="gruß|grüße|viele grüße|beste grüße|liebe grüße|schöne grüße|herzliche grüße|freundliche grüße"
            "|freundlicher gruß|mit freundlichen grüßen|mit freundlichem gruß|mit besten grüßen|mit herzlichen grüßen"
            "|mit freundlichen grüssen|freundliche grüsse|viele grüsse|beste grüsse|liebe grüsse|lg|vg|mfg|bg"
            "|hochachtungsvoll|danke und gruß|danke|vielen dank|vielen dank und viele grüße",
            attributions=(
                "Am Mo., 2. März 2026 um 10:00 Uhr schrieb Ada Byron <ada@x.example>:",
                "Am 02.03.2026 um 10:00 schrieb Ada Byron <ada@x.example>:",
                "Am 02.03.26 um 10:00 schrieb Ada Byron:",
                "Ada Byron <ada@x.example> schrieb am Mo., 2. März 2026, 10:00:",
                "Ada Byron schrieb am 02.03.2026 um 10:00:",
                "Am Montag, 2. März 2026 um 10:00:00 MEZ hat Ada Byron <ada@x.example> Folgendes geschrieben:",
                "Ada Byron <ada@x.example> hat am 02.03.2026 10:00 CET geschrieben:",
                "---- Am Mo., 02 März 2026 10:00:00 +0100 Ada Byron <ada@x.example> schrieb ----",
                "-----Ada Byron <ada@x.example> schrieb: -----",
                "Zitat von Ada Byron <ada@x.example>:",
                "02.03.2026, 10:00 von ada@x.example:",
                "Am Montag, dem 02.03.2026 um 10:00 +0100 schrieb Ada Byron:",
            ),
            headers=(
                "Von: Ada Byron <ada@x.example>\nGesendet: Montag, 2. März 2026 10:00\nAn: Bob\nBetreff: Drucker",
                'Gesendet: Montag, 02. März 2026 um 10:00 Uhr\nVon: "Ada Byron" <ada@x.example>\nAn: Bob\nBetreff: A',
                "Von: Ada Byron\nDatum: Montag, 2. März 2026 um 10:00\nAn: Bob\nCc: Eve\nBetreff: Drucker",
            ),
        ),
        "fr": Words(
            openings="le|en date du|selon|citation de",
            wrote="a écrit|écrivait|écrit|avez écrit",
            own="je|il|elle|nous|vous|mon|ma|mes|notre|nos|son|sa|leur|on",
            sender="de|expéditeur",
            moment="envoyé|envoyé le|date|date d'envoi",
            recipient="à|a|destinataire|pour",
            about="objet|sujet",
            others="cc|cci|copie à|importance|pièces jointes",
            original="message d'origine|message original|message initial|courriel original|message d’origine",
            forwarded="message transféré|message réexpédié|début du message transféré|début du message réexpédié|message transmis",
            forwards="tr|transf|réexp",
            devices="envoyé de mon|envoyé depuis|envoyé à partir de|envoyé avec|envoyé via|envoyé de l|envoyé par"
            "|télécharger outlook pour|obtenez outlook pour|provenance",
            closings="cordialement|bien cordialement|très cordialement|bien à vous|sincères salutations|salutations"
            "|meilleures salutations|cordiales salutations|amicalement|cdlt|merci|merci d'avance|bonne journée"
            "|avec mes salutations|respectueusement",
            attributions=(
                "Le lun. 2 mars 2026 à 10:00, Ada Byron <ada@x.example> a écrit :",
                "Le 02/03/2026 à 10:00, Ada Byron a écrit :",
                "Le 2 mars 2026 à 10:00, Ada Byron <ada@x.example> a écrit\xa0:",
                "Le lundi 2 mars 2026 à 10:00:00 UTC+1, Ada Byron <ada@x.example> a écrit :",
                "Ada Byron <ada@x.example> a écrit le 02/03/2026 10:00 :",
            ),
            headers=(
                "De : Ada Byron <ada@x.example>\nEnvoyé : lundi 2 mars 2026 10:00\nÀ : Bob\nObjet : Imprimante",
                "De\xa0: Ada Byron <ada@x.example>\nDate\xa0: lundi, 2 mars 2026\nÀ\xa0: Bob\nObjet\xa0: Imprimante",
            ),
        ),
        "es": Words(
            openings="el|a las|en|quoting",
            wrote="escribió|ha escrito|escribía|escribio",
            own="yo|él|ella|nosotros|mi|mis|nuestro|nuestra|su|sus",
            sender="de|remitente",
            moment="enviado|enviado el|fecha|enviados",
            recipient="para|a|destinatario",
            about="asunto",
            others="cc|cco|importancia|datos adjuntos|responder a",
            original="mensaje original|mensaje original del|correo original",
            forwarded="mensaje reenviado|inicio del mensaje reenviado|forwarded message",
            forwards="rv|reenv",
            devices="enviado desde|enviado de mi|enviado con|enviado mediante|obtener outlook para"
            "|descargar outlook para"
            "|enviado a través de",
            closings="saludos|un saludo|saludos cordiales|cordialmente|un cordial saludo|atentamente|muchas gracias"
            "|gracias|un abrazo|atte|reciba un cordial saludo|saludos y gracias",
            attributions=(
                "El lun, 2 mar 2026 a las 10:00, Ada Byron (<ada@x.example>) escribió:",
                "El 2 mar 2026, a las 10:00, Ada Byron <ada@x.example> escribió:",
                "El 02/03/2026 a las 10:00, Ada Byron escribió:",
                "El lunes, 2 de marzo de 2026, 10:00:00 CET, Ada Byron <ada@x.example> escribió:",
                "Ada Byron <ada@x.example> escribió el 02/03/2026 10:00:",
            ),
            headers=(
                "De: Ada Byron <ada@x.example>\nEnviado: lunes, 2 de marzo de 2026 10:00\nPara: Bob\nAsunto: Impresora",
                "De: Ada Byron <ada@x.example>\nFecha: lunes, 2 de marzo de 2026\nPara: Bob\nAsunto: Impresora",
            ),
        ),
        "it": Words(
            openings="il|il giorno|in data",
            wrote="ha scritto|scrisse|scrive|hanno scritto",
            own="io|lui|lei|noi|mio|mia|nostro|nostra|suo|sua",
            sender="da|mittente",
            moment="inviato|data|inviato il",
            recipient="a|destinatario",
            about="oggetto",
            others="cc|ccn|importanza|priorità|allegati",
            original="messaggio originale|messaggio originario",
            forwarded="messaggio inoltrato|inizio messaggio inoltrato|inizio del messaggio inoltrato"
            "|messaggio inoltrato da …",
            forwards="i|inoltro|inoltra",
            devices="inviato da|inviato dal mio|inviato con|ottieni outlook per|scarica outlook per|inviato tramite",
            closings="saluti|cordiali saluti|distinti saluti|un saluto|cordialmente|grazie|grazie mille|a presto"
            "|un cordiale saluto|grazie e saluti|buona giornata",
            attributions=(
                "Il giorno lun 2 mar 2026 alle ore 10:00 Ada Byron <ada@x.example> ha scritto:",
                "Il giorno 2 mar 2026, alle ore 10:00, Ada Byron <ada@x.example> ha scritto:",
                "Il 02/03/2026 10:00, Ada Byron ha scritto:",
                "Il lunedì 2 marzo 2026 alle ore 10:00:00 CET, Ada Byron <ada@x.example> ha scritto:",
                "Il 2 marzo 2026 alle 10.00 Ada Byron <ada@x.example> ha scritto:",
            ),
            headers=(
                "Da: Ada Byron <ada@x.example>\nInviato: lunedì 2 marzo 2026 10:00\nA: Bob\nOggetto: Stampante",
                "Da: Ada Byron <ada@x.example>\nData: lunedì 2 marzo 2026\nA: Bob\nOggetto: Stampante",
            ),
        ),
        "pt": Words(
            openings="em|a|no dia|na|aos",
            wrote="escreveu|escreveram|escrevia",
            own="eu|ele|ela|nós|meu|minha|nosso|nossa|seu|sua",
            sender="de|remetente",
            moment="enviado|enviada|enviada em|enviado em|data|data de envio",
            recipient="para|destinatário",
            about="assunto",
            others="cc|cco|bcc|importância|prioridade|anexos",
            original="mensagem original|mensagem de origem|e-mail original",
            forwarded="mensagem encaminhada|início da mensagem encaminhada|mensagem reencaminhada"
            "|início da mensagem reencaminhada",
            forwards="enc|encaminhada|reenc",
            devices="enviado do|enviado de|enviado pelo|enviado a partir|enviado via|enviado com|obter o outlook para"
            "|obtenha o outlook para|baixar outlook para|enviado desde",
            closings="atenciosamente|cumprimentos|com os melhores cumprimentos|melhores cumprimentos|saudações|abraços"
            "|abraço|obrigado|obrigada|muito obrigado|muito obrigada|att|grato|grata|cordialmente|um abraço",
            attributions=(
                "Em seg., 2 de mar. de 2026 às 10:00, Ada Byron <ada@x.example> escreveu:",
                "Ada Byron <ada@x.example> escreveu (segunda, 2/03/2026 à(s) 10:00):",
                "No dia 2 de mar. de 2026, às 10:00, Ada Byron <ada@x.example> escreveu:",
                "Em 02/03/2026 10:00, Ada Byron escreveu:",
                "A segunda, 2 de mar de 2026, 10:00, Ada Byron <ada@x.example> escreveu:",
                "Em segunda-feira, 2 de março de 2026 às 10:00:00 BRT, Ada Byron <ada@x.example> escreveu:",
            ),
            headers=(
                "De: Ada Byron <ada@x.example>\nEnviado: segunda-feira, 2 de março de 2026\nPara: Bob\nAssunto: Oi",
                "De: Ada Byron <ada@x.example>\nEnviada em: segunda-feira, 2 de março de 2026\nPara: Bob\nAssunto: Oi",
            ),
        ),
        "nl": Words(
            openings="op|citeren",
            wrote="schreef|geschreven|schreven|schrijft",
            own="ik|hij|zij|wij|mijn|onze|ons|zijn|haar|hun",
            sender="van|afzender",
            moment="verzonden|datum|verstuurd|gestuurd",
            recipient="aan|naar",
            about="onderwerp",
            others="cc|bcc|urgentie|prioriteit|bijlagen|beantwoorden aan",
            original="oorspronkelijk bericht|origineel bericht|oorspronkelijke bericht|originele bericht"
            "|oorspronkelijke afspraak",
            forwarded="doorgestuurd bericht|begin doorgestuurd bericht|begin doorgestuurde bericht|forwarded message",
            forwards="doorst|dst",
            devices="verstuurd vanaf|verzonden vanaf|verstuurd met|verzonden met|verzonden via|verstuurd via"
            "|outlook voor … downloaden|download outlook voor|outlook voor … ophalen|verzonden vanuit",
            closings="groet|groeten|met vriendelijke groet|met vriendelijke groeten|vriendelijke groet|hartelijke groet"
            "|hartelijke groeten|vriendelijke groeten|mvg|met groet|bedankt|dank|alvast bedankt|hoogachtend|gr",
            attributions=(
                "Op ma 2 mrt 2026 om 10:00 schreef Ada Byron <ada@x.example>:",
                "Op 2 mrt. 2026 om 10:00 heeft Ada Byron <ada@x.example> het volgende geschreven:",
                "Op 02-03-2026 om 10:00 schreef Ada Byron:",
                "Op maandag 2 maart 2026 10:00:00 CET schreef Ada Byron <ada@x.example>:",
                "Ada Byron <ada@x.example> schreef op 2 maart 2026 10:00:",
            ),
            headers=(
                "Van: Ada Byron <ada@x.example>\nVerzonden: maandag 2 maart 2026 10:00\nAan: Bob\nOnderwerp: Printer",
                "Van: Ada Byron <ada@x.example>\nDatum: maandag 2 maart 2026\nAan: Bob\nOnderwerp: Printer",
            ),
        ),
        "da": Words(
            openings="den|d.",
            wrote="skrev|skriver|har skrevet",
            own="jeg|han|hun|vi|min|mit|mine|vores|hans|hendes",
            sender="fra|afsender",
            moment="sendt|dato",
            recipient="til|modtager",
            about="emne",
            others="cc|bcc|kopi|prioritet|vedhæftede filer|vigtighed",
            original="oprindelig meddelelse|oprindelig besked|original besked|original meddelelse",
            forwarded="videresendt meddelelse|videresendt besked|start på videresendt meddelelse"
            "|start på videresendt besked|videresendt mail",
            forwards="videresend|videresendt",
            devices="sendt fra|sendt med|sendt via|hent outlook til|få outlook til",
            closings="hilsen|mvh|med venlig hilsen|venlig hilsen|venlige hilsner|de bedste hilsner|bedste hilsner|kh"
            "|kærlig hilsen|med venlige hilsner|tak|på forhånd tak|vh|dbh",
            attributions=(
                "Den man. 2. mar. 2026 kl. 10.00 skrev Ada Byron <ada@x.example>:",
                "Den 2. mar. 2026 kl. 10.00 skrev Ada Byron <ada@x.example>:",
                "Den 02-03-2026 kl. 10:00 skrev Ada Byron:",
                "Ada Byron <ada@x.example> skrev den 2. marts 2026 10:00:",
                "mandag den 2. marts 2026 10.00.00 CET skrev Ada Byron <ada@x.example>:",
            ),
            headers=(
                "Fra: Ada Byron <ada@x.example>\nSendt: 2. marts 2026 10:00\nTil: Bob\nEmne: Printer",
                "Fra: Ada Byron <ada@x.example>\nDato: mandag den 2. marts 2026\nTil: Bob\nEmne: Printer",
            ),
        ),
        "sv": Words(
            openings="den|på",
            wrote="skrev|skriver|har skrivit",
            own="jag|han|hon|vi|min|mitt|mina|vår|vårt|hans|hennes",
            sender="från|avsändare",
            moment="skickat|datum|skickades",
            recipient="till|mottagare",
            about="ämne",
            others="cc|bcc|kopia|prioritet|bifogade filer|svara till",
            original="ursprungligt meddelande|originalmeddelande|ursprungsmeddelande",
            forwarded="vidarebefordrat meddelande|vidarebefordrat brev|påbörjat vidarebefordrat meddelande"
            "|vidarebefordrat mejl|vidarebefordrat e-postmeddelande",
            forwards="vb|vidarebefordrat",
            devices="skickat från|skickad från|skickat med|skickat via|hämta outlook för|skaffa outlook för",
            closings="hälsningar|mvh|med vänlig hälsning|med vänliga hälsningar|vänliga hälsningar|vänlig hälsning"
            "|bästa hälsningar|hälsar|tack|tack på förhand|många hälsningar|vh|tack och hej",
            attributions=(
                "Den mån 2 mars 2026 kl 10:00 skrev Ada Byron <ada@x.example>:",
                "2 mars 2026 kl. 10:00 skrev Ada Byron <ada@x.example>:",
                "Den 2026-03-02 kl. 10:00, skrev Ada Byron:",
                "Den mån 2 mars 2026 10:00Ada Byron <ada@x.example> skrev:",
                "måndag 2 mars 2026 10:00:00 CET skrev Ada Byron <ada@x.example>:",
            ),
            headers=(
                "Från: Ada Byron <ada@x.example>\nSkickat: den 2 mars 2026 10:00\nTill: Bob\nÄmne: Skrivare",
                "Från: Ada Byron <ada@x.example>\nDatum: måndag 2 mars 2026\nTill: Bob\nÄmne: Skrivare",
            ),
        ),
        "no": Words(
            openings="den|på",
            wrote="skrev|skriver|har skrevet",
            own="jeg|han|hun|vi|min|mitt|mine|vår|vårt|hans|hennes",
            sender="fra|avsender",
            moment="sendt|dato",
            recipient="til|mottaker",
            about="emne",
            others="cc|bcc|kopi|prioritet|vedlegg|viktighet",
            original="opprinnelig melding|original melding|opprinnelig e-post",
            forwarded="videresendt melding|videresendt e-post|start på videresendt melding"
            "|begynnelse på videresendt melding",
            forwards="videresend|videresendt",
            devices="sendt fra|sendt med|sendt via|skaff deg outlook for|få outlook for|hent outlook for",
            closings="hilsen|mvh|med vennlig hilsen|vennlig hilsen|vennlige hilsener|beste hilsen|med hilsen|hilsner"
            "|på forhånd takk|takk|ha en fin dag|vh",
            attributions=(
                "man. 2. mars 2026 kl. 10:00 skrev Ada Byron <ada@x.example>:",
                "2. mars 2026 kl. 10:00 skrev Ada Byron <ada@x.example>:",
                "Den 02.03.2026 10:00, skrev Ada Byron:",
                "mandag 2. mars 2026 kl. 10:00:00 CET skrev Ada Byron <ada@x.example>:",
            ),
            headers=(
                "Fra: Ada Byron <ada@x.example>\nSendt: mandag 2. mars 2026 10:00\nTil: Bob\nEmne: Skriver",
                "Fra: Ada Byron <ada@x.example>\nDato: mandag 2. mars 2026\nTil: Bob\nKopi: Eve\nEmne: Skriver",
            ),
        ),
        "fi": Words(
            openings="päivänä",
            wrote="kirjoitti|kirjoittaa|on kirjoittanut",
            own="minä|hän|me|minun|meidän|hänen|pomoni",
            sender="lähettäjä|keneltä",
            moment="lähetetty|päivämäärä|päiväys|lähetysaika|pvm",
            recipient="vastaanottaja|kenelle|vastaanottajat",
            about="aihe|otsikko",
            others="kopio|piilokopio|tärkeys|liitteet",
            original="alkuperäinen viesti|alkuperäinen sähköposti",
            forwarded="välitetty viesti|edelleenlähetetty viesti|välitetty viesti alkaa|edelleen lähetetty viesti",
            forwards="vl|välitetty",
            devices="lähetetty …stani|lähetetty …sta|lähetetty …ltä|hanki outlook for|lähetetty iphonesta"
            "|lähetetty mobiili…|hanki outlook",
            closings="terveisin|ystävällisin terveisin|parhain terveisin|yst. terv|t|terv|kiitos|kiittäen"
            "|hyvää päivänjatkoa",
            attributions=(
                "ma 2. maalisk. 2026 klo 10.00 Ada Byron (ada@x.example) kirjoitti:",
                "Ada Byron kirjoitti 2.3.2026 klo 10.00:",
                "Ada Byron <ada@x.example> kirjoitti 2.3.2026 kello 10.00:",
                "maanantai 2. maaliskuuta 2026 klo 10.00.00 Ada Byron <ada@x.example> kirjoitti:",
            ),
            headers=(
                "Lähettäjä: Ada Byron <ada@x.example>\nLähetetty: ma 2. maalisk. 2026\nVastaanottaja: Bob\nAihe: Hei",
            ),
        ),
        "pl": Words(
            openings="dnia|w dniu|dn.|w|wiadomość napisana przez",
            wrote="napisał|napisała|napisał(a)|napisał/a|pisze|wiadomość napisana przez|napisali",
            own="ja|on|ona|my|mój|moja|nasz|nasza|jego|jej",
            sender="od|nadawca",
            moment="wysłano|data|wysłane|wysłany",
            recipient="do|adresat|odbiorca",
            about="temat",
            others="dw|udw|kopia|ważność|załączniki",
            original="wiadomość oryginalna|oryginalna wiadomość|wiadomość pierwotna|treść oryginalnej wiadomości"
            "|oryginalny e-mail",
            forwarded="przekazana wiadomość|wiadomość przekazana dalej|początek przekazywanej wiadomości"
            "|treść przekazanej wiadomości|wiadomość przekazana|forwarded message",
            forwards="pd",
            devices="wysłane z|wysłano z|pobierz outlook dla|wysłane za pomocą|wysłane przez|uzyskaj aplikację outlook",
            closings="pozdrawiam|z poważaniem|z powazaniem|pozdrowienia|serdecznie pozdrawiam|pozdrawiam serdecznie"
            "|dziękuję|z wyrazami szacunku|dzięki|miłego dnia|łączę pozdrowienia|z góry dziękuję",
            attributions=(
                "pon., 2 mar 2026 o 10:00 Ada Byron <ada@x.example> napisał(a):",
                "Wiadomość napisana przez Ada Byron <ada@x.example> w dniu 2 mar 2026, o godz. 10:00:",
                "W dniu 02.03.2026 o 10:00, Ada Byron pisze:",
                "Dnia 2 marca 2026 10:00 Ada Byron <ada@x.example> napisał(a):",
                "W dniu 2026-03-02 10:00:00 użytkownik Ada Byron <ada@x.example> napisał:",
                "poniedziałek, 2 marca 2026 10:00:00 CET, Ada Byron <ada@x.example> napisał(a):",
            ),
            headers=(
                "Od: Ada Byron <ada@x.example>\nWysłano: poniedziałek, 2 marca 2026 10:00\nDo: Bob\nTemat: Drukarka",
                "Od: Ada Byron <ada@x.example>\nData: poniedziałek, 2 marca 2026\nDo: Bob\nDW: Eve\nTemat: Drukarka",
            ),
        ),
        "cs": Words(
            openings="dne|v",
            wrote="napsal|napsala|napsal(a)|napsal/a|píše|odesílatel",
            own="já|on|ona|my|můj|moje|náš|naše|jeho|její",
            sender="od|odesílatel",
            moment="odesláno|datum|odesláno dne",
            recipient="komu|pro|příjemce",
            about="předmět",
            others="kopie|skrytá kopie|důležitost|přílohy",
            original="původní zpráva|původní e-mail|původní email|původní mail|originální zpráva",
            forwarded="přeposlaná zpráva|začátek přeposlané zprávy|předaná zpráva|přeposlaný e-mail|forwarded message",
            forwards="předat|přep",
            devices="odesláno z|odesláno ze|získejte outlook pro|získat outlook pro|posláno z|odesláno pomocí",
            closings="s pozdravem|s pozdravom|pozdrav|s úctou|děkuji|děkuji za odpověď|hezký den|zdravím|díky"
            "|s přátelským pozdravem|přeji hezký den|děkuji a přeji hezký den",
            attributions=(
                "po 2. 3. 2026 v 10:00 odesílatel Ada Byron <ada@x.example> napsal:",
                "Dne 02. 03. 26 v 10:00 Ada Byron napsal(a):",
                "Dne 2. 3. 2026 v 10:00, Ada Byron <ada@x.example> napsal(a):",
                "2. 3. 2026 v 10:00, Ada Byron <ada@x.example>:",
            ),
            headers=(
                "Od: Ada Byron <ada@x.example>\nOdesláno: pondělí 2. března 2026 10:00\nKomu: Bob\nPředmět: Tiskárna",
                "Od: Ada Byron <ada@x.example>\nKomu: bob@y.example\nDatum: 2. 3. 2026 10:00:00\nPředmět: Tiskárna",
            ),
        ),
        "sk": Words(
            openings="dňa|v",
            wrote="napísal|napísala|napísal(a)|píše|napísal/a",
            own="ja|on|ona|môj|moja|náš|naša",
            sender="od|odosielateľ",
            moment="odoslané|dátum|odoslaný",
            recipient="komu|pre|adresát",
            about="predmet",
            others="kópia|dôležitosť",
            original="pôvodná správa|originálna správa",
            forwarded="preposlaná správa|odovzdaná správa|začiatok preposlanej správy",
            forwards="fw",
            devices="odoslané z|odoslané zo|získajte outlook pre",
            closings="s pozdravom|pozdrav|s úctou|ďakujem|pekný deň|vďaka",
            attributions=(
                "po 2. 3. 2026 o 10:00 Ada Byron <ada@x.example> napísal(a):",
                "Dňa 2. 3. 2026 o 10:00 Ada Byron napísal(a):",
            ),
            headers=(
                "Od: Ada Byron <ada@x.example>\nOdoslané: pondelok 2. marca 2026 10:00\nKomu: Bob\nPredmet: Tlačiareň",
            ),
        ),
        "ru": Words(
            openings="в|во",
            wrote="написал|написала|написал(а)|пишет|писал|писала|написали|вы писали",
            own="я|он|она|мы|мой|моя|наш|наша|его|её",
            sender="от|от кого|отправитель",
            moment="отправлено|дата|отправлен|дата отправки",
            recipient="кому|получатель",
            about="тема",
            others="копия|скрытая копия|важность|вложения",
            original="исходное сообщение|оригинальное сообщение|исходное письмо|пересылаемое сообщение от …"
            "|original message",
            forwarded="пересылаемое сообщение|перенаправленное сообщение|начало переадресованного сообщения|переадресованное сообщение"
            "|пересылаемое письмо|начало пересылаемого сообщения|пересланное сообщение|конец пересылаемого сообщения",
            forwards="пересл|пер",
            devices="отправлено с|отправлено из|отправлено через|отправлено моим|получите outlook для"
            "|скачать outlook для"
            "|отправлено почтой",
            closings="с уважением|с наилучшими пожеланиями|всего доброго|спасибо|заранее спасибо"
            "|с уважением и наилучшими"
            " пожеланиями|заранее благодарю|всего наилучшего|искренне ваш|до свидания",
            attributions=(
                "пн, 2 мар. 2026 г. в 10:00, Ada Byron <ada@x.example>:",
                "2 марта 2026 г., в 10:00, Ada Byron <ada@x.example> написал(а):",
                "02.03.2026 10:00, Ada Byron пишет:",
                '02.03.2026, 10:00, "Ada Byron" <ada@x.example>:',
                "Понедельник, 2 марта 2026, 10:00 +03:00 от Ada Byron <ada@x.example>:",
                "Вы писали 2 марта 2026 г., 10:00:00:",
            ),
            headers=(
                "От: Ada Byron <ada@x.example>\nОтправлено: 2 марта 2026 г. 10:00\nКому: Bob\nТема: Принтер",
                "От кого: Ada Byron <ada@x.example>\nКому: Bob\nДата: Понедельник, 2 марта 2026\nТема: Принтер",
            ),
        ),
        "uk": Words(
            openings="у|в|о",
            wrote="пише|написав|написала|написав(ла)|пишуть|написав(-ла)",
            own="я|він|вона|ми|мій|моя|наш|наша|його|її",
            sender="від|від кого|відправник",
            moment="надіслано|дата|відправлено",
            recipient="кому|одержувач",
            about="тема",
            others="копія|прихована копія|важливість",
            original="оригінальне повідомлення|вихідне повідомлення|початкове повідомлення",
            forwarded="переслане повідомлення|початок пересланого повідомлення|перенаправлене повідомлення"
            "|пересилається повідомлення",
            forwards="перес|пересл",
            devices="надіслано з|відправлено з|отримайте outlook для|надіслано через|завантажити outlook для",
            closings="з повагою|з найкращими побажаннями|дякую|щиро дякую|всього найкращого|на все добре|наперед дякую",
            attributions=(
                "пн, 2 бер. 2026 р. о 10:00 Ada Byron <ada@x.example> пише:",
                "2 бер. 2026 р. о 10:00 Ada Byron <ada@x.example> написав(ла):",
                "02.03.2026 10:00, Ada Byron пише:",
                '30 серп. 2026 р. 20:45 "Ada" <ada@x.example> пише:',
            ),
            headers=(
                "Від: Ada Byron <ada@x.example>\nНадіслано: понеділок, 2 березня 2026 р.\nКому: Bob\nТема: Принтер",
            ),
        ),
        "ja": Words(
            openings="",
            wrote="のメール|は書きました|書きました|が書きました|のメッセージ|さんは書きました|wrote",
            sender="差出人|送信者|from",
            moment="送信日時|日時|日付|送信|送信日|date",
            recipient="宛先|to",
            about="件名|subject",
            others="cc|bcc|重要度|添付ファイル",
            original="元のメッセージ|元のメール|original message|オリジナルメッセージ",
            forwarded="転送されたメッセージ|転送メッセージ|転送メール|forwarded message|転送されたメール",
            forwards="転送",
            devices="iphoneから送信|ipadから送信|androidから送信|私の…から送信|…から送信|…から送信されました"
            "|outlook for … を入手",
            closings="よろしくお願いします|よろしくお願いいたします|宜しくお願いします|宜しくお願いいたします|敬具"
            "|以上、よろしくお願いいたします|以上、よろしくお願いします|以上|どうぞよろしくお願いいたします",
            attributions=(
                "2026年3月2日(月) 10:00 Ada Byron <ada@x.example>:",
                "2026/03/02 10:00、Ada Byron <ada@x.example>のメール:",
                "2026年3月2日 10:00、Ada Byronのメール：",
                "On 2026/03/02 10:00, Ada Byron wrote:",
                "2026年3月2日月曜日 10:00:00 JST、Ada Byron <ada@x.example>が書きました:",
            ),
            headers=(
                "差出人: Ada Byron <ada@x.example>\n送信日時: 2026年3月2日 10:00\n宛先: Bob\n件名: プリンター",
            ),
        ),
        "zh": Words(
            openings="在|于|於",
            wrote="写道|寫道|写到|书写|撰写|的邮件|的来信|寫到|來信",
            own="我|他|她|我们|我們|我的|老板|老闆",
            sender="发件人|寄件者|寄件人|發件人|发信人|from",
            moment="发送时间|日期|寄件日期|傳送時間|发送日期|发送|發送時間|時間|时间|寄件時間|发件日期",
            recipient="收件人|收件者|收信人|to",
            about="主题|主旨|主題|标题|標題",
            others="抄送|副本|密件副本|抄送人|重要性|附件|cc",
            original="原始邮件|原始郵件|原邮件|回复的原邮件|原始信件|原始消息|回复的邮件|回覆的原郵件|原始訊息",
            forwarded="转发邮件|轉寄郵件|转发的邮件|已转发的邮件|轉寄的郵件|轉寄郵件開始|下面是被转发的邮件"
            "|开始转发的邮件|forwarded message|转发邮件信息|开始转发邮件|以下為轉寄郵件|以下是转发的邮件",
            forwards="转发|轉寄|轉發|轉",
            devices="发自我的|發自我的|从我的…发送|從我的…傳送|发送自|傳送自|来自我的|获取|從我的…發送|自我的…發送"
            "|来自…发送|寄自我的",
            closings="此致|谢谢|謝謝|祝好|敬上|顺颂商祺|祝商祺|多谢|順頌商祺|此致敬礼",
            attributions=(
                "Ada Byron <ada@x.example> 于2026年3月2日周一 10:00写道：",
                "在 2026年3月2日，10:00，Ada Byron <ada@x.example> 写道：",
                "Ada Byron <ada@x.example> 於 2026年3月2日 週一 上午10:00寫道：",
                "在 2026-03-02 10:00:00，Ada Byron <ada@x.example> 写道：",
                'At 2026-03-02 10:00:00, "Ada Byron" <ada@x.example> wrote:',
                "在 2026/3/2 10:00, Ada Byron 写道:",
                "Ada Byron <ada@x.example> 在 2026年3月2日 星期一 上午10:00 寫道：",
                "2026-03-02 10:00 GMT+08:00 Ada Byron <ada@x.example>:",
            ),
            headers=(
                "发件人: Ada Byron <ada@x.example>\n发送时间: 2026年3月2日 10:00\n收件人: Bob\n主题: 打印机",
                "寄件者: Ada Byron <ada@x.example>\n寄件日期: 2026年3月2日 10:00\n收件者: Bob\n主旨: 印表機",
                "发件人：Ada Byron <ada@x.example>\n日期：2026年3月2日\n收件人：Bob\n主题：打印机",
            ),
        ),
        "ko": Words(
            openings="",
            wrote="작성|님이 작성|님이 씀|씀|썼습니다|작성함|님이 보낸 메시지|wrote",
            sender="보낸 사람|보낸사람|발신|발신자|from",
            moment="보낸 날짜|보낸날짜|날짜|보낸 시간|발송일|전송|보낸 날짜/시간|sent|date",
            recipient="받는 사람|받는사람|수신|수신자|to",
            about="제목",
            others="참조|숨은 참조|중요도|첨부 파일|cc",
            original="원본 메시지|원본 메일|원본 이메일|원본메시지|original message",
            forwarded="전달된 메시지|전달한 메시지|전달된 메일|forwarded message|전달된 이메일",
            forwards="전달|fw",
            devices="나의 iphone에서 보냄|나의 …에서 보냄|내 …에서 보냄|…에서 보냄|…에서 보냈습니다"
            "|ios용 outlook|android용 outlook",
            closings="감사합니다|감사 드립니다|드림|올림|고맙습니다|안녕히 계세요|수고하세요",
            attributions=(
                "2026년 3월 2일 (월) 오전 10:00, Ada Byron <ada@x.example>님이 작성:",
                "2026. 3. 2. 오전 10:00, Ada Byron <ada@x.example> 작성:",
                "2026-03-02 오전 10:00에 Ada Byron 이(가) 쓴 글: Ada Byron <ada@x.example> 작성:",
                "2026년 3월 2일 월요일 10:00, Ada Byron <ada@x.example> 씀:",
            ),
            headers=(
                "보낸 사람: Ada Byron <ada@x.example>\n보낸 날짜: 2026년 3월 2일 월요일\n받는 사람: Bob\n제목: 프린터",
            ),
        ),
        "hu": Words(
            wrote="írta|ezt írta|a következőt írta|írt",
            own="én|ő|mi|a főnököm",
            sender="feladó|küldő",
            moment="elküldve|dátum|küldve|küldés ideje",
            recipient="címzett",
            about="tárgy",
            others="másolat|másolatot kap|titkos másolat|fontosság",
            original="eredeti üzenet|eredeti levél",
            forwarded="továbbított üzenet|továbbított levél|továbbított üzenet kezdete",
            forwards="továbbítás|tov",
            devices="küldve|elküldve az|az iphone készülékemről küldve|az outlook letöltése",
            closings="üdvözlettel|tisztelettel|köszönettel|üdv|köszönöm|előre is köszönöm",
            attributions=(
                "Ada Byron <ada@x.example> ezt írta (időpont: 2026. márc. 2., H, 10:00):",
                "2026. 03. 02. 10:00 keltezéssel, Ada Byron írta:",
            ),
            headers=("Feladó: Ada Byron <ada@x.example>\nElküldve: 2026. március 2.\nCímzett: Bob\nTárgy: Nyomtató",),
        ),
        "tr": Words(
            wrote="yazdı|şunları yazdı|şöyle yazdı|tarihinde yazdı|yazmış",
            own="ben|o|biz|benim|bizim|patronum",
            sender="kimden|gönderen",
            moment="gönderildi|tarih|gönderme tarihi|gönderim tarihi",
            recipient="kime|alıcı",
            about="konu",
            others="bilgi|cc|gizli",
            original="orijinal ileti|orijinal mesaj|özgün ileti|asıl ileti",
            forwarded="iletilen mesaj|yönlendirilmiş ileti|iletilmiş mesaj|iletilen ileti",
            forwards="ilt|iletildi",
            devices="iphone'umdan gönderildi|…dan gönderildi|…den gönderildi|…tan gönderildi|outlook for … edinin",
            closings="saygılarımla|iyi çalışmalar|teşekkürler|teşekkür ederim|selamlar|sevgiler|iyi günler|saygılar",
            attributions=(
                "Ada Byron <ada@x.example>, 2 Mar 2026 Pzt, 10:00 tarihinde şunu yazdı:",
                "Ada Byron <ada@x.example> şunları yazdı (2 Mar 2026 10:00):",
                "2.03.2026 10:00 tarihinde Ada Byron yazdı:",
            ),
            headers=("Kimden: Ada Byron <ada@x.example>\nGönderildi: 2 Mart 2026 Pazartesi\nKime: Bob\nKonu: Yazıcı",),
        ),
        "ro": Words(
            openings="pe|în|la",
            wrote="a scris|scris",
            own="eu|el|ea|noi|meu|mea|nostru|noastră",
            sender="de la|de|expeditor",
            moment="trimis|data|trimis la",
            recipient="către|catre|la|destinatar",
            about="subiect",
            original="mesaj original|mesajul original|mesaj inițial",
            forwarded="mesaj redirecționat|mesaj redirecţionat|mesaj retrimis|începutul mesajului redirecționat",
            forwards="redirecționat|redirecţionat",
            devices="trimis de pe|trimis din|trimis de la|obțineți outlook pentru",
            closings="cu stimă|o zi bună|mulțumesc|cu respect|salutări|toate cele bune|vă mulțumesc",
            attributions=(
                "În lun., 2 mar. 2026 la 10:00, Ada Byron <ada@x.example> a scris:",
                "Pe 02.03.2026 10:00, Ada Byron a scris:",
            ),
            headers=("De la: Ada Byron <ada@x.example>\nTrimis: luni, 2 martie 2026\nCătre: Bob\nSubiect: Imprimantă",),
        ),
    }
)  # fmt: skip


def every(name: str) -> tuple[str, ...]:
    """The words of all languages in the column NAME, in lower case, each once, the longest first."""
    found = {word.strip().lower(): None for row in WORDS.values() for word in _column(row, name)}
    return tuple(sorted(found, key=lambda word: (-len(word), word)))


def _column(row: Words, name: str) -> Iterable[str]:
    return filter(None, str(getattr(row, name)).split("|"))
