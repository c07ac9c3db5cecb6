"""`helpdesk templates`: what letters are written with, what they would say, and what a house has changed."""

import base64
import difflib
import tempfile
import webbrowser
from collections.abc import Iterator
from pathlib import Path

from commands import screen
from commands.opening import opened_with, ticket_number
from commands.screen import Cell, Column, say
from desk.config import Config, load
from domain.errors import DeskError, Problem
from domain.letter import LetterFacts, LetterKind
from domain.token import tagged
from notifier import own_templates
from notifier.catalog import catalogs
from notifier.own_templates import OwnTemplate
from notifier.samples import check_templates, sample
from notifier.shelf import BUILT_IN, PARTS, Form, Shelf, Template
from notifier.wording import Wording, Words

COLUMNS = (
    Column(title="Template"),
    Column(title="Language"),
    Column(title="Mailbox"),
    Column(title="Form"),
    Column(title="Whose"),
    Column(title="Version", style="dim"),
    Column(title="File", flexible=True),
)


def list_all(path: Path, *, as_json: bool) -> None:
    """Print every template that there is, ours and the house's, and the languages."""
    config = load(path)
    files = Shelf(config.templates_folder)
    own = own_templates.found(files)
    ours = [file for name in (*_kinds(), *PARTS) for file in files.built_in(name)]
    if as_json:
        screen.dump_json({"own": [_facts(one.template) for one in own], "built_in": list(map(_facts, ours))})
        return
    rows: list[tuple[str | Cell, ...]] = [_row(file) for file in ours]
    rows += [_row(one.template, one.language, one.mailbox) for one in own]
    screen.print_table(COLUMNS, sorted(rows, key=lambda row: str(row[0])))
    say()
    known = catalogs(BUILT_IN, config.templates_folder)
    for language in known.languages:
        lacks = len(known.missing(language))
        whose = " and ".join(w for w, there in (("built-in", known.ours), ("own", known.own)) if language in there)
        said = f"{len(known.keys) - lacks} of {len(known.keys)} sentences"
        say(f"{language}  {said}, {whose}", style="dim")


def show(path: Path, name: str, *, language: str, mailbox: str, form: str) -> None:
    """Print the source that a letter's text (or HTML) is made of."""
    file = _found(load(path), name, language=language, mailbox=mailbox, form=form)
    say(f"{file.path} ({_whose(file)}, version {file.version})", style="dim")
    screen.say(file.source.rstrip("\n"))


def preview(
    path: Path, name: str, *, ticket: str | None, language: str, mailbox: str, html: Path | None, open_it: bool
) -> None:
    """Print what a letter would say; with HTML write its HTML part there, and open it if wished."""
    config = load(path)
    kind = _kind(name)
    if mailbox and mailbox not in config.settings.mailboxes:
        raise DeskError(f"there is no mailbox {mailbox!r}; there are: {', '.join(config.settings.mailboxes)}")
    facts = _about(config, kind, ticket, language=language) if ticket else sample(config.settings, kind)
    facts = _turned(facts, language=language, mailbox=mailbox)
    words = Wording(config.settings, templates=config.templates_folder).words(facts)
    title = words.subject
    if facts.ticket is not None:
        title = tagged(title, prefix=config.settings.helpdesk.tag, number=facts.ticket)
    say(f"To: {facts.recipient.name} <{facts.recipient.address}>", style="dim", lines=False)
    say(f"Subject: {title}", style="dim", lines=False)
    say(f"Template: {words.template} ({words.language})", style="dim")
    say()
    say(words.text.rstrip("\n"))
    if html is not None or open_it:
        _write(words, html, open_it=open_it)


def check(path: Path, *, as_json: bool) -> int:
    """Write every letter in every language with made-up facts and print what is wrong; 1 if anything is."""
    config = load(path)
    problems = check_templates(config.settings, config.templates_folder)
    wrong = [problem for problem in problems if problem.severity == "error"]
    if as_json:
        screen.dump_json({"ok": not wrong, "problems": problems})
        return 1 if wrong else 0
    for problem in problems:
        _complain(problem)
    odd = len(problems) - len(wrong)
    said = f"{len(wrong)} wrong, {odd} odd." if problems else "Every letter can be written in every language."
    say(said, style="bold red" if wrong else "green")
    return 1 if wrong else 0


def edit(path: Path, name: str, *, language: str, mailbox: str, form: str) -> None:
    """Copy one of ours into the house's own directory, to be changed there."""
    config = load(path)
    if config.templates_folder is None:
        raise DeskError(
            "there is no directory for templates of your own; add to config.yaml: notifications: {templates: templates}"
        )
    if mailbox and mailbox not in config.settings.mailboxes:
        raise DeskError(f"there is no mailbox {mailbox!r}; there are: {', '.join(config.settings.mailboxes)}")
    if name not in (*_kinds(), *PARTS):
        made = own_templates.begin_catalog(config.templates_folder, name)
        say(f"{made}  write into msgstr what shall be said otherwise; what is empty stays as it is")
        return
    made = own_templates.copy(config.templates_folder, name, language=language, mailbox=mailbox, form=form)
    say(f"{made}  is yours now; helpdesk templates diff shows what is different")


