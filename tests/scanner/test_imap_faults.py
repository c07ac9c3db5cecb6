"""What can go wrong between us and an IMAP server: always one line that says what to do, and no mail lost."""

from collections.abc import Callable
from typing import Any

import pytest

from domain.errors import FolderMissing, LoginRefused, MailboxUnreachable
from domain.settings import After, Imap
from scanner.imap import ImapMailbox, connect
from tests.servers.dovecot import EXPIRED_HOST, FOREIGN_HOST, PASSWORD, Dovecot
from tests.servers.ports import LOOPBACK, free_port
from tests.servers.proxy import FaultProxy
from tests.servers.pymap import Pymap
from tests.servers.scripted import ScriptedImap

Proxies = Callable[[int], FaultProxy]
MAIL = b"From: ada@customer.example\r\nSubject: one\r\n\r\n" + b"x" * 70 + b"\r\n"


def account(port: int, user: str = "user1@helpdesk.example", **more: Any) -> Imap:
    words = {"host": LOOPBACK, "port": port, "user": user, "password": "env:SUPPORT_PASSWORD", "tls": "none"}
    return Imap.model_validate(words | {"timeout": "5s"} | more)


def log_in(port: int, user: str = "user1@helpdesk.example", **more: Any) -> ImapMailbox:
    return connect(account(port, user, **more), password=PASSWORD)


def complaint(port: int, *, password: str = PASSWORD, **more: Any) -> str:
    """What is said when connecting fails: one line, with the place."""
    with pytest.raises(MailboxUnreachable) as failure:
        connect(account(port, **more), password=password)
    said = str(failure.value)
    assert "\n" not in said
    assert said.startswith(f"{more.get('host', LOOPBACK)}:{port}: ")
    assert password not in said or password == PASSWORD
    return said


def trusted(dovecot: Dovecot) -> str:
    return str(dovecot.certificates.authority)


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_tls_with_a_known_authority_works(dovecot: Dovecot, tls: str) -> None:
    port = dovecot.imaps_port if tls == "implicit" else dovecot.imap_port
    mailbox = log_in(port, tls=tls, ca_file=trusted(dovecot))
    # Servers promise more after the login than before it, and more inside TLS.
    assert {"MOVE", "UIDPLUS", "IDLE"} <= set(mailbox.capabilities())
    assert mailbox.select("INBOX").name == "INBOX"
    mailbox.close()


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
@pytest.mark.parametrize(
    ("host", "is_trusted", "words"),
    [
        (LOOPBACK, False, "not trusted; name its authority in imap.ca_file"),
        (EXPIRED_HOST, True, "certificate has expired"),
        (FOREIGN_HOST, True, f"for another name than {FOREIGN_HOST}"),
    ],
    ids=["untrusted", "expired", "another name"],
)
def test_a_bad_certificate_is_refused(dovecot: Dovecot, tls: str, host: str, is_trusted: bool, words: str) -> None:
    port = dovecot.imaps_port if tls == "implicit" else dovecot.imap_port
    ca_file = trusted(dovecot) if is_trusted else None
    assert words in complaint(port, host=host, tls=tls, ca_file=ca_file)


@pytest.mark.parametrize("host", [LOOPBACK, EXPIRED_HOST, FOREIGN_HOST])
def test_unverified_is_unverified_when_the_config_says_so(dovecot: Dovecot, host: str) -> None:
    log_in(dovecot.imaps_port, host=host, tls="implicit", verify=False).close()


def test_a_wrong_password_is_named_by_its_place(dovecot: Dovecot) -> None:
    with pytest.raises(LoginRefused, match=r"refused.*check imap\.user and env:SUPPORT_PASSWORD") as refused:
        connect(account(dovecot.imap_port), password="wrong but private")
    assert "private" not in str(refused.value)


def test_tls_where_none_is_spoken(dovecot: Dovecot) -> None:
    assert "no TLS is spoken there" in complaint(dovecot.imap_port, tls="implicit", ca_file=trusted(dovecot))


def test_no_tls_where_it_is_spoken(dovecot: Dovecot) -> None:
    said = complaint(dovecot.imaps_port, timeout="300ms")
    assert "no answer within 0.3 s; check the network, imap.port and imap.tls" in said


