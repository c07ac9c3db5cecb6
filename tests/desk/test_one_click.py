"""One click (RFC 8058): a real web server on loopback, and a conversation behind it."""

import errno
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from threading import Thread
from urllib.parse import urlsplit

import pytest

from desk.config import parse
from desk.one_click import OF_ONE, Allowance, OneClick
from domain.event import EventKind
from domain.opt_out_words import Wish
from domain.token import Keys, click, sign, verify, verify_click
from scanner.one_click import AT_ONCE, Click, Endpoint, EndpointUnusable, Page, languages
from tests.conversation import KEY, MORNING, NEW_KEY, Begin, Conversation, Person

ANNA = "Anna Kunde <anna@kunde.example>"
CONFIG = {
    "unsubscribe": {
        "listen": "127.0.0.1:8099", "public_url": "https://help.acme.example/unsubscribe", "signed_by_relay": True,
    },
}  # fmt: skip
FORM = "application/x-www-form-urlencoded"
BODY = b"List-Unsubscribe=One-Click"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    text: str
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class Web:
    """The endpoint as the web sees it."""

    port: int

    def asks(self, method: str, path: str, body: bytes | None = None, **fields: str) -> Answer:
        """One request."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body=body, headers={k.replace("_", "-"): v for k, v in fields.items()})
            answer = connection.getresponse()
            return Answer(answer.status, answer.read().decode(), dict(answer.getheaders()))
        finally:
            connection.close()

    def clicks(self, path: str, body: bytes = BODY, **fields: str) -> Answer:
        """A POST in due form."""
        return self.asks("POST", path, body, **{"Content_Type": FORM, **fields})

    def says(self, raw: bytes) -> bytes:
        """What comes back for octets that are no request in due form, up to where the connection is cut."""
        said: list[bytes] = []
        # Whoever is cut off may find out while he still sends, or only when he listens.
        with (
            socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection,
            _cut_off(),
        ):
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            said.extend(iter(lambda: connection.recv(4096), b""))
        return b"".join(said)


@contextmanager
def _cut_off() -> Iterator[None]:
    """The other side may hang up in here; anything else is an error."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.EPIPE, errno.ECONNRESET, errno.ENOTCONN):
            raise


@contextmanager
def served(endpoint: Endpoint) -> Iterator[Web]:
    thread = Thread(target=endpoint.serve, daemon=True)
    thread.start()
    try:
        yield Web(endpoint.port)
    finally:
        endpoint.close()
        thread.join()


@pytest.fixture
def talk(begin: Begin) -> Conversation:
    return begin(CONFIG)


@pytest.fixture
def web(talk: Conversation) -> Iterator[Web]:
    with served(Endpoint("127.0.0.1", 0, answer=OneClick(talk.desk, clock=lambda: talk.now))) as web:
        yield web


@pytest.fixture
def anna(talk: Conversation) -> Person:
    """Anna with a ticket; she has read the acknowledgement."""
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    anna.hears()
    return anna


def link(person: Person, letter: int = 0) -> str:
    """The path of the link in a letter."""
    ways = [way.strip(" <>\r\n") for way in person.letters[letter].unsubscribe.split(",")]
    return urlsplit(ways[0]).path


def button(page: str) -> str:
    """Where the button of a page leads."""
    return re.findall('action="([^"]+)"', page)[0]


# The letter


def test_the_letter_offers_the_link_before_the_mail(talk: Conversation, anna: Person) -> None:
    fields = anna.letters[0].fields
    ways = re.fullmatch(r"<https://help\.acme\.example/unsubscribe/(\S+)>,\s*<mailto:\S+>", fields["List-Unsubscribe"])
    assert ways is not None
    assert fields["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert verify_click(ways[1], talk.keys) == (anna.letters[0].message_id.partition(".")[0], Wish.OUT)
    html = anna.letters[0].fields.get_body(("html",))
    assert html is not None
    assert f'href="https://help.acme.example/unsubscribe/{ways[1]}"' in html.get_content()
    staff = talk.letters("ada@acme.example")[0].fields
    assert (staff["List-Unsubscribe"], staff["List-Unsubscribe-Post"]) == (None, None)


@pytest.mark.parametrize("change", [{"signed_by_relay": False}, {"public_url": "http://help.acme.example"}])
def test_without_https_or_a_signature_the_letter_offers_the_mail_only(begin: Begin, change: dict[str, object]) -> None:
    talk = begin({"unsubscribe": {**CONFIG["unsubscribe"], **change}})
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    assert anna.letters[0].unsubscribe.startswith("mailto:")
    assert anna.letters[0].fields["List-Unsubscribe-Post"] is None


PLAIN = """
helpdesk: {{name: Acme, tag: ACME, keys: [env:KEY]}}
mailboxes: {{support: {{address: support@acme.example, group: service, start: now}}}}
smtp: {{host: localhost}}
agents: {{ada: {{name: Ada, address: ada@acme.example}}}}
groups: {{service: [ada]}}
unsubscribe: {{{0}}}
"""
GOOD = "listen: 127.0.0.1:8099, public_url: https://help.acme.example/"


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        (f"{GOOD}, signed_by_relay: true", ""),
        ("listen: '[::1]:8099', public_url: https://help.acme.example, signed_by_relay: true", ""),
        (GOOD, "letters are not signed here (smtp.dkim)"),
        (GOOD.replace("https", "http") + ", signed_by_relay: true", "is not https: letters offer no link"),
        (GOOD.replace("127.0.0.1:8099", "8099"), "'8099' is not where to listen: write host:port"),
        (GOOD.replace("8099", "99999"), "is not where to listen"),
        (GOOD.replace("https://", ""), "is not a web address"),
        (GOOD.replace("/,", "/?x=<script>,").replace(".example/", ".example/?x=1"), "is not a web address"),
    ],
)
def test_what_check_says_of_the_settings(written: str, complaint: str) -> None:
    settings, problems = parse(PLAIN.format(written))
    assert complaint in " ".join(problem.text for problem in problems)
    assert bool(problems) == bool(complaint)
    if settings is not None and settings.unsubscribe is not None:
        assert (settings.unsubscribe.host in ("127.0.0.1", "::1"), settings.unsubscribe.port) == (True, 8099)
        assert bool(settings.one_click) == (not complaint)


