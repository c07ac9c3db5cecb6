"""`helpdesk init`: a config.yaml to start with, a signing key, and places for the passwords.

Promises: what it writes is read by `helpdesk check` without a complaint; a config.yaml that is there
is written over only where --force says so, and a key or password never.  Secrets go into files in
`secrets/` that only their owner can read, so nothing needs to be exported before the next command.

Fails with: DeskError where a file is in the way or an answer is missing.
"""

import json
import os
import re
import secrets
import sys
import unicodedata
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import typer
import tzlocal
from pydantic import TypeAdapter, ValidationError

from commands.screen import is_terminal, say
from desk.complaints import remark
from desk.config import parse
from desk.yaml_nodes import written
from domain.errors import ConfigError, DeskError
from domain.settings import AddressText, Host, Key, Line, Start, TagPrefix, Zone, json_schema

Answers = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One thing to know: its option, what to ask, what an answer must be, and what is suggested."""

    key: str
    ask: str
    kind: Any
    suggest: Callable[[Answers], str] = lambda answers: ""


def _domain(answers: Answers) -> str:
    return answers["address"].rpartition("@")[2]


def machine_zone() -> str:
    """The time zone that this machine is set to; UTC where it says none, or two."""
    with suppress(ValueError, LookupError, OSError):
        name = tzlocal.get_localzone_name() or "UTC"
        return "UTC" if name == "Etc/UTC" else name
    return "UTC"


QUESTIONS = (
    Question(key="name", ask="Who signs the letters, such as Acme Support", kind=Line),
    Question(
        key="language", ask="Language of letters: de or en", kind=Literal["de", "en"], suggest=lambda answers: "en"
    ),
    Question(
        key="timezone",
        ask="Time zone of the times in letters",
        kind=Zone,
        suggest=lambda answers: machine_zone(),
    ),
    Question(
        key="tag",
        ask="Prefix of ticket numbers (ACME gives [ACME-1042]; it stays for ever)",
        kind=TagPrefix,
        suggest=lambda answers: suggested_tag(answers["name"]),
    ),
    Question(key="address", ask="Support address that customers write to", kind=AddressText),
    Question(
        key="imap_host",
        ask="IMAP server (993, TLS)",
        kind=Host,
        suggest=lambda answers: f"imap.{_domain(answers)}",
    ),
    Question(key="imap_user", ask="IMAP user", kind=Line, suggest=lambda answers: answers["address"]),
    Question(
        key="smtp_host",
        ask="SMTP server (587, STARTTLS)",
        kind=Host,
        suggest=lambda answers: f"smtp.{_domain(answers)}",
    ),
    Question(key="smtp_user", ask="SMTP user", kind=Line, suggest=lambda answers: answers["imap_user"]),
    Question(
        key="start",
        ask="Mail that is there already: now leaves it, all takes it, a date such as 2026-11-01 takes what is younger",
        kind=Start,
    ),
    Question(key="agent_name", ask="First agent: name", kind=Line),
    Question(
        key="agent",
        ask="First agent: short key",
        kind=Key,
        suggest=lambda answers: suggested_key(answers["agent_name"]),
    ),
    Question(key="agent_address", ask="First agent: own address, not the support address", kind=AddressText),
    Question(key="group", ask="Group that gets new tickets", kind=Key, suggest=lambda answers: "service"),
)

_CONFIG = """\
# yaml-language-server: $schema=config.schema.json
# The settings of this helpdesk.  Every key is explained in docs/config.md.
# After a change: helpdesk check

helpdesk:
  name: {name}
  language: {language:<22}  # of letters, where the contact's own is unknown
  timezone: {timezone:<22}  # of the times in letters and on screens
  tag: {tag:<27}  # subjects carry [{tag}-1042]; choose it once
  keys: [file:secrets/helpdesk.key] # the first signs, all verify; keep it: old letters are recognised by it

database: sqlite:///helpdesk.db     # beside this file; or postgresql://user@host/name

mailboxes:
  support:
    address: {address}
    group: {group:<23}  # owns what nobody else is given
    imap: {{host: {imap_host}, user: {imap_user}, password: file:secrets/imap.password}}
    folders: [INBOX]
    poll: 60s                       # the net under IDLE
    start: {start}
    after: keep                     # or {{move: Processed}}, flag, delete

smtp: {{host: {smtp_host}, user: {smtp_user}, password: file:secrets/smtp.password}}

agents:
  {agent}: {{name: {agent_name}, address: {agent_address}}}
groups:
  {group}: [{agent}]

rules:                              # in order; the first of create, update, ignore that takes effect ends the run
  - name: newsletters
    when: {{is: list}}
    then: [ignore]

  - name: everything else
    for: new
    match: always
    then:
      - set: {{category: question}}