def test_another_protocol(dovecot: Dovecot) -> None:
    assert "no IMAP server answers there" in complaint(dovecot.lmtp_port)


def test_nobody_listens() -> None:
    assert "connection was refused" in complaint(free_port())


def test_a_name_that_does_not_exist() -> None:
    assert "name is not found; check imap.host" in complaint(143, host="nowhere.invalid")


def test_a_file_of_authorities_that_is_none() -> None:
    assert "imap.ca_file /nonexistent.pem" in complaint(free_port(), tls="implicit", ca_file="/nonexistent.pem")


def test_no_starttls(pymap_server: Pymap) -> None:
    assert "no STARTTLS" in complaint(pymap_server.imap_port, tls="starttls")


@pytest.mark.parametrize(
    ("greeting", "words"),
    [
        ("220 mail.example ESMTP", "no IMAP server answers there"),
        ("* BYE too many connections", "too many connections"),
        ("HTTP/1.1 400 Bad Request", "no IMAP server answers there"),
    ],
)
def test_a_strange_greeting(greeting: str, words: str) -> None:
    with ScriptedImap(greeting=greeting) as server:
        assert words in complaint(server.port)


def test_no_password_goes_where_none_is_wanted() -> None:
    with ScriptedImap(capabilities="IMAP4rev1 STARTTLS LOGINDISABLED") as server:
        with pytest.raises(LoginRefused, match=r"set imap\.tls: starttls or implicit"):
            log_in(server.port)
        assert not [line for line in server.lines if PASSWORD in line]


@pytest.mark.parametrize("password", ["line\r\nbreak", "tab\there", "nul\0"])
def test_a_password_cannot_smuggle_commands(password: str) -> None:
    with ScriptedImap() as server:
        assert "control character" in complaint(server.port, password=password)
        assert not [line for line in server.lines if "LOGIN" in line]


def test_a_server_with_a_passing_trouble_has_not_refused_the_password() -> None:
    unavailable = "{tag} NO [UNAVAILABLE] user database is down"
    with ScriptedImap(lambda command: unavailable if command.startswith("LOGIN") else "") as server:
        with pytest.raises(MailboxUnreachable, match="user database is down") as failure:
            log_in(server.port)
        assert not isinstance(failure.value, LoginRefused)


@pytest.mark.parametrize("user", ['a "quoted" user', "back\\slash", "with (brackets) *"])
def test_a_user_may_be_called_anything(user: str) -> None:
    with ScriptedImap() as server:
        log_in(server.port, user).close()
        quoted = user.replace("\\", "\\\\").replace('"', '\\"')
        assert f'LOGIN "{quoted}" "{PASSWORD}"' in server.lines


def test_umlauts_in_a_password_go_by_authenticate_plain(pymap_server: Pymap) -> None:
    with pytest.raises(LoginRefused, match="refused"):
        connect(account(pymap_server.imap_port), password="größer")


@pytest.mark.parametrize("octets", [0, 1, 10, 60, 150, 200, 260, 320])
def test_a_connection_cut_while_connecting_never_counts_as_a_wrong_password(
    dovecot: Dovecot, fault_proxy: Proxies, octets: int
) -> None:
    proxy = fault_proxy(dovecot.imap_port)
    proxy.cut_after(octets)
    with pytest.raises(MailboxUnreachable, match="closed the connection") as failure:
        log_in(proxy.port)
    assert not isinstance(failure.value, LoginRefused)


@pytest.mark.parametrize("server", ["pymap_server", "dovecot"])
def test_a_connection_cut_while_fetching_loses_nothing(
    request: pytest.FixtureRequest, fault_proxy: Proxies, server: str
) -> None:
    running: Dovecot | Pymap = request.getfixturevalue(server)
    user = running.fresh_user()
    running.deliver(user, *[MAIL] * 6)
    proxy = fault_proxy(running.imap_port)
    mailbox = log_in(proxy.port, user)
    below = mailbox.select("INBOX").uidnext
    uids = mailbox.uids(below=below)
    proxy.cut_after(700)
    with pytest.raises(MailboxUnreachable, match="closed the connection"):
        list(mailbox.fetch(uids, limit=10_000))
    with pytest.raises(MailboxUnreachable, match="connect again"):
        mailbox.noop()
    again = log_in(proxy.port, user)
    again.select("INBOX")
    assert [uid for uid, raw in again.fetch(uids, limit=10_000) if raw.data.endswith(MAIL)] == list(uids)
    again.close()


