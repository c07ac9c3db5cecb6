"""The command line: words and options only; the bodies are in `commands/`.

Promises: it starts quickly, because every body is imported when it is called.  Exit codes: 0 done,
1 somebody can put it right (one line says how), 2 wrong use, 70 our own mistake (with a traceback),
130 interrupted; `helpdesk ingest` adds those of sysexits.h.
"""

import os
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer

from domain.errors import DeskError

STAFF, MAIL, SETUP = "Staff", "Mail", "Set-up"
INTERRUPTED, OUR_MISTAKE = 130, 70

app = typer.Typer(
    name="helpdesk",
    help="A helpdesk that lives on a mailbox: reads mail, keeps tickets, answers by mail.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def main() -> None:
    """Run one command and leave with its exit code."""
    code = _run()
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has left; Python would complain of it once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def _run() -> int:
    try:
        app(prog_name="helpdesk")
    except SystemExit as done:
        return _exit_code(done.code)
    except DeskError as error:
        return _told(error)
    except BrokenPipeError:
        return 1
    except KeyboardInterrupt:
        return _exit_code(INTERRUPTED)
    except Exception:
        traceback.print_exc()
        print("This is a mistake in helpdesk itself; please report it with the lines above.", file=sys.stderr)
        return OUR_MISTAKE
    return 0


def _exit_code(code: object) -> int:
    if code == INTERRUPTED:
        print("Interrupted.", file=sys.stderr)
    return code if isinstance(code, int) else int(code is not None)


def _told(error: DeskError) -> int:
    from commands.screen import complain

    complain(str(error))
    return 1


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"helpdesk {version('mail-helpdesk')}")
        raise typer.Exit


@app.callback()
def helpdesk(
    ctx: typer.Context,
    config: Annotated[
        Path, typer.Option("--config", "-c", envvar="HELPDESK_CONFIG", help="The settings.", show_default=True)
    ] = Path("config.yaml"),
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """A helpdesk that lives on a mailbox: reads mail, keeps tickets, answers by mail."""
    ctx.obj = config


@app.command(rich_help_panel=MAIL)
def parse(
    files: Annotated[list[Path], typer.Argument(help="Mails as files; - reads one from the standard input.")],
    text: Annotated[bool, typer.Option("--text", help="Take the files as texts that are decoded already.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what the helpdesk reads in a mail, without settings or database."""
    from commands import parse as body

    body.run(tuple(files), as_json=as_json, text=text)


@app.command(rich_help_panel=SETUP)
def init(
    directory: Annotated[Path, typer.Option("--directory", "-d", help="Where to write.")] = Path(),
    name: Annotated[str | None, typer.Option(help="Who signs the letters, such as 'Acme Support'.")] = None,
    language: Annotated[str | None, typer.Option(help="Of letters: de or en.")] = None,
    tag: Annotated[str | None, typer.Option(help="Prefix of ticket numbers: ACME gives [ACME-1042].")] = None,
    address: Annotated[str | None, typer.Option(help="The support address.")] = None,
    imap_host: Annotated[str | None, typer.Option(help="The server that mail is read from.")] = None,
    imap_user: Annotated[str | None, typer.Option(help="Who logs in there; usually the address.")] = None,
    smtp_host: Annotated[str | None, typer.Option(help="The server that takes letters.")] = None,
    smtp_user: Annotated[str | None, typer.Option(help="Who logs in there; usually the address.")] = None,
    start: Annotated[str | None, typer.Option(help="Mail that is there already: now, all, or a date.")] = None,
    agent: Annotated[str | None, typer.Option(help="A short key for the first agent, such as ada.")] = None,
    agent_name: Annotated[str | None, typer.Option(help="The first agent's name.")] = None,
    agent_address: Annotated[str | None, typer.Option(help="The first agent's own address.")] = None,
    group: Annotated[str | None, typer.Option(help="The group that gets new tickets.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing; take what is suggested.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over a config.yaml that is there.")] = False,
) -> None:
    """Write a config.yaml, a key and places for the passwords, by asking."""
    from commands import init as body

    given = {
        "name": name,
        "language": language,
        "tag": tag,
        "address": address,
        "imap_host": imap_host,
        "imap_user": imap_user,
        "smtp_host": smtp_host,
        "smtp_user": smtp_user,
        "start": start,
        "agent": agent,
        "agent_name": agent_name,
        "agent_address": agent_address,
        "group": group,
    }
    body.run(directory, given={key: value for key, value in given.items() if value is not None}, yes=yes, force=force)


@app.command(rich_help_panel=SETUP)
def check(
    ctx: typer.Context,
    connect: Annotated[bool, typer.Option("--connect", help="Log in to IMAP and SMTP too; reads only.")] = False,
    as_json: AsJson = False,
) -> None:
    """Find every mistake in the settings; with --connect also in what they lead to."""
    from commands import check as body

    raise typer.Exit(body.run(ctx.obj, connect=connect, as_json=as_json))