# The click


def test_a_post_acts_at_once_and_a_second_one_changes_nothing(talk: Conversation, anna: Person, web: Web) -> None:
    for _ in range(2):
        done = web.clicks(link(anna))
        assert done.status == 200
        assert "you will get no more mails" not in done.text
        assert "Sie erhalten zu Ihren Anfragen keine Mails mehr" in done.text
    assert talk.contact(anna.address).opted_out_how == "by one click (List-Unsubscribe)"
    assert talk.kinds(1).count(EventKind.OPTED_OUT) == 1
    talk.staff("ada").reply(1, "Wir kommen.")
    talk.deliver()
    assert anna.hears() == ["opted_out"]
    assert "answer this mail" not in anna.last.text


def test_a_form_in_parts_acts_too(talk: Conversation, anna: Person, web: Web) -> None:
    """RFC 8058, section 3.2, prefers it; mail providers send either."""
    body = b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n'
    assert web.clicks(link(anna), body, Content_Type="multipart/form-data; boundary=b").status == 200
    assert talk.contact(anna.address).email_opt_out


def test_looking_changes_nothing(talk: Conversation, anna: Person, web: Web) -> None:
    page = web.asks("GET", link(anna), Accept_Language="en-GB, de;q=0.8")
    assert (page.status, web.asks("HEAD", link(anna)).text) == (200, "")
    assert "Do you want to get no more mails from Acme Support" in page.text
    assert '<form method="post"' in page.text
    assert "Möchten Sie von Acme Support" in web.asks("GET", link(anna), Accept_Language="xx").text
    assert not talk.contact(anna.address).email_opt_out


def test_the_buttons_lead_out_and_back(talk: Conversation, anna: Person, web: Web) -> None:
    ask = web.asks("GET", link(anna)).text
    base = link(anna).rpartition("/")[0]
    done = web.clicks(f"{base}/{button(ask)}").text
    back = button(done)
    for _ in range(2):
        assert web.clicks(f"{base}/{back}").status == 200
    assert not talk.contact(anna.address).email_opt_out
    talk.deliver()
    assert anna.hears() == ["opted_out", "opted_in"]
    assert talk.kinds(1)[-2:] == [EventKind.OPTED_OUT, EventKind.OPTED_IN]


def test_the_proxy_may_take_the_path_away(talk: Conversation, anna: Person, web: Web) -> None:
    token = link(anna).rpartition("/")[2]
    assert web.asks("GET", f"/{token}").status == web.asks("GET", f"/a/b/{token}?utm=1").status == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/", None, 404),
        ("GET", "/unsubscribe", None, 404),
        ("GET", "/../../etc/passwd", None, 404),
        ("GET", "/<script>alert(1)</script>", None, 404),
        ("POST", "/aaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaa", BODY, 404),
        ("POST", "/x", b"List-Unsubscribe=No", 400),
        ("POST", "/x", b"\xff\xfe", 400),
        ("POST", "/x", b"x" * 2001, 413),
        ("PUT", "/x", b"x", 405),
        ("DELETE", "/x", None, 405),
        ("OPTIONS", "*", None, 405),
        ("TRACE", "/x", None, 405),
    ],
)
def test_everything_else_is_refused_and_nothing_is_repeated(
    web: Web, method: str, path: str, body: bytes | None, status: int
) -> None:
    answer = web.asks(method, path.replace(" ", "%20"), body)
    assert answer.status == status
    assert "script" not in answer.text
    assert "passwd" not in answer.text
    assert (answer.fields["Cache-Control"], answer.fields["X-Content-Type-Options"]) == ("no-store", "nosniff")
    assert answer.fields["Server"].strip() == "helpdesk"


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"POST /x HTTP/1.1\r\nHost: x\r\n\r\n", b"411"),
        (b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"411"),
        (b"POST /x HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"411"),
        (b"POST /x HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", b"413"),
        (b"NONSENSE<script>\r\n\r\n", b"400"),
        (b"GET /x HTTP/9.9\r\n\r\n", b"505"),
    ],
)
def test_what_is_no_request_in_due_form(web: Web, raw: bytes, status: bytes) -> None:
    said = web.says(raw)
    assert status in said[:40] + said[-8:]
    assert b"script" not in said