def test_silence_has_an_end(dovecot: Dovecot, fault_proxy: Proxies) -> None:
    proxy = fault_proxy(dovecot.imap_port)
    mailbox = log_in(proxy.port, timeout="1s")
    proxy.swallow = True
    with pytest.raises(MailboxUnreachable, match="no answer within 1 s"):
        mailbox.noop()
    mailbox.close()


def test_closing_a_dead_connection_is_quiet(dovecot: Dovecot, fault_proxy: Proxies) -> None:
    proxy = fault_proxy(dovecot.imap_port)
    mailbox = log_in(proxy.port)
    proxy.cut()
    mailbox.close()


def test_a_mail_that_the_server_cannot_read_holds_up_no_other() -> None:
    with ScriptedImap(_one_is_unreadable) as server:
        mailbox = log_in(server.port)
        mailbox.select("INBOX")
        got: list[int] = []
        with pytest.raises(MailboxUnreachable, match="does not hand over UID 2 of INBOX"):
            got.extend(uid for uid, _ in mailbox.fetch([1, 2, 3], limit=1000))
        assert got == [1, 3]


def _one_is_unreadable(command: str) -> str:
    """Sizes for all, a body for each but UID 2, which spoils every FETCH that names it."""
    match command.split(" "):
        case ["UID", "FETCH", named, item] if "BODY" in item:
            if "2" in named:
                return "{tag} NO [SERVERBUG] the disk says no"
            return (
                "".join(f"* {uid} FETCH (UID {uid} BODY[] {{4}}\r\nMail)\r\n" for uid in named.split(","))
                + "{tag} OK done"
            )
        case ["UID", "FETCH", named, *_]:
            return "".join(f"* {uid} FETCH (UID {uid} RFC822.SIZE 4)\r\n" for uid in named.split(",")) + "{tag} OK done"
        case ["UID", "SEARCH", "UID", named]:
            return f"* SEARCH {named.replace(',', ' ')}\r\n{{tag}} OK done"
        case _:
            return ""


@pytest.mark.parametrize(
    "answer",
    [
        "* 1 FETCH (UID 1 RFC822.SIZE",
        "* 1 FETCH (UID x RFC822.SIZE 4)\r\n{tag} OK done",
        "* 1 FETCH 4\r\n{tag} OK done",
        "* 1 FETCH (UID 1 RFC822.SIZE {9}\r\nshort\r\n{tag} OK done",
        "* BYE going down\r\n",
        "\xff\xfe\r\n",
        "{tag} BAD \xe4\xf6\xfc",
        "{tag} NO no",
        "A9999 OK not mine",
        "* SEARCH " + "1 " * 600_000 + "\r\n{tag} OK done",
        None,
    ],
    ids=["half", "no number", "no list", "short literal", "bye", "binary", "bad", "no", "tag", "too long", "hang up"],
)
def test_nonsense_is_one_readable_line(answer: str | None) -> None:
    found = "* SEARCH 1\r\n{tag} OK done"
    script = {"UID FETCH": answer, "UID SEARCH": found}
    with ScriptedImap(lambda command: script.get(command[: command.find(" ", 4)], "")) as server:
        mailbox = log_in(server.port, timeout="500ms")
        mailbox.select("INBOX")
        with pytest.raises(MailboxUnreachable) as failure:
            mailbox.identify([1])
        said = str(failure.value)
        assert said.isprintable()
        assert len(said) < 400
        mailbox.close()


def test_a_folder_without_lasting_uids_is_not_scanned() -> None:
    bare = "* 3 EXISTS\r\n{tag} OK [READ-WRITE] done"
    with ScriptedImap(lambda command: bare if command.startswith("SELECT") else "") as server:
        mailbox = log_in(server.port)
        with pytest.raises(MailboxUnreachable, match="no lasting UIDs"):
            mailbox.select("INBOX")


def test_a_folder_that_can_only_be_read_is_named() -> None:
    readonly = "* 3 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n{tag} OK [READ-ONLY] done"
    with ScriptedImap(lambda command: readonly if command.startswith("SELECT") else "") as server:
        mailbox = log_in(server.port)
        with pytest.raises(MailboxUnreachable, match="can only be read"):
            mailbox.select("INBOX")


