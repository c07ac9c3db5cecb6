"""Signatures of our own, verified by dkimpy with a DNS that is only a table."""

import base64
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import dkim
import pytest

from domain.letter import Letter, LetterKind
from domain.settings import Dkim
from notifier.compose import Composer
from notifier.dkim import NotSigned, Signer
from notifier.writer import Writer
from tests.notifier.people import NOON, settings
from tests.notifier.test_compose import KEYS, facts

ROOT = Path(__file__).parents[2]
SETTINGS = Dkim.model_validate({"domain": "acme.example", "selector": "s2026", "key": "env:DKIM_KEY"})


@pytest.fixture(scope="module", params=["-traditional", ""], ids=["PKCS1", "PKCS8"])
def key(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file: Path = tmp_path_factory.mktemp("dkim") / "key.pem"
    options = [request.param] if request.param else []
    subprocess.run(["openssl", "genrsa", *options, "-out", str(file), "1024"], check=True, capture_output=True)
    return file


def public(key: Path) -> bytes:
    """What stands in the DNS."""
    done = subprocess.run(
        ["openssl", "rsa", "-in", str(key), "-pubout", "-outform", "DER"], check=True, capture_output=True
    )
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(done.stdout)


def written(key: Path, **changes: object) -> Letter:
    signer = Signer(SETTINGS, key=key.read_text())
    return Writer(Composer(settings(), keys=KEYS), settings(), sign=signer).compose(facts(**changes))


def verified(key: Path, data: bytes) -> bool:
    asked: list[bytes] = []

    def dns(name: bytes, timeout: int = 5) -> bytes:
        asked.append(name)
        return public(key)

    found: bool = dkim.verify(data, dnsfunc=dns, minkey=1024)
    assert asked == [b"s2026._domainkey.acme.example."]
    return found


@pytest.mark.parametrize("kind", [LetterKind.ACKNOWLEDGEMENT, LetterKind.COMMENT, LetterKind.STAFF_NEW])
def test_a_letter_is_signed(key: Path, kind: LetterKind) -> None:
    letter = written(key, kind=kind)
    assert letter.data.startswith(b"DKIM-Signature: v=1; a=rsa-sha256;")
    assert verified(key, letter.data)
    assert all(len(line) <= 998 for line in letter.data.split(b"\r\n"))


def test_the_same_letter_has_the_same_signature(key: Path) -> None:
    assert written(key).data == written(key).data
    assert written(key).data != written(key, at=NOON + timedelta(seconds=1)).data


@pytest.mark.parametrize("field", [b"Subject: Gewonnen", b"From: eve@x.example", b"List-Unsubscribe-Post: x"])
def test_nothing_can_be_changed_or_added(key: Path, field: bytes) -> None:
    signature, rest = written(key).data.split(b"\r\nFrom:", 1)
    assert not verified(key, b"\r\n".join((signature, field, b"From:" + rest)))
    assert not verified(key, written(key).data + b"und noch etwas\r\n")


BROKEN = "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n"


@pytest.mark.parametrize("text", ["", "geheim", BROKEN])
def test_what_is_no_key_is_told_at_once(text: str) -> None:
    with pytest.raises(NotSigned, match=r"smtp\.dkim\.key is no RSA key in PEM form") as told:
        Signer(SETTINGS, key=text)
    assert "geheim" not in str(told.value)


def test_without_the_package_one_line_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['dkim'] = None\n"
        "from domain.settings import Dkim\n"
        "from notifier.dkim import NotSigned, Signer\n"
        "try:\n    Signer(Dkim(domain='a.example', selector='s', key='env:X'), key='')\n"
        "except NotSigned as told:\n    print(told)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    wanted = "smtp.dkim needs the package dkimpy: pip install 'mail-helpdesk[dkim]', or take smtp.dkim out"
    assert done.stdout.splitlines() == [wanted]