def test_a_request_that_is_too_large_is_cut_off(web: Web) -> None:
    assert b" 200 " not in web.says(b"GET /x HTTP/1.1\r\n" + b"A: " + b"x" * 15_990)


def test_a_click_on_the_link_of_a_letter_to_staff_or_of_none_is_refused(talk: Conversation, anna: Person) -> None:
    answers = OneClick(talk.desk, clock=lambda: talk.now)
    staff = talk.letters("ada@acme.example")[0].message_id.partition(".")[0]
    for letter in (staff, "a" * 16):
        page = answers(Click(token=click(letter, Wish.OUT, talk.keys), acts=True))
        assert page.status == 404


def test_one_letter_acts_a_few_times_a_minute(talk: Conversation, anna: Person, web: Web) -> None:
    statuses = [web.clicks(link(anna)).status for _ in range(OF_ONE + 2)]
    assert statuses == [200] * OF_ONE + [429, 429]
    talk.later(minutes=1)
    assert web.clicks(link(anna)).status == 200


def test_all_together_are_bounded() -> None:
    allowance = Allowance()
    taken = [allowance.takes(f"letter {number}", MORNING) for number in range(700)]
    assert taken == [True] * 600 + [False] * 100


def test_a_database_that_is_away_is_told(talk: Conversation, anna: Person) -> None:
    class Away:
        def act(self) -> object:
            from domain.errors import TemporaryFailure

            raise TemporaryFailure("the database is busy")

    desk = replace(talk.desk, store=Away())  # type: ignore[arg-type]
    token = link(anna).rpartition("/")[2]
    assert OneClick(desk, clock=lambda: talk.now)(Click(token=token, acts=True)).status == 503


# The token


def test_a_token_serves_one_purpose_only() -> None:
    old, new = Keys((KEY,)), Keys((NEW_KEY, KEY))
    letter = "abcdefghijklmnop"
    tokens = [sign(letter, old), click(letter, Wish.OUT, old), click(letter, Wish.BACK, old)]
    assert len(set(tokens)) == 3
    assert [verify(one, new) for one in tokens] == [letter, None, None]
    assert [verify_click(one, new) for one in tokens] == [None, (letter, Wish.OUT), (letter, Wish.BACK)]
    assert verify_click(f"{tokens[1]}@acme.example", old) is None
    assert verify_click(click(letter, Wish.OUT, Keys((NEW_KEY,))), old) is None


# The server


def test_slow_clients_take_no_place_for_ever_and_the_rest_is_told_to_come_again() -> None:
    with served(Endpoint("127.0.0.1", 0, answer=lambda _: Page(200, "ok"), seconds=1.0)) as web:
        slow = [socket.create_connection(("127.0.0.1", web.port), timeout=10) for _ in range(AT_ONCE)]
        try:
            for one in slow:
                one.sendall(b"GET /")
            assert b"503" in web.says(b"GET /x HTTP/1.1\r\n\r\n")
            assert [one.recv(100) for one in slow] == [b""] * len(slow)
        finally:
            for one in slow:
                one.close()
        assert web.asks("GET", "/x").text == "ok"


def test_an_address_that_cannot_be_had_is_told_in_one_line() -> None:
    first = Endpoint("127.0.0.1", 0, answer=lambda _: Page(200, ""))
    try:
        for host, port in (("127.0.0.1", first.port), ("no such host", 1)):
            with pytest.raises(EndpointUnusable, match=r"^unsubscribe\.listen: .*cannot be had: [^\n]+$"):
                Endpoint(host, port, answer=lambda _: Page(200, ""))
    finally:
        first.server_close()


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("", ()), ("de", ("de",)), ("de-AT,de;q=0.9,en;q=0.8", ("de", "en")), ("en;q=0.2, fr", ("fr", "en")),
        ("de;q=0, en", ("en",)), ("*", ()), ("<script>, en", ("en",)), ("x" * 10_000, ()),
    ],
)  # fmt: skip
def test_the_languages_of_a_browser(field: str, wanted: tuple[str, ...]) -> None:
    assert languages(field) == wanted
