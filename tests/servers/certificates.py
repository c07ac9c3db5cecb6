"""Certificates of an authority of our own, made with the `openssl` command.

`good` is for 127.0.0.1 and localhost, `expired` ran out yesterday, `foreign` is for another name.
"""

import subprocess
from dataclasses import dataclass
from pathlib import Path

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
_OWN_NAMES = "IP:127.0.0.1,IP:127.0.0.2,DNS:localhost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate and its private key, each a PEM file."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """The authority's certificate, which a client trusts, and what it has signed."""

    authority: Path
    good: Certificate
    expired: Certificate
    foreign: Certificate


def make_certificates(directory: Path) -> Certificates:
    """A new authority and its certificates in DIRECTORY."""
    directory.mkdir(parents=True, exist_ok=True)
    authority = _named(directory, "authority")
    _openssl(
        "req", "-x509", *_KEY, "-keyout", authority.key, "-out", authority.certificate,
        "-days", "2", "-subj", "/CN=Test Authority",
    )  # fmt: skip
    return Certificates(
        authority=authority.certificate,
        good=_signed(directory, "good", authority, names=_OWN_NAMES),
        expired=_signed(directory, "expired", authority, names=_OWN_NAMES, days=-1),
        foreign=_signed(directory, "foreign", authority, names="DNS:other.example"),
    )


def _signed(directory: Path, name: str, authority: Certificate, *, names: str, days: int = 2) -> Certificate:
    made = _named(directory, name)
    request, extensions = directory / f"{name}.req", directory / f"{name}.ext"
    extensions.write_text(f"subjectAltName={names}\n")
    _openssl("req", "-new", *_KEY, "-keyout", made.key, "-out", request, "-subj", f"/CN={name}")
    _openssl(
        "x509", "-req", "-in", request, "-CA", authority.certificate, "-CAkey", authority.key, "-CAcreateserial",
        "-days", str(days), "-extfile", extensions, "-out", made.certificate,
    )  # fmt: skip
    return made


def _named(directory: Path, name: str) -> Certificate:
    return Certificate(certificate=directory / f"{name}.pem", key=directory / f"{name}.key")


def _openssl(*words: str | Path) -> None:
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, timeout=30)
