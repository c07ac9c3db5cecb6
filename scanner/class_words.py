"""The words by which programs name their mails: one table, a row for each language.

A reader who speaks a language can check its row and extend it.  Words are separated by `|`, compared
without regard to case, and `…` stands for a few words more.  Every row's words are tried by the tests.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words of one language.

    `prefixes` stand with a colon before the subject that is answered: a program writes that, a
    person would answer under `Re:`.  `subjects` begin the subject of an absence note or a receipt,
    but of a question about such notes, too.  `absent` is what the note says, `undelivered` begins the
    subject of a bounce.  `named` stands in the subject of a note behind somebody's name (`Ada Example/Acme
    is out of the office`, Lotus Notes), `sentences` are what a program adds to a note or says in its writer's place.
    """

    prefixes: str = ""
    subjects: str = ""
    absent: str = ""
    undelivered: str = ""
    named: str = ""
    sentences: str = ""


WORDS: Mapping[str, Words] = MappingProxyType(
    {
        "en": Words(
            prefixes="automatic reply|auto reply|auto-reply|autoreply|out of office autoreply|automatic response"
            "|auto response|auto-response|autoresponse|out of office reply|out of the office reply",
            subjects="out of office|out of the office|ooo|away from my mail|away from my office|away from the office"
            "|vacation reply|vacation message|vacation response|on vacation|auto responder|autoresponder"
            "|automated reply|automated response|auto-generated|i am out of the office|i'm out of the office"
            "|i am away|we have received your|your request has been received|your ticket has been|request received",
            absent="out of office|out of the office|away from the office|away from my office|away from my desk"
            "|on annual leave|on vacation|on holiday|on parental leave|on maternity leave|limited access to email"
            "|limited access to e-mail|limited access to my email|automatic reply|automatically generated"
            "|automated response|automated message|will be back|will return on",
            undelivered="undeliver|mail delivery failed|mail delivery failure|mail delivery system|mail delivery status"
            "|mail delivery problem|delivery status notification|delivery failure|delivery has failed|delivery problem"
            "|delivery report|delivery notification|returned mail|failure notice|mail could not|returned to sender"
            "|non-delivery|non delivery|nondeliver|message undeliver|message delivery failure|message not delivered"
            "|warning: could not|warning: message|delayed mail|mail system error|mailsystem error|failed mail"
            "|rejected mail|message status - undeliver|delivery error|your message could not be delivered"
            "|mail failure|email delivery failure|address not found|message delayed|permanent delivery failure",
            named="is out of the office|is out of office|is away from the office|is on vacation|is on annual leave",
            sentences="i will be out of the office starting|will be out of the office and will not return until"
            "|this is an automated response to your message|this is an automatic response to your message"
            "|the only notification you will receive while this person is away",
        ),
        "de": Words(
            prefixes="automatische antwort|abwesenheitsnotiz|abwesenheitsnachricht|abwesenheitsassistent|autoantwort"
            "|automatische rückantwort|abwesenheitsmeldung|automatische abwesenheitsnotiz",
            subjects="abwesend|abwesenheit|nicht im büro|ich bin nicht im büro|im urlaub|urlaubsvertretung"
            "|eingangsbestätigung"
            "|automatische eingangsbestätigung|empfangsbestätigung|ich bin im urlaub|außer haus",
            absent="nicht im büro|nicht im hause|nicht im dienst|nicht erreichbar|nicht am arbeitsplatz|außer haus"
            "|bin … abwesend|derzeit abwesend|zurzeit abwesend|momentan abwesend|derzeit … im urlaub|bin … im urlaub"
            "|wieder im büro|wieder erreichbar|wieder für sie da|automatische antwort|automatisch erstellt"
            "|automatisch generiert|ab dem … wieder|befinde mich … urlaub|ist im urlaub",
            undelivered="unzustellbar|nicht zustellbar|zustellung … fehlgeschlagen|zustellung … nicht möglich"
            "|übermittlung fehlgeschlagen|nachricht nicht zugestellt|zustellfehler|unzustellbarkeit|zustellstatus"
            "|mail konnte nicht|ihre nachricht konnte nicht|benachrichtigung zum übermittlungsstatus"
            "|fehler bei der zustellung",
            named="ist außer haus|ist nicht im büro|ist nicht im hause|ist abwesend|ist im urlaub",
            sentences="ich werde ab … nicht im büro sein|ich bin ab … nicht im büro. ich kehre|ich kehre zurück am"
            "|dies ist eine automatische antwort auf ihre nachricht|die einzige benachrichtigung, die sie",
        ),
        "fr": Words(
            prefixes="réponse automatique|absence du bureau|message d'absence|réponse auto|notification d'absence",
            subjects="absent du bureau|absence|en congé|en congés|je suis absent|accusé de réception",
            absent="absent du bureau|absente du bureau|je suis absent|actuellement absent|actuellement en congé"
            "|en congés|de retour le|réponse automatique|accès limité à mes|pendant mon absence|en mon absence",
            undelivered="non remis|échec de remise|échec de la remise|non distribuable|échec de l'envoi"
            "|courrier non remis"
            "|message non délivré|notification d'état de remise|retour à l'expéditeur|non-remise|avis de non remise",
            named="est absent|est absente|est absent(e)|est en congé",
            sentences="ceci est une réponse automatique à votre message|la seule notification que vous recevrez",
        ),
        "es": Words(
            prefixes="respuesta automática|respuesta automatica",
            subjects="fuera de la oficina|fuera de oficina|ausente|de vacaciones|estoy fuera|acuse de recibo"
            "|ausencia de la oficina",
            absent="fuera de la oficina|estoy de vacaciones|estaré ausente|estoy ausente|respuesta automática"
            "|estaré fuera|acceso limitado|me encuentro de vacaciones|me encuentro fuera",
            undelivered="no se puede entregar|no entregado|no entregable|error de entrega"
            "|notificación de estado de entrega"
            "|entrega fallida|fallo en la entrega|mensaje no entregado|correo devuelto|devuelto al remitente",
            named="está fuera de la oficina|está ausente|está de vacaciones",
            sentences="esta es una respuesta automática a su mensaje|la única notificación que recibirá",
        ),
        "it": Words(
            prefixes="risposta automatica|risposta automatica di assenza",
            subjects="fuori sede|fuori ufficio|assenza|sono fuori ufficio|in ferie|conferma di ricezione"
            "|assente dall'ufficio",
            absent="fuori ufficio|fuori sede|sono assente|in ferie|risposta automatica|sarò assente|di rientro il"
            "|rientrerò|accesso limitato",
            undelivered="mancato recapito|non recapitabile|notifica di mancato recapito|errore di consegna"
            "|avviso di mancata consegna|consegna non riuscita|messaggio non consegnato|impossibile recapitare",
            named="è fuori ufficio|è fuori sede|è assente|è in ferie",
            sentences="questa è una risposta automatica al messaggio|l'unica notifica che",
        ),
        "pt": Words(
            prefixes="resposta automática|resposta automatica",
            subjects="fora do escritório|ausência temporária|ausente do escritório|estou ausente|de férias|férias"
            "|aviso de ausência",
            absent="fora do escritório|estou de férias|estarei ausente|estou ausente|resposta automática"
            "|ausente do escritório|acesso limitado|regresso a|estarei de volta",
            undelivered="não entregue|não foi entregue|falha na entrega|erro de entrega|mensagem não entregue"
            "|não é possível entregar|notificação de status de entrega|devolvido ao remetente|falha de entrega",
        ),
        "nl": Words(
            prefixes="automatisch antwoord|afwezigheidsbericht|automatische reactie",
            subjects="afwezig|niet aanwezig|niet op kantoor|afwezigheid|met vakantie|op vakantie|ontvangstbevestiging",
            absent="niet aanwezig|niet op kantoor|met vakantie|op vakantie|ben ik afwezig|weer aanwezig|weer bereikbaar"
            "|automatisch antwoord|beperkt bereikbaar",
            undelivered="niet bezorgd|onbestelbaar|niet-bestelbaar|kan niet worden bezorgd|bezorging mislukt"
            "|niet afgeleverd|bericht niet afgeleverd|melding van de bezorgingsstatus|retour afzender",
            named="is niet aanwezig|is afwezig|is niet op kantoor",
            sentences="dit is een automatisch antwoord op uw bericht|de enige melding die u",
        ),
        "da": Words(
            prefixes="automatisk svar|autosvar|fraværsmeddelelse|fraværsbesked",
            subjects="ikke på kontoret|fraværende|på ferie|jeg er på ferie|ikke til stede|kvittering for modtagelse",
            absent="ikke på kontoret|på ferie|ferie til og med|er fraværende|tilbage på kontoret|tilbage igen"
            "|automatisk svar",
            undelivered="kan ikke leveres|ikke leveret|meddelelsen kunne ikke leveres|leveringsfejl|kunne ikke leveres"
            "|manglende levering|uleveret",
        ),
        "sv": Words(
            prefixes="automatiskt svar|autosvar|frånvaromeddelande",
            subjects="frånvaro|ej på kontoret|frånvarande|semester|på semester|jag har semester|mottagningsbekräftelse",
            absent="inte på kontoret|ej på kontoret|på semester|har semester|är frånvarande"
            "|tillbaka på kontoret|åter på"
            "|tillbaka den|automatiskt svar|är föräldraledig|begränsad tillgång",
            undelivered="kan inte levereras|ej levererat|olevererbart|kunde inte levereras|leveransfel|oleverer"
            "|det gick inte att leverera|utebliven leverans",
        ),
        "no": Words(
            prefixes="automatisk svar|autosvar|fraværsassistent|fraværsmelding",
            subjects="ikke på kontoret|fravær|på ferie|jeg er på ferie|ikke til stede",
            absent="ikke på kontoret|på ferie|er fraværende|tilbake på kontoret|tilbake den|automatisk svar"
            "|begrenset tilgang",
            undelivered="kan ikke leveres|ikke levert|kunne ikke leveres|leveringsfeil|mislykket levering|uleverbar",
        ),
        "fi": Words(
            prefixes="automaattinen vastaus|lomavastaus|poissaoloviesti",
            subjects="poissa|poissaolo|poissa toimistosta|poissaoloilmoitus|lomalla|olen lomalla|vastaanottokuittaus",
            absent="poissa toimistosta|olen lomalla|lomalla|en ole paikalla|palaan|automaattinen vastaus|olen poissa",
            undelivered="toimittamaton|ei voitu toimittaa|toimitus epäonnistui|ei toimitettu|viestiä ei voi toimittaa"
            "|ei voi toimittaa",
        ),
        "pl": Words(
            prefixes="odpowiedź automatyczna|automatyczna odpowiedź|autoodpowiedź|autoresponder",
            subjects="poza biurem|nieobecność|urlop|jestem na urlopie|nieobecny|potwierdzenie otrzymania"
            "|jestem poza biurem",
            absent="poza biurem|na urlopie|jestem nieobecny|jestem nieobecna|nieobecny w biurze|wracam|będę dostępny"
            "|automatyczna odpowiedź|ograniczony dostęp",
            undelivered="niedostarczon|nie można dostarczyć|nie dostarczono|błąd dostarczania"
            "|niepowodzenie dostarczenia"
            "|zwrot|niedoręcz|nie udało się dostarczyć",
        ),
        "cs": Words(
            prefixes="automatická odpověď|odpověď v nepřítomnosti|automaticka odpoved",
            subjects="mimo kancelář|nepřítomnost|dovolená|jsem na dovolené|nepřítomen|potvrzení přijetí",
            absent="mimo kancelář|na dovolené|nejsem přítomen|nejsem přítomna|nepřítomen|nepřítomna|opět v kanceláři"
            "|vrátím se"
            "|automatická odpověď",
            undelivered="nedoručiteln|nelze doručit|nedoručen|nedoručení|chyba doručení|doručení se nezdařilo"
            "|vráceno odesílateli",
        ),
        "ru": Words(
            prefixes="автоматический ответ|автоответ|автоответчик",
            subjects="вне офиса|нет на месте|я в отпуске|в отпуске|отсутствую|отсутствие на рабочем месте|отпуск",
            absent="в отпуске|вне офиса|меня нет на месте|отсутствую|буду доступен|вернусь|автоматический ответ"
            "|ограниченный доступ",
            undelivered="недоставлен|не доставлено|не удалось доставить|невозможно доставить|ошибка доставки"
            "|сообщение не доставлено|недоставка|уведомление о статусе доставки|не удается доставить",
        ),
        "uk": Words(
            prefixes="автоматична відповідь|автовідповідь",
            subjects="поза офісом|немає на місці|у відпустці|відсутній|відпустка|я у відпустці",
            absent="у відпустці|поза офісом|мене немає на місці|відсутній|відсутня|повернуся|автоматична відповідь",
            undelivered="не доставлено|недоставлен|не вдалося доставити|неможливо доставити|помилка доставки",
        ),
        "tr": Words(
            prefixes="otomatik yanıt|otomatik cevap|otomatik yanit",
            subjects="ofis dışında|ofis dışındayım|işyeri dışında|izindeyim|tatildeyim|yıllık izindeyim|ofiste değilim",
            absent="ofis dışındayım|ofiste değilim|izindeyim|tatildeyim|yıllık izin|otomatik yanıt|otomatik olarak"
            "|işe döneceğim|sınırlı erişim",
            undelivered="teslim edilemedi|teslim edilemeyen|iletilemedi|posta teslim hatası|teslim durumu bildirimi",
        ),
        "hu": Words(
            prefixes="automatikus válasz|automatikus valasz|automatikus értesítés",
            subjects="házon kívül|irodán kívül|szabadságon|szabadságon vagyok|nem vagyok az irodában|távollét",
            absent="házon kívül|irodán kívül|szabadságon vagyok|szabadságomat töltöm|nem vagyok az irodában"
            "|távol vagyok|automatikus válasz|korlátozottan érem el",
            undelivered="kézbesíthetetlen|nem kézbesíthető|sikertelen kézbesítés|nem sikerült kézbesíteni"
            "|kézbesítési hiba|kézbesítési állapot",
        ),
        "el": Words(
            prefixes="αυτόματη απάντηση|αυτοματη απαντηση",
            subjects="εκτός γραφείου|εκτός έδρας|σε άδεια|είμαι σε άδεια|απουσία|απουσιάζω|απουσία από το γραφείο",
            absent="εκτός γραφείου|σε άδεια|απουσιάζω|λείπω|θα επιστρέψω|αυτόματη απάντηση|περιορισμένη πρόσβαση",
            undelivered="μη παραδοτέο|δεν παραδόθηκε|δεν ήταν δυνατή η παράδοση|αποτυχία παράδοσης|αδύνατη η παράδοση",
        ),
        "ro": Words(
            prefixes="răspuns automat|raspuns automat",
            subjects="absent din birou|în afara biroului|in afara biroului|în concediu|in concediu|sunt în concediu"
            "|nu sunt la birou",
            absent="în concediu|in concediu|nu sunt la birou|în afara biroului|plecat din birou|plecată din birou"
            "|voi reveni|răspuns automat|acces limitat",
            undelivered="nelivrat|nu a fost livrat|nu poate fi livrat|livrare eșuată|eroare de livrare"
            "|imposibil de livrat",
        ),
        "bg": Words(
            prefixes="автоматичен отговор",
            subjects="извън офиса|в отпуск|в отпуска|отсъствие|отсъствам|няма ме в офиса",
            absent="извън офиса|в отпуск|отсъствам|няма ме в офиса|ще се върна|автоматичен отговор|ограничен достъп",
            undelivered="недоставен|не може да бъде доставен|не е доставен|неуспешна доставка|грешка при доставка",
        ),
        "hr": Words(
            prefixes="automatski odgovor",
            subjects="izvan ureda|nisam u uredu|na godišnjem|na godišnjem odmoru|odsutan|odsutna|odsutnost",
            absent="izvan ureda|nisam u uredu|na godišnjem odmoru|odsutan|odsutna|vraćam se|automatski odgovor"
            "|ograničen pristup",
            undelivered="nije isporučen|ne može se isporučiti|isporuka nije uspjela|neisporučen|nije moguće isporučiti"
            "|pogreška pri isporuci",
        ),
        "sl": Words(
            prefixes="samodejni odgovor|avtomatski odgovor|samodejno sporočilo",
            subjects="odsoten|odsotna|odsotnost|nisem v pisarni|na dopustu|zunaj pisarne|izven pisarne",
            absent="odsoten|odsotna|na dopustu|nisem v pisarni|zunaj pisarne|izven pisarne|vrnem se|samodejni odgovor"
            "|avtomatski odgovor|omejen dostop",
            undelivered="nedostavljivo|nedostavljeno|ni bilo mogoče dostaviti|ni dostavljeno|dostava ni uspela"
            "|neuspešna dostava",
        ),
        "sk": Words(
            prefixes="automatická odpoveď|automaticka odpoved",
            subjects="mimo kancelárie|nie som v kancelárii|na dovolenke|som na dovolenke|dovolenka|neprítomnosť"
            "|neprítomný|neprítomná",
            absent="mimo kancelárie|nie som v kancelárii|na dovolenke|čerpám dovolenku|neprítomný|neprítomná|vrátim sa"
            "|automatická odpoveď|obmedzený prístup",
            undelivered="nedoručiteľn|nemožno doručiť|nepodarilo sa doručiť|doručenie zlyhalo|chyba doručenia"
            "|nebolo možné doručiť|správa nebola doručená",
        ),
        "et": Words(
            prefixes="automaatvastus|automaatne vastus",
            subjects="kontorist väljas|puhkusel|olen puhkusel|viibin puhkusel|ei ole kontoris|kontorist eemal",
            absent="kontorist väljas|olen puhkusel|viibin puhkusel|ei ole kontoris|kontorist eemal|olen tagasi"
            "|automaatvastus|automaatne vastus",
            undelivered="kättetoimetamatu|kohaletoimetamine nurjus|kohaletoimetamine ebaõnnestus"
            "|ei õnnestunud kohale toimetada|edastamine ebaõnnestus",
        ),
        "lv": Words(
            prefixes="automātiska atbilde|automātiskā atbilde",
            subjects="ārpus biroja|neesmu birojā|atvaļinājumā|esmu atvaļinājumā|prombūtne|prombūtnē",
            absent="ārpus biroja|neesmu birojā|atvaļinājumā|prombūtnē|atgriezīšos"
            "|automātiska atbilde|automātiskā atbilde",
            undelivered="nav piegādāts|nevar piegādāt|nepiegādāts|piegāde neizdevās|neizdevās piegādāt|piegādes kļūda",
        ),
        "lt": Words(
            prefixes="automatinis atsakymas",
            subjects="nesu biure|ne biure|atostogauju|atostogose|esu atostogose|esu išvykęs|esu išvykusi",
            absent="nesu biure|ne biure|atostogauju|atostogose|esu išvykęs|esu išvykusi|grįšiu|automatinis atsakymas",
            undelivered="nepristatyt|nepavyko pristatyti|negalima pristatyti|pristatymo klaida|neįmanoma pristatyti",
        ),
        "ja": Words(
            prefixes="自動応答|自動返信|不在通知|不在応答|不在時自動応答",
            subjects="不在のお知らせ|不在連絡|休暇中|受付完了|自動配信",
            absent="不在に|不在の|休暇を|休暇中|出張中|自動返信|自動応答|自動送信|自動配信",
            undelivered="配信不能|配信できません|配達不能|送信できません|メールが届きませんでした|配信エラー|未配信"
            "|配送に失敗",
        ),
        "zh": Words(
            prefixes="自动答复|自動回覆|自动回复|外出时的自动答复|自動回復",
            subjects="不在办公室|外出|不在辦公室|休假|外出通知|休假通知",
            absent="不在办公室|不在辦公室|休假|外出|自动回复|自動回覆|出差",
            undelivered="未送达|无法送达|無法傳遞|退信|无法投递|系统退信|未傳遞|投递失败|傳送失敗|邮件退回|未能送达",
        ),
        "ko": Words(
            prefixes="자동 회신|자동회신|자동 응답|자동응답",
            subjects="부재중|부재 중|휴가|부재 알림|외근 중|접수 확인",
            absent="부재중|부재 중|휴가|자동 회신|자동 응답|자리를 비|출장",
            undelivered="배달되지 않음|배달할 수 없|전송 실패|반송|배달 실패|전달되지 않|수신 실패|메일 발송 실패",
        ),
    }
)  # fmt: skip


# Behind `Away` in the subject of a note: how long, in any language.
SPANS = (
    *("until", "till", "from", "through", "thru", "bis", "vom", "von", "ab", "seit", "am", "jusqu'au", "jusque", "du"),
    *(
        "à partir",
        "hasta",
        "desde",
        "del",
        "fino",
        "dal",
        "até",
        "de",
        "tot",
        "t/m",
        "van",
        "til",
        "fra",
        "till",
        "från",
    ),
    *("asti", "saakka", "do", "od", "до", "с", "по", "від", "έως", "μέχρι", "până", "pana", "kuni", "līdz", "iki"),
)


def every(name: str) -> tuple[str, ...]:
    """The words of all languages in the column NAME, in lower case, each once, the longest first."""
    found = {word.lower(): None for row in WORDS.values() for word in str(getattr(row, name)).split("|") if word}
    return tuple(sorted(found, key=lambda word: (-len(word), word)))