def test_a_folder_that_is_there_but_does_not_open_is_not_missing() -> None:
    def answer(command: str) -> str:
        if command.startswith("LIST"):
            return '* LIST () "/" Sales\r\n{tag} OK done'
        return "{tag} NO [NOPERM] not yours" if command.startswith("SELECT") else ""

    with ScriptedImap(answer) as server:
        mailbox = log_in(server.port)
        with pytest.raises(MailboxUnreachable, match="not yours") as failure:
            mailbox.select("Sales")
        assert not isinstance(failure.value, FolderMissing)


def test_a_big_folder_is_listed_in_spans_that_imaplib_can_read() -> None:
    big = "* 100000 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT 200000] ok\r\n{tag} OK [READ-WRITE] done"

    def answer(command: str) -> str:
        if command.startswith("UID SEARCH"):
            first = command.rsplit(maxsplit=1)[-1].partition(":")[0]
            return f"* SEARCH {first} 199999\r\n{{tag}} OK done"
        return big if command.startswith("SELECT") else ""

    with ScriptedImap(answer) as server:
        mailbox = log_in(server.port)
        mailbox.select("INBOX")
        assert mailbox.uids(below=200_000) == (1, 90_001, 180_001, 199_999)
        mailbox.close()
        asked = [line.split()[-1] for line in server.lines if line.startswith("UID SEARCH")]
        assert asked == ["1:90000", "90001:180000", "180001:199999"]


def test_uidnext_is_asked_for_where_select_does_not_tell_it() -> None:
    def answer(command: str) -> str:
        if command.startswith("SELECT"):
            return "* 3 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n{tag} OK [READ-WRITE] done"
        return '* STATUS "INBOX" (UIDNEXT 44)\r\n{tag} OK done' if command.startswith("STATUS") else ""

    with ScriptedImap(answer) as server:
        mailbox = log_in(server.port)
        assert mailbox.select("INBOX").uidnext == 44
        mailbox.close()


@pytest.mark.parametrize(
    ("capabilities", "after", "expected"),
    [
        ("MOVE UIDPLUS", "move", ["UID MOVE 1 Done"]),
        ("UIDPLUS", "move", ["UID COPY 1 Done", r"UID STORE 1 +FLAGS.SILENT (\Deleted)", "UID EXPUNGE 1"]),
        ("", "move", ["UID COPY 1 Done", r"UID STORE 1 +FLAGS.SILENT (\Deleted)"]),
        ("UIDPLUS", "delete", [r"UID STORE 1 +FLAGS.SILENT (\Deleted)", "UID EXPUNGE 1"]),
        ("", "delete", [r"UID STORE 1 +FLAGS.SILENT (\Deleted)"]),
        ("MOVE UIDPLUS", "flag", [r"UID STORE 1 +FLAGS.SILENT (\Seen)"]),
        ("MOVE UIDPLUS", "keep", []),
    ],
)
def test_filing_uses_what_the_server_can_do(capabilities: str, after: str, expected: list[str]) -> None:
    def answer(command: str) -> str:
        return '* LIST () "/" Done\r\n{tag} OK done' if command.startswith("LIST") else ""

    how = After.model_validate({"do": after, "folder": "Done" if after == "move" else ""})
    with ScriptedImap(answer, capabilities=f"IMAP4rev1 {capabilities}") as server:
        mailbox = log_in(server.port)
        mailbox.select("INBOX")
        assert mailbox.file([1], how) == {1}
        mailbox.close()
        assert [line.replace('"', "") for line in server.lines if line.startswith("UID ")] == expected
        assert not {"EXPUNGE", "CLOSE"} & {line.split()[0] for line in server.lines}


def test_what_nobody_asked_for_is_not_kept(dovecot: Dovecot) -> None:
    user = dovecot.fresh_user()
    mailbox = log_in(dovecot.imap_port, user)
    mailbox.select("INBOX")
    for _ in range(5):
        dovecot.deliver(user, MAIL)
        mailbox.noop()
    mailbox.noop()
    kept = mailbox._line._client._imap.untagged_responses
    assert sum(map(len, kept.values())) <= 4
    mailbox.close()