def diff(path: Path, name: str) -> int:
    """Print how the house's templates and sentences differ from ours, and whether ours changed since the copy."""
    config = load(path)
    own = [one for one in own_templates.found(Shelf(config.templates_folder)) if name in ("", one.template.name)]
    for one in own:
        _print_diff(one)
    told = 0
    known = catalogs(BUILT_IN, config.templates_folder)
    for line in own_templates.reworded(known) if not name else ():
        say(line)
        told += 1
    if not own and not told:
        say("Nothing differs from what is built in." if not name else f"{name} is as it is built in.")
    return 0


def _print_diff(one: OwnTemplate) -> None:
    say(f"{one.template.label}: {_copied(one)}", style="bold")
    if one.original is not None and one.base is not None and one.upstream_changed:
        say("what changed in ours since your copy:", style="yellow")
        _print_lines(one.original, one.base.source, "ours then", "ours now")
    if one.base is not None:
        say("yours beside ours:", style="dim")
        _print_lines(one.base.source, one.without_mark, f"ours {one.base.version}", f"yours {one.template.version}")
    say()


def _copied(one: OwnTemplate) -> str:
    if one.base is None:
        return "has no counterpart among ours"
    if not one.copied_from:
        return "it is not known from which version of ours it was copied"
    if one.upstream_changed:
        return f"ours has changed since your copy ({one.copied_from} → {one.base.version}); do you want it too?"
    return f"ours is as it was when you copied it ({one.copied_from})"


def _print_lines(before: str, after: str, first: str, second: str) -> None:
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), first, second, lineterm="", n=2))
    if not lines:
        say("  no difference", style="dim")
    for line in lines:
        styles = {"+": "green", "-": "red", "@": "dim"}
        say(f"  {line}", style=styles.get(line[:1], ""))


def _write(words: Words, html: Path | None, *, open_it: bool) -> None:
    """Write the HTML part, its logo inside, and open it if wished."""
    if not words.html:
        raise DeskError("this letter has no HTML part: html is off for it, or its own template is for text only")
    shown = words.html
    if words.logo is not None:
        data = base64.b64encode(words.logo.data).decode("ascii")
        shown = shown.replace(f"cid:{words.logo.content_id}", f"data:image/{words.logo.subtype};base64,{data}")
    target = html or Path(tempfile.mkdtemp(prefix="helpdesk-")) / "letter.html"
    try:
        target.write_text(shown, encoding="utf-8")
    except OSError as error:
        raise DeskError(f"{target}: cannot be written: {error.strerror or error}") from error
    say()
    say(f"HTML: {target}", style="dim")
    if open_it and not webbrowser.open(target.absolute().as_uri()):
        say("no browser could be opened", style="yellow")


def _about(config: Config, kind: LetterKind, ticket: str, *, language: str) -> LetterFacts:
    from desk.preview import preview as about

    with opened_with(config) as desk, desk.store.reading() as view:
        return about(desk, view, ticket_number(ticket, desk.settings), kind, language=language)


def _turned(facts: LetterFacts, *, language: str, mailbox: str) -> LetterFacts:
    """FACTS in another language or from another mailbox."""
    from dataclasses import replace

    recipient = replace(facts.recipient, language=language) if language else facts.recipient
    return replace(facts, recipient=recipient, mailbox=mailbox or facts.mailbox)


def _kinds() -> tuple[str, ...]:
    return tuple(kind.value for kind in LetterKind)


def _kind(name: str) -> LetterKind:
    try:
        return LetterKind(name.replace("-", "_"))
    except ValueError:
        raise DeskError(f"there is no letter {name!r}; there are: {', '.join(_kinds())}") from None


def _found(config: Config, name: str, *, language: str, mailbox: str, form: str) -> Template:
    files = Shelf(config.templates_folder)
    for one in _forms(form):
        try:
            return files.find(name, one, language=language, mailbox=mailbox)
        except LookupError:
            continue
    raise DeskError(f"there is no template {name!r}; there are: {', '.join((*_kinds(), *PARTS))}")


def _forms(form: str) -> Iterator[Form]:
    if form not in ("", "txt", "html", "css"):
        raise DeskError(f"{form!r} is not a form of a letter; write txt, html or css")
    for known in own_templates.FORMS:
        if form in ("", known):
            yield known


def _complain(problem: Problem) -> None:
    if problem.severity == "warning":
        say(f"warning  {problem}", style="yellow")
    else:
        say(str(problem))


def _whose(file: Template) -> str:
    return "own" if file.is_own else "built-in"


def _row(file: Template, language: str = "", mailbox: str = "") -> tuple[str | Cell, ...]:
    whose = Cell(_whose(file), "green" if file.is_own else "")
    return file.name, language or "all", mailbox or "all", file.form or "both", whose, file.version, str(file.label)


def _facts(file: Template) -> dict[str, str]:
    whose = _whose(file)
    return {"template": file.name, "form": file.form, "whose": whose, "version": file.version, "file": str(file.path)}
