"""`helpdesk ingest` and `explain`: one mail at a time."""

import sys
from pathlib import Path

from commands import logs
from commands.opening import now, opened_with
from commands.screen import clean, complain, dump_json
from desk.config import Config, load
from desk.ingest import NotAMail
from domain.errors import DeskError

# sysexits.h: the MTA gives it back, or keeps the mail and tries again.
DATAERR = 65
TEMPFAIL = 75


def ingest(path: Path, file: str, *, mailbox: str | None, as_json: bool) -> int:
    """Take one mail in from FILE (- is standard input).

    0 only after the mail is committed; 75 for everything that another try may cure, our own
    mistakes included, so that an MTA keeps the mail; 65 for what is no mail at all.
    """
    logs.set_up("text")
    try:
        return _ingest(path, file, mailbox=mailbox, as_json=as_json)
    except NotAMail as error:
        complain(f"helpdesk: {error}")
        return DATAERR
    except DeskError as error:
        complain(f"helpdesk: {error}")
        return TEMPFAIL
    except Exception as error:
        complain(f"helpdesk: our mistake, please report it: {type(error).__name__}: {error}")
        return TEMPFAIL


def _ingest(path: Path, file: str, *, mailbox: str | None, as_json: bool) -> int:
    from desk import ingest as desk_ingest
    from scanner.worker import SafeReader

    config = load(path)
    name = which_mailbox(config, mailbox)
    data = _bytes(file)
    with opened_with(config) as desk, SafeReader(limits=config.settings.limits) as read:
        row, received = desk_ingest.ingest(desk, data, mailbox=name, read=read, now=now())
        reference = desk.reference(row.ticket) if row.ticket else ""
    facts = {"intake": row.id, "state": row.state, "outcome": row.outcome, "ticket": reference, "because": row.because}
    if as_json:
        dump_json(facts)
    else:
        again = "" if received else "known already: "
        print(clean(f"intake {row.id}: {again}{row.outcome or row.state} {reference} ({row.because})"))
    return 0


def which_mailbox(config: Config, given: str | None) -> str:
    """The mailbox that a mail is for: the one named, else the only one."""
    known = config.settings.mailboxes
    if given in known:
        return str(given)
    if given is None and len(known) == 1:
        return next(iter(known))
    what = f"there is no mailbox {given!r}" if given else "for which mailbox? Say it with --mailbox"
    raise DeskError(f"{what}; there are: {', '.join(known)}")


def _bytes(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise DeskError(f"{file}: {error.strerror or error}") from error


def explain(path: Path, files: list[str], *, mailbox: str | None, as_json: bool) -> int:
    """Print what would become of each mail, without touching anything."""
    from commands.explained import as_facts, print_explanation
    from desk.explain import explain as desk_explain
    from desk.ingest import without_envelope
    from domain.message import RawMail
    from scanner.worker import SafeReader

    config = load(path)
    with opened_with(config) as desk, SafeReader(limits=config.settings.limits) as read:
        for file in files:
            data = without_envelope(_bytes(file))
            message = read(RawMail(data=data, size=len(data)))
            name = mailbox or _addressed(config, message.recipients)
            box = which_mailbox(config, name)
            told = desk_explain(desk, message, data=data, mailbox=box, now=now(), take=read.files)
            if as_json:
                dump_json({"file": file, **as_facts(told, desk)})
                continue
            if len(files) > 1:
                print(clean(f"{file}"))
            print_explanation(told, desk)
    return 0


def _addressed(config: Config, recipients: tuple[object, ...]) -> str | None:
    """The mailbox that a mail is addressed to, else the first."""
    keys = {getattr(address, "key", "") for address in recipients}
    for name, mailbox in config.settings.mailboxes.items():
        if mailbox.key in keys:
            return name
    return next(iter(config.settings.mailboxes))