"""


def run(directory: Path, *, given: Answers, yes: bool, force: bool) -> None:
    """Ask for what GIVEN leaves open (with YES: take what is suggested) and write the files."""
    file = directory / "config.yaml"
    if file.exists() and not force:
        raise DeskError(f"{file} is there already; --force writes over it, --directory writes elsewhere")
    answers = _answers(given, yes=yes)
    text = config_text(answers)
    _, problems = parse(text, file=str(file))
    if any(problem.severity == "error" for problem in problems):
        raise ConfigError(problems)
    passwords = {} if yes or not is_terminal(sys.stdin) else _passwords()
    try:
        kept = _write_secrets(directory / "secrets", passwords)
        _write_file(file, text)
        _write_file(file.with_name("config.schema.json"), f"{json.dumps(json_schema(), indent=2)}\n")
    except OSError as error:
        raise DeskError(f"{error.filename or directory} cannot be written: {error.strerror}") from None
    _tell(file, kept)


def config_text(answers: Answers) -> str:
    """The config.yaml that ANSWERS make."""
    return _CONFIG.format_map({key: value if key == "start" else written(value) for key, value in answers.items()})


def suggested_tag(name: str) -> str:
    """A tag prefix made of NAME: its first word, or the initials where that is too short or too long."""
    words = re.findall(r"[A-Z][A-Z0-9]*", _ascii(name).upper())
    for candidate in (*words[:1], "".join(word[0] for word in words)):
        if 2 <= len(candidate) <= 8:
            return str(candidate)
    return str(words[0])[:8] if words and len(words[0]) > 1 else "HELP"


def suggested_key(name: str) -> str:
    """A key for a person: the first word of the name."""
    words = re.findall(r"[a-z0-9]+", _ascii(name).lower())
    return str(words[0])[:40] if words else "agent"


_UMLAUTS = {ord(letter): spelled for letter, spelled in zip("äöüß", ("ae", "oe", "ue", "ss"), strict=True)}


def _ascii(name: str) -> str:
    spelled = name.casefold().translate(_UMLAUTS)
    return unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode()


def _answers(given: Answers, *, yes: bool) -> Answers:
    answers: dict[str, str] = {}
    missing: list[str] = []
    for question in QUESTIONS:
        value = given.get(question.key)
        suggestion = _suggestion(question, answers)
        if value is None and yes:
            value = suggestion
        if value is None or value == "":
            if yes:
                missing.append(_option(question))
                continue
            value = _asked(question, suggestion)
        answers[question.key] = _valid(question, value)
    if missing:
        raise DeskError(f"--yes asks nothing, but these have no suggestion: {', '.join(missing)}")
    return answers


def _suggestion(question: Question, answers: Answers) -> str:
    """What is suggested, '' where what it is made of is missing."""
    try:
        return str(question.suggest(answers))
    except KeyError:
        return ""


def _option(question: Question) -> str:
    return f"--{question.key.replace('_', '-')}"


def _valid(question: Question, value: str) -> str:
    """VALUE if it is an answer.  Raises DeskError with what is wrong with it."""
    try:
        TypeAdapter(question.kind).validate_python(value.strip())
    except ValidationError as refused:
        text = remark(refused.errors(include_url=False)[0]).text
        raise DeskError(f"{_option(question)}: {text}") from None
    return value.strip()


def _asked(question: Question, suggestion: str) -> str:
    def answer(value: str) -> str:
        try:
            return _valid(question, value)
        except DeskError as error:
            raise typer.BadParameter(str(error).partition(": ")[2]) from None

    return str(typer.prompt(question.ask, default=suggestion or None, value_proc=answer))


def _passwords() -> dict[str, str]:
    """The passwords that somebody cares to type now, by the name of their file."""
    say("The passwords go into files that only you can read; leave them empty to write them there later.")
    asked: dict[str, str] = {}
    for what in ("imap", "smtp"):
        value = typer.prompt(f"{what.upper()} password", default="", hide_input=True, show_default=False)
        asked[f"{what}.password"] = str(value)
    return {name: value for name, value in asked.items() if value}


def _write_secrets(folder: Path, passwords: Mapping[str, str]) -> tuple[str, ...]:
    """Make the key and the places for the passwords; the names of files that were there and stay as they are."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    wanted = {
        "helpdesk.key": secrets.token_urlsafe(32),
        "imap.password": passwords.get("imap.password", ""),
        "smtp.password": passwords.get("smtp.password", ""),
    }
    return tuple(name for name, value in wanted.items() if not _write_secret(folder / name, value))


def _write_secret(file: Path, value: str) -> bool:
    """Write VALUE to FILE, unless it holds something already."""
    if file.exists() and file.stat().st_size:
        return False
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        os.fchmod(stream.fileno(), 0o600)
        stream.write(f"{value}\n" if value else "")
    return True


def _write_file(file: Path, text: str) -> None:
    """Put TEXT in the place of FILE at once, so that nobody ever reads half of it."""
    fresh = file.with_name(f".{file.name}.new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(file)


def _tell(file: Path, kept: tuple[str, ...]) -> None:
    folder = file.parent / "secrets"
    say(f"written  {file}")
    say(f"written  {file.with_name('config.schema.json')}  (editors that know JSON Schema complete the keys by it)")
    say(f"written  {folder}/  (the signing key and the passwords; only you can read it)")
    for name in kept:
        say(f"kept     {folder / name}, which was there already")
    say()
    say("Next:")
    open_places = [f"{what}.password" for what in ("imap", "smtp") if not _filled(folder / f"{what}.password")]
    if open_places:
        say(f"  write the passwords into {' and '.join(str(folder / name) for name in open_places)}")
    option = "" if file.parent.resolve() == Path.cwd() else f"--config {file} "
    say(f"  helpdesk {option}check --connect     log in and look, change nothing")
    say(f"  helpdesk {option}run                 start")


def _filled(file: Path) -> bool:
    return file.stat().st_size > 0
