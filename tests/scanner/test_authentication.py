"""Who a mail provably comes from.  Each row: the header from the top, and what comes of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.authentication import Authentication
from domain.message import RawMail
from domain.settings import Authserv
from scanner.authentication import MAX_RESULTS, authentication
from scanner.read import read

OURS = Authserv(id="mx.acme.example", border=("mx.acme.example", "imap.acme.example"))
GMAIL = Authserv(id="mx.google.com", border=("mx.google.com", "2002:a05:*"))
MICROSOFT = Authserv(id="microsoft365", border=("*.outlook.com", "*.office365.com"))

FROM = "From: Ada Example <ada@acme.example>"
BORDER = "Received: from out.acme.example (out.acme.example [192.0.2.7]) by mx.acme.example (Postfix); Mon, 7 Jan 2030"
LATER = "Received: from mx.acme.example by imap.acme.example with LMTP; Mon, 7 Jan 2030"
FOREIGN = "Received: from a.example by relay.elsewhere.example; Mon, 7 Jan 2030"
RESULTS = "Authentication-Results: mx.acme.example;"
PASS = f"{RESULTS} dmarc=pass (p=reject) header.from=acme.example"
FAIL = f"{RESULTS} dmarc=fail (p=reject) header.from=acme.example"
DKIM = f"{RESULTS} dkim=pass header.d=acme.example header.s=s1 header.b=abc"


def judged(*header: str, authserv: Authserv | None = OURS, sender: str = FROM) -> Authentication:
    lines = [*header, *([sender] if sender else []), "Subject: x", "", "Hello", ""]
    data = "\r\n".join(lines).encode()
    return authentication(read(RawMail(data=data, size=len(data))), authserv)


PROVEN = {
    "dmarc=pass": (PASS,),
    "below our own Received fields": (LATER, BORDER, PASS),
    "above a foreign Received": (LATER, PASS, BORDER, FOREIGN),
    "all of them": (BORDER, f"{RESULTS} spf=pass smtp.mailfrom=acme.example; dkim=pass header.d=acme.example; "
                            "dmarc=pass header.from=acme.example"),
    "folded": (f"{RESULTS}\r\n\tspf=pass smtp.mailfrom=acme.example;\r\n\tdmarc=pass\r\n\t header.from=acme.example",),
    "the id in another case": ("Authentication-Results: MX.Acme.Example; dmarc=pass header.from=ACME.example",),
    "with a version": ("Authentication-Results: mx.acme.example 1; dmarc=pass header.from=acme.example",),
    "with the method's version": (f"{RESULTS} dmarc/1=pass header.from=acme.example",),
    "a quoted id": ('Authentication-Results: "mx.acme.example"; dmarc=pass header.from=acme.example',),
    "comments everywhere": ("Authentication-Results: (a (nested) one) mx.acme.example (b) ; dmarc=pass (p=none; "
                            "dmarc=fail) (c) header.from=acme.example (d)",),
    "an aligned signature": (DKIM,),
    "an aligned signature by i=": (f"{RESULTS} dkim=pass header.i=@acme.example",),
    "several signatures, one of them ours": (
        f"{RESULTS} dkim=fail header.d=acme.example; dkim=pass header.d=list.example; dkim=pass header.d=acme.example",
    ),
    "a signature, and DMARC could not be asked": (f"{DKIM}; dmarc=temperror header.from=acme.example",),
    "a signature, and no policy": (f"{DKIM}; dmarc=none header.from=acme.example",),
    "a reason": (f'{RESULTS} dmarc=pass reason="dmarc=fail; not so" header.from=acme.example',),
    "a trailing semicolon": (f"{PASS};",),
    "what follows does not count": (PASS, FOREIGN, FAIL),
}  # fmt: skip
UNPROVEN = {
    "no results at all": ((), "the mail has no results (Authentication-Results)"),
    "dmarc=fail": ((FAIL,), "dmarc=fail in the results of mx.acme.example"),
    "dmarc=none and nothing else": ((f"{RESULTS} dmarc=none header.from=acme.example",), "dmarc=none in"),
    "spf alone": ((f"{RESULTS} spf=pass smtp.mailfrom=acme.example",), "neither dmarc nor dkim"),
    "results: none": ((f"{RESULTS} none",), "neither dmarc nor dkim"),
    "dmarc of another domain": ((f"{RESULTS} dmarc=pass header.from=evil.example",), "for another domain"),
    "dmarc of no stated domain": ((f"{RESULTS} dmarc=pass",), "for another domain"),
    "two results of DMARC, pass first": ((f"{PASS}; dmarc=fail header.from=acme.example",), "dmarc=fail"),
    "two results of DMARC, fail first": ((f"{FAIL}; dmarc=pass header.from=acme.example",), "dmarc=fail"),
    "two domains that pass": ((f"{PASS}; dmarc=pass header.from=evil.example",), "for another domain"),
    "a signature against DMARC": ((f"{DKIM}; dmarc=fail header.from=acme.example",), "dmarc=fail"),
    "a foreign signature": ((f"{RESULTS} dkim=pass header.d=evil.example",), "dkim=none"),
    "a child's signature": ((f"{RESULTS} dkim=pass header.d=evil.acme.example",), "dkim=none"),
    "a top-level domain's signature": ((f"{RESULTS} dkim=pass header.d=example",), "dkim=none"),
    "a domain that ends alike": ((f"{RESULTS} dkim=pass header.d=e.example",), "dkim=none"),
    "d= is foreign, i= is ours": ((f"{RESULTS} dkim=pass header.d=evil.example header.i=@acme.example",), "dkim=none"),
    "a signature of nobody": ((f"{RESULTS} dkim=pass",), "dkim=none"),
    "another server's results on top": (("Authentication-Results: mx.evil.example; dmarc=pass "
                                         "header.from=acme.example", PASS), "those of mx.evil.example, not of"),
    "ours, forged below a foreign Received": ((BORDER, FOREIGN, PASS), "Received field of relay.elsewhere.example"),
    "a second field below": ((FAIL, PASS), "dmarc=fail"),
    "a Received without a host": (("Received: (qmail 17 invoked by uid 0); now", PASS), "an unknown host"),
    "our name in a comment of a Received": (("Received: from x (by mx.acme.example) by evil.example", PASS),
                                            "Received field of evil.example"),
    "a version that is not known": (("Authentication-Results: mx.acme.example 2; dmarc=pass "
                                     "header.from=acme.example",), "they name no server"),
    "an id that begins alike": (("Authentication-Results: mx.acme.example.evil.example; dmarc=pass "
                                 "header.from=acme.example",), "those of mx.acme.example.evil.example"),
    "no id": (("Authentication-Results: dmarc=pass header.from=acme.example",), "they name no server"),
    "in a comment": ((f"{RESULTS} spf=fail (x; dmarc=pass header.from=acme.example) smtp.mailfrom=e",), "neither"),
    "in a comment that is nested": ((f"{RESULTS} spf=fail {'(' * 900}; dmarc=pass header.from=acme.example "
                                     f"{')' * 900}",), "neither dmarc nor dkim"),
    "in a comment that never ends": ((f"{RESULTS} spf=fail (x; dmarc=pass header.from=acme.example",), "well formed"),
    "behind a comment that was closed twice": ((f"{RESULTS} spf=fail (x)); dmarc=pass header.from=acme.example",),
                                               "well formed"),
    "in a quoted value": ((f'{RESULTS} spf=pass smtp.mailfrom="a; dmarc=pass header.from=acme.example"@e.example',),
                          "neither dmarc nor dkim"),
    "in a quoted value with a quote": ((f'{RESULTS} spf=pass smtp.mailfrom="a\\"; dmarc=pass '
                                        'header.from=acme.example"@e.example',), "neither dmarc nor dkim"),
    "in a value that is not ASCII": ((f'{RESULTS} spf=pass smtp.mailfrom="ü"; dmarc=pass header.from=acme.example',),
                                     "not well formed"),
    "in an encoded word": ((f"{RESULTS} spf=fail smtp.mailfrom==?utf-8?q?a=3B_dmarc=3Dpass_header=2Efrom=3D?=",),
                           "neither dmarc nor dkim"),
    "ten thousand results": ((f"{RESULTS} {'dmarc=pass header.from=acme.example; ' * 10_000}",), "longer than"),
    "ARC's results do not count": ((f"ARC-{PASS.replace('Results: ', 'Results: i=1; ')}",), "has no results"),
    "Microsoft's form, not configured": (("Authentication-Results: spf=pass smtp.mailfrom=acme.example; dmarc=pass "
                                          "header.from=acme.example",), "they name no server"),
}  # fmt: skip


@pytest.mark.parametrize("header", PROVEN.values(), ids=PROVEN)
def test_proof(header: tuple[str, ...]) -> None:
    found = judged(*header)
    assert found.proves_from, found
    assert "in the results of mx.acme.example" in found.because


@pytest.mark.parametrize(("header", "because"), UNPROVEN.values(), ids=UNPROVEN)
def test_no_proof(header: tuple[str, ...], because: str) -> None:
    found = judged(*header)
    assert not found.proves_from
    assert because in found.because


@pytest.mark.parametrize(
    ("sender", "because"),
    [
        ("", "no From fields"),
        (f"{FROM}\r\nFrom: eve@evil.example", "2 From fields"),
        (f"From: eve@acme.example\r\n{FROM}", "2 From fields"),
        ("From: ada@acme.example, eve@evil.example", "not exactly one address"),
        ("From: eve@evil.example, ada@acme.example", "not exactly one address"),
        ("From: Ada at home", "not exactly one address"),
        ("From: undisclosed-recipients:;", "not exactly one address"),
        ("Reply-To: ada@acme.example", "no From fields"),
    ],
)
def test_no_proof_without_one_address_in_from(sender: str, because: str) -> None:
    found = judged(PASS, sender=sender)
    assert not found.proves_from
    assert because in found.because
    assert found.dmarc == "pass"


@pytest.mark.parametrize("sender", ["From: =?utf-8?q?Example=2C_Ada?= <ada@acme.example>",
                                    'From: "Example, Ada" <ada@ACME.example>'])  # fmt: skip
def test_a_comma_in_a_name_is_no_second_address(sender: str) -> None:
    assert judged(PASS, sender=sender).proves_from


@pytest.mark.parametrize(
    ("signer", "sender", "proves"),
    [
        ("acme.co.uk", "acme.co.uk", True),
        ("acme.co.uk", "mail.acme.co.uk", True),
        ("evil.co.uk", "acme.co.uk", False),
        ("mail.acme.co.uk", "acme.co.uk", False),
        ("bücher.example", "xn--bcher-kva.example", False),
        ("xn--bcher-kva.example", "xn--bcher-kva.example", True),
        ("Acme.Example.", "acme.example", True),
    ],
)
def test_whose_signature_is_the_domains_own(signer: str, sender: str, proves: bool) -> None:
    assert judged(f"{RESULTS} dkim=pass header.d={signer}", sender=f"From: ada@{sender}").proves_from is proves


def test_gmail_with_its_arc_set() -> None:
    header = (
        "Delivered-To: support@acme.example",
        "Received: by 2002:a05:6402:1a2b:b0:5c1:2:3 with SMTP id x1csp1; Mon, 7 Jan 2030",
        "X-Received: by 2002:a17:906:c1 with SMTP id y; Mon, 7 Jan 2030",
        "ARC-Seal: i=1; a=rsa-sha256; t=1; cv=none; d=google.com; s=arc; b=abc",
        "ARC-Authentication-Results: i=1; mx.google.com; dmarc=fail header.from=acme.example",
        "Return-Path: <ada@acme.example>",
        "Received: from out.acme.example (out.acme.example. [192.0.2.7]) by mx.google.com with ESMTPS id z",
        "Received-SPF: pass (google.com: domain of ada@acme.example designates 192.0.2.7) client-ip=192.0.2.7;",
        "Authentication-Results: mx.google.com;\r\n       dkim=pass header.i=@acme.example header.s=s1 header.b=aBc1;\r\n"
        "       spf=pass (google.com: domain of ada@acme.example designates 192.0.2.7 as permitted sender) "
        "smtp.mailfrom=ada@acme.example;\r\n       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=acme.example",
        FOREIGN,
    )
    found = judged(*header, authserv=GMAIL)
    assert (found.spf, found.dkim, found.dmarc, found.proves_from) == ("pass", "pass", "pass", True)
    assert not judged(*header).proves_from


M365 = (
    "Received: from AM0PR02MB1.eurprd02.prod.outlook.com (2603:10a6::1) by AM9PR02MB2.eurprd02.prod.outlook.com with "
    "HTTPS; Mon, 7 Jan 2030",
    "Authentication-Results: spf=pass (sender IP is 192.0.2.7) smtp.mailfrom=acme.example; dkim=pass (signature was "
    "verified) header.d=acme.example;dmarc=pass action=none header.from=acme.example;compauth=pass reason=100",
    "Received-SPF: Pass (protection.outlook.com: domain of acme.example designates 192.0.2.7 as permitted sender)",
    "Received: from out.acme.example (192.0.2.7) by AM1EUR.mail.protection.outlook.com (10.0.0.1)",
)


def test_microsofts_form_only_where_it_is_configured() -> None:
    found = judged(*M365, authserv=MICROSOFT)
    assert (found.spf, found.dkim, found.dmarc, found.authserv) == ("pass", "pass", "pass", "Microsoft 365")
    assert found.proves_from
    assert not judged(*M365).proves_from
    assert not judged(*M365, authserv=GMAIL).proves_from


@pytest.mark.parametrize(
    "header",
    [
        (PASS,),
        (FOREIGN, M365[1]),
        (M365[1].replace("dmarc=pass", "dmarc=fail"),),
        (M365[1].replace("dkim=pass", "dkim=none").replace("dmarc=pass action=none", "dmarc=none action=none"),),
    ],
)
def test_no_proof_by_microsoft(header: tuple[str, ...]) -> None:
    assert not judged(*header, authserv=MICROSOFT).proves_from


def test_not_configured() -> None:
    found = judged(PASS, authserv=None)
    assert not found.proves_from
    assert "no border host is configured" in found.because


def test_the_words_of_the_results() -> None:
    found = judged(f"{RESULTS} spf=softfail smtp.mailfrom=e.example; dkim=pass header.d=e.example; dmarc=fail (p=none) "
                   "header.from=acme.example")  # fmt: skip
    assert (found.spf, found.dkim, found.dmarc) == ("softfail", "none", "fail"), "a foreign signature proves nobody"


PIECES = st.sampled_from(
    ["mx.acme.example", ";", " ", "dmarc=pass", "dkim=pass", "header.from=evil.example", "header.d=evil.example", "(", ")",
     '"', "\\", "=", "none", "reason=", "1", "2", "\t", "ü", "@", "smtp.mailfrom=", "=?utf-8?q?=28?=", "/", "."]
)  # fmt: skip


@given(st.one_of(st.text(max_size=300), st.lists(PIECES, max_size=80).map("".join)))
def test_whatever_the_field_holds_nothing_fails_and_a_foreign_domain_proves_nothing(value: str) -> None:
    line = " ".join(value.split())
    for authserv in (OURS, GMAIL, MICROSOFT):
        assert not judged(f"Authentication-Results: {line}", authserv=authserv).proves_from


@given(st.text(alphabet=' ();"\\=.;adkimrc@x', max_size=200))
def test_what_a_stranger_gets_into_a_comment_or_a_quoted_value_is_no_result(words: str) -> None:
    inside = f"{words}; dmarc=pass header.from=acme.example {words}"
    comment = "".join(f"\\{char}" if char in "()\\" else char for char in inside)
    quoted = "".join(f"\\{char}" if char in '"\\' else char for char in inside)
    header = f'{RESULTS} spf=fail ({comment}) smtp.mailfrom="{quoted}"@evil.example'
    if len(header) < MAX_RESULTS:
        assert not judged(header).proves_from
