"""The command line: words and options only; the bodies are in `commands/`.

Promises: it starts quickly, because every body is imported when it is called.  Exit codes: 0 done,
1 somebody can put it right (one line says how), 2 wrong use, 70 our own mistake (with a traceback),
130 interrupted; `helpdesk ingest` adds those of sysexits.h.
"""

import io
import os
import sys
import traceback
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperGroup

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
As = Annotated[
    str | None,
    typer.Option(
        "--as", envvar="HELPDESK_AGENT", metavar="AGENT", help="Who you are: a key of `agents` in the settings."
    ),
]
Ticket = Annotated[str, typer.Argument(metavar="TICKET", help="Its number: 1042 or ACME-1042.")]
Message = Annotated[
    str | None,
    typer.Option("--message", "-m", help="The text; - reads it from the standard input; without it your editor opens."),
]
Attach = Annotated[list[Path] | None, typer.Option("--attach", "-a", help="A file that goes along; may be repeated.")]
Mandatory = Annotated[bool, typer.Option("--mandatory", help="Write also to a customer who opted out.")]
Silent = Annotated[bool, typer.Option("--silent", help="Write nothing to the customer.")]
MOST = 1_000_000
HIGHEST = 999_999_999_999  # as of tickets: what every database can count to
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=MOST, help="How many at most.")]


def main() -> None:
    """Run one command and leave with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that knows no arrows shows question marks; an act that is done must not end as a mistake.
            stream.reconfigure(errors="replace")
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


LogForm = Annotated[str, typer.Option("--log", help="The form of the log: text, or json for programs.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say more.")]
Since = Annotated[
    str | None, typer.Option(metavar="WHEN", help="Only mails since then: 30d, 12h, or a date; else all.")
]
MailboxName = Annotated[str | None, typer.Option("--mailbox", help="For which mailbox; its key in config.yaml.")]


def _log_form(text: str) -> Literal["text", "json"]:
    if text == "json":
        return "json"
    if text != "text":
        raise typer.BadParameter(f"{text!r} is not a form of the log: write text or json")
    return "text"


@app.command("list", rich_help_panel=STAFF)
def list_tickets(
    ctx: typer.Context,
    mine: Annotated[bool, typer.Option("--mine", help="Only what is given to you.")] = False,
    unassigned: Annotated[bool, typer.Option("--unassigned", help="Only what no agent has.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Solved and closed ones too, the newest first.")] = False,
    status: Annotated[str, typer.Option(help="Only those with this status.")] = "",
    customer: Annotated[str, typer.Option(metavar="ADDRESS", help="Only those of this customer.")] = "",
    group: Annotated[str, typer.Option(help="Only those of this group.")] = "",
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those whose due time has passed.")] = False,
    due: Annotated[str, typer.Option(metavar="WHEN", help="Only those due by then: today, 3d, 2026-12-01.")] = "",
    limit: Limit = 20,
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """List the tickets that are neither solved nor closed, whoever waits longest first."""
    from commands import queue as body

    wish = body.Wish(
        mine=mine, nobodys=unassigned, everything=everything, status=status, customer=customer, group=group,
        overdue=overdue, due=due, limit=limit,
    )  # fmt: skip
    body.run(ctx.obj, wish, who=who, as_json=as_json)


@app.command(rich_help_panel=STAFF)
def show(
    ctx: typer.Context,
    ticket: Ticket,
    full: Annotated[bool, typer.Option("--full", help="With quoted text, and long texts to their end.")] = False,
    save: Annotated[bool, typer.Option("--save", help="Write its files into a folder instead.")] = False,
    to: Annotated[Path | None, typer.Option("--to", help="That folder; else one named after the ticket.")] = None,
    raw: Annotated[int | None, typer.Option("--raw", metavar="N", help="Print the mail of entry N as it came.")] = None,
    html: Annotated[
        int | None, typer.Option("--html", metavar="N", help="Print the HTML of entry N, safe to open in a browser.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show a ticket with its timeline, or save what is attached to it."""
    from commands import pages
    from commands import show as body

    if html is not None:
        pages.run(ctx.obj, ticket, html)
    elif raw is not None:
        body.raw(ctx.obj, ticket, raw)
    elif save or to is not None:
        body.save(ctx.obj, ticket, folder=to)
    else:
        body.run(ctx.obj, ticket, full=full, as_json=as_json)


@app.command(rich_help_panel=STAFF)
def new(
    ctx: typer.Context,
    customer: Annotated[str, typer.Option(metavar="ADDRESS", help="Whose ticket it is.")],
    title: Annotated[str, typer.Option(help="What it is about.")],
    message: Message = None,
    mailbox: Annotated[str, typer.Option(help="Whose letters it gets; else the first.")] = "",
    attach: Attach = None,
    due: Annotated[str, typer.Option(metavar="WHEN", help="Until when it is to be solved: 2d, 2026-12-01.")] = "",
    who: As = None,
    mandatory: Mandatory = False,
    silent: Silent = False,
    as_json: AsJson = False,
) -> None:
    """Open a ticket for a customer who called or came by."""
    from commands import acts as body

    at = body.At(path=ctx.obj, who=who, mandatory=mandatory, silent=silent, as_json=as_json)
    body.new(at, customer=customer, title=title, message=message, mailbox=mailbox, files=attach or (), due=due)


@app.command(rich_help_panel=STAFF)
def reply(
    ctx: typer.Context,
    ticket: Ticket,
    message: Message = None,
    attach: Attach = None,
    cc: Annotated[list[str] | None, typer.Option(metavar="ADDRESS", help="Who gets it too; may be repeated.")] = None,
    status: Annotated[str, typer.Option(help="And give the ticket this status.")] = "",
    who: As = None,
    mandatory: Mandatory = False,
    silent: Silent = False,
    as_json: AsJson = False,
) -> None:
    """Write to the customer."""
    from commands import acts as body

    at = body.At(path=ctx.obj, who=who, mandatory=mandatory, silent=silent, as_json=as_json)
    body.reply(at, ticket, message=message, files=attach or (), cc=cc or (), status=status)


@app.command(rich_help_panel=STAFF)
def note(
    ctx: typer.Context,
    ticket: Ticket,
    message: Message = None,
    attach: Attach = None,
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Write a note for staff, which no customer sees."""
    from commands import acts as body

    body.note(body.At(path=ctx.obj, who=who, as_json=as_json), ticket, message=message, files=attach or ())


@app.command(rich_help_panel=STAFF)
def solve(
    ctx: typer.Context,
    ticket: Ticket,
    message: Message = None,
    attach: Attach = None,
    who: As = None,
    mandatory: Mandatory = False,
    silent: Silent = False,
    as_json: AsJson = False,
) -> None:
    """Enter the solution, or another one; the ticket is solved."""
    from commands import acts as body

    at = body.At(path=ctx.obj, who=who, mandatory=mandatory, silent=silent, as_json=as_json)
    body.solve(at, ticket, message=message, files=attach or ())


@app.command(rich_help_panel=STAFF)
def take(
    ctx: typer.Context,
    ticket: Ticket,
    who: As = None,
    mandatory: Mandatory = False,
    silent: Silent = False,
    as_json: AsJson = False,
) -> None:
    """Take a ticket over."""
    from commands import acts as body

    body.take(body.At(path=ctx.obj, who=who, mandatory=mandatory, silent=silent, as_json=as_json), ticket)


@app.command(rich_help_panel=STAFF)
def assign(
    ctx: typer.Context,
    ticket: Ticket,
    agent: Annotated[str, typer.Argument(metavar="[AGENT]", help="Who shall have it.", show_default=False)] = "",
    group: Annotated[str, typer.Option(help="Which group shall have it.")] = "",
    who: As = None,
    mandatory: Mandatory = False,
    silent: Silent = False,
    as_json: AsJson = False,
) -> None:
    """Give a ticket to an agent, a group, or both."""
    from commands import acts as body

    at = body.At(path=ctx.obj, who=who, mandatory=mandatory, silent=silent, as_json=as_json)
    body.assign(at, ticket, to=agent, group=group)


@app.command("set", rich_help_panel=STAFF)
def set_field(
    ctx: typer.Context,
    ticket: Ticket,
    field: Annotated[
        str, typer.Argument(metavar="FIELD", help="title, priority, category, or a key of `tickets.fields`.")
    ],
    value: Annotated[str, typer.Argument(metavar="VALUE", help="What it shall be.")],
    who: As = None,
    mandatory: Mandatory = False,
    silent: Silent = False,
    as_json: AsJson = False,
) -> None:
    """Set title, priority, category, or a field of your own."""
    from commands import acts as body

    at = body.At(path=ctx.obj, who=who, mandatory=mandatory, silent=silent, as_json=as_json)
    body.change(at, ticket, field=field, value=value)


@app.command(rich_help_panel=STAFF)
def tag(
    ctx: typer.Context,
    ticket: Ticket,
    tags: Annotated[list[str], typer.Argument(metavar="TAG...", help="Words of your choice.")],
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Add tags to a ticket."""
    from commands import acts as body

    body.tag(body.At(path=ctx.obj, who=who, as_json=as_json), ticket, tags=tags)


@app.command(rich_help_panel=STAFF)
def due(
    ctx: typer.Context,
    ticket: Ticket,
    when: Annotated[
        list[str],
        typer.Argument(metavar="WHEN", help="2026-12-01, 2026-12-01 17:00, 2d, 4h, today, tomorrow 9:00; or none."),
    ],
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Set until when a ticket is to be solved; its staff is reminded."""
    from commands import acts as body

    body.due(body.At(path=ctx.obj, who=who, as_json=as_json), ticket, when=" ".join(when))


@app.command(rich_help_panel=STAFF)
def untag(
    ctx: typer.Context,
    ticket: Ticket,
    tags: Annotated[list[str], typer.Argument(metavar="TAG...", help="Which ones.")],
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Take tags from a ticket."""
    from commands import acts
    from commands import merge as body

    body.untag(acts.At(path=ctx.obj, who=who, as_json=as_json), ticket, tags=tags)


@app.command(rich_help_panel=STAFF)
def merge(
    ctx: typer.Context,
    ticket: Ticket,
    into: Annotated[str, typer.Option("--into", metavar="TICKET", help="The ticket under which it is continued.")],
    who: As = None,
    mandatory: Mandatory = False,
    silent: Silent = False,
    as_json: AsJson = False,
) -> None:
    """Continue a ticket under another one: its people, tags and answers go there."""
    from commands import acts
    from commands import merge as body

    at = acts.At(path=ctx.obj, who=who, mandatory=mandatory, silent=silent, as_json=as_json)
    body.merge(at, ticket, into=into)


@app.command(rich_help_panel=STAFF)
def link(
    ctx: typer.Context,
    ticket: Ticket,
    vendor_id: Annotated[
        str, typer.Option("--vendor-id", metavar="NAME:ID", help="NAME is a key of `thread_keys` in the settings.")
    ],
    remove: Annotated[bool, typer.Option("--remove", help="Take it away instead.")] = False,
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Tell a ticket its number in a vendor's system: that vendor's mails about it come here."""
    from commands import acts
    from commands import merge as body

    body.link(acts.At(path=ctx.obj, who=who, as_json=as_json), ticket, vendor_id=vendor_id, remove=remove)


@app.command(rich_help_panel=STAFF)
def status(
    ctx: typer.Context,
    ticket: Annotated[str | None, typer.Argument(metavar="[TICKET", help="Its number: 1042 or ACME-1042.")] = None,
    wanted: Annotated[
        str | None, typer.Argument(metavar="STATUS]", help="A key of `tickets.statuses` in the settings.")
    ] = None,
    who: As = None,
    mandatory: Mandatory = False,
    silent: Silent = False,
    as_json: AsJson = False,
) -> None:
    """Give a ticket another status; alone: show how the helpdesk is."""
    if ticket is None:
        from commands import state

        raise typer.Exit(state.run(ctx.obj, as_json=as_json))
    if wanted is None:
        raise typer.BadParameter("which status? Write it behind the ticket: helpdesk status 1042 waiting")
    from commands import acts as body

    at = body.At(path=ctx.obj, who=who, mandatory=mandatory, silent=silent, as_json=as_json)
    body.status(at, ticket, wanted=wanted)


@app.command(rich_help_panel=STAFF)
def close(
    ctx: typer.Context,
    ticket: Ticket,
    who: As = None,
    mandatory: Mandatory = False,
    silent: Silent = False,
    as_json: AsJson = False,
) -> None:
    """Close a ticket."""
    from commands import acts as body

    body.close(body.At(path=ctx.obj, who=who, mandatory=mandatory, silent=silent, as_json=as_json), ticket)


@app.command(rich_help_panel=STAFF)
def reopen(
    ctx: typer.Context,
    ticket: Ticket,
    who: As = None,
    mandatory: Mandatory = False,
    silent: Silent = False,
    as_json: AsJson = False,
) -> None:
    """Open a ticket again."""
    from commands import acts as body

    body.reopen(body.At(path=ctx.obj, who=who, mandatory=mandatory, silent=silent, as_json=as_json), ticket)


@app.command(rich_help_panel=STAFF)
def history(ctx: typer.Context, ticket: Ticket, as_json: AsJson = False) -> None:
    """Show everything that happened to a ticket: when, who, what, because."""
    from commands import history as body

    body.run(ctx.obj, ticket, as_json=as_json)


@app.command(rich_help_panel=STAFF)
def letters(
    ctx: typer.Context,
    about: Annotated[
        str | None, typer.Argument(metavar="[TICKET|ADDRESS]", help="About what or to whom; else the newest of all.")
    ] = None,
    show: Annotated[
        str | None, typer.Option("--show", metavar="ID", help="Print one letter, byte for byte as it was sent.")
    ] = None,
    text: Annotated[str | None, typer.Option("--text", metavar="ID", help="Print what one letter says.")] = None,
    limit: Limit = 30,
    as_json: AsJson = False,
) -> None:
    """Show who was written to, who was not, and why."""
    from commands import letters as body

    if show is not None:
        body.show_bytes(ctx.obj, show, about)
    elif text is not None:
        body.show_text(ctx.obj, text, about)
    else:
        body.run(ctx.obj, about, limit=limit, as_json=as_json)


@app.command(rich_help_panel=STAFF)
def contacts(
    ctx: typer.Context,
    words: Annotated[str, typer.Argument(help="Part of a name or address; to change one, his address.")] = "",
    opt_out: Annotated[bool | None, typer.Option("--opt-out/--opt-in", help="No letters any more, or again.")] = None,
    language: Annotated[str | None, typer.Option(help="Of letters to him: de or en.")] = None,
    portal: Annotated[bool | None, typer.Option("--portal/--no-portal", help="A user of the portal, or not.")] = None,
    name: Annotated[str | None, typer.Option(help="How he is called.")] = None,
    support_from: Annotated[
        str | None, typer.Option(metavar="DATE", help="The first day of his support; '' for none.")
    ] = None,
    support_until: Annotated[
        str | None, typer.Option(metavar="DATE", help="The last day of his support; '' for none.")
    ] = None,
    tags: Annotated[
        list[str] | None, typer.Option("--tag", help="Give him a tag, such as vip; may be repeated.")
    ] = None,
    untags: Annotated[list[str] | None, typer.Option("--untag", help="Take a tag off; may be repeated.")] = None,
    add: Annotated[bool, typer.Option("--add", help="Make a contact of an address that is new.")] = False,
    ticket: Annotated[str | None, typer.Option(help="With --opt-out, --opt-in: letters about it only.")] = None,
    organization: Annotated[str | None, typer.Option(metavar="NAME", help="Add an organization.")] = None,
    domain: Annotated[list[str] | None, typer.Option(help="A mail domain that it owns; may be repeated.")] = None,
    agent: Annotated[
        str | None, typer.Option(metavar="KEY", help="Who looks after the organization; '' for nobody.")
    ] = None,
    limit: Limit = 50,
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """List the customers; change what one of them wishes."""
    from commands import contacts as body

    if organization is not None or domain or agent is not None:
        body.organize(ctx.obj, organization or "", domain or (), agent=agent, as_json=as_json)
        return
    wish = body.Wish(
        opt_out=opt_out, language=language, portal=portal, name=name, add=add, ticket=ticket, tag=tuple(tags or ()),
        untag=tuple(untags or ()), support_from=support_from, support_until=support_until,
    )  # fmt: skip
    body.run(ctx.obj, words, wish, who=who, limit=limit, as_json=as_json)


@app.command(rich_help_panel=STAFF)
def absence(
    ctx: typer.Context,
    agent: Annotated[
        str | None, typer.Argument(metavar="[AGENT]", help="Who is away; else all who are or will.")
    ] = None,
    first: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="The first day: 2026-12-01; else today.")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--until", metavar="DAY", help="The last day; else until further notice.")
    ] = None,
    deputy: Annotated[
        str | None, typer.Option(metavar="AGENT", help="Who stands in: gets his tickets and letters.")
    ] = None,
    back: Annotated[bool, typer.Option("--back", help="He is back, or does not go.")] = False,
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Say who of staff is away, and who stands in."""
    from commands import absence as body

    if agent is None and (first or last or deputy or back):
        raise typer.BadParameter("who is away? Write the agent's key in front of the options")
    if back and (first or last or deputy):
        raise typer.BadParameter("--back stands alone")
    if agent is None:
        body.run(ctx.obj, as_json=as_json)
    elif back:
        body.back(ctx.obj, agent, as_json=as_json)
    else:
        body.go(ctx.obj, agent, first=first, last=last, deputy=deputy or "", who=who, as_json=as_json)


@app.command(rich_help_panel=MAIL)
def run(ctx: typer.Context, log: LogForm = "text", verbose: Verbose = False) -> None:
    """Be the daemon: scan, decide and deliver until stopped."""
    from commands import daemon as body

    raise typer.Exit(body.run(ctx.obj, form=_log_form(log), verbose=verbose))


@app.command(rich_help_panel=MAIL)
def scan(
    ctx: typer.Context,
    mailboxes: Annotated[list[str] | None, typer.Argument(help="Which mailboxes; all, if none is named.")] = None,
    log: LogForm = "text",
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Scan the mailboxes once and leave, for cron."""
    from commands import daemon as body

    code = body.scan(ctx.obj, tuple(mailboxes or ()), form=_log_form(log), verbose=verbose, as_json=as_json)
    raise typer.Exit(code)


@app.command(rich_help_panel=MAIL)
def deliver(ctx: typer.Context, log: LogForm = "text", verbose: Verbose = False, as_json: AsJson = False) -> None:
    """Send the letters that wait, and tell staff of due tickets, once and leave, for cron."""
    from commands import daemon as body

    raise typer.Exit(body.deliver(ctx.obj, form=_log_form(log), verbose=verbose, as_json=as_json))


@app.command(rich_help_panel=MAIL)
def ingest(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(help="A mail as a file; - is the standard input.")] = "-",
    mailbox: MailboxName = None,
    as_json: AsJson = False,
) -> None:
    """Take in one mail, as a mail server pipes it: 0 once it is committed, 75 to try again."""
    from commands import mail as body

    raise typer.Exit(body.ingest(ctx.obj, file, mailbox=mailbox, as_json=as_json))


@app.command(rich_help_panel=MAIL)
def explain(
    ctx: typer.Context,
    files: Annotated[list[str] | None, typer.Argument(help="Mails as files; - is the standard input.")] = None,
    ticket: Annotated[
        str | None, typer.Option(help="Its mails instead: how each was decided then, and would be decided now.")
    ] = None,
    mailbox: MailboxName = None,
    as_json: AsJson = False,
) -> None:
    """Tell what would become of a mail: finders, rules, letters.  Nothing is touched."""
    if (ticket is None) == (not files):
        raise typer.BadParameter("name either mails as files, or a ticket: helpdesk explain --ticket 1042")
    if ticket is not None:
        from commands import then_and_now

        raise typer.Exit(then_and_now.run(ctx.obj, ticket, as_json=as_json))
    from commands import mail as body

    raise typer.Exit(body.explain(ctx.obj, files or [], mailbox=mailbox, as_json=as_json))


class _Journal(TyperGroup):
    """`intake 42` and `intake --outcome ignored` list, as they always did; other commands stand beside."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ("-h", "--help")):
            args = ["list", *args]
        return super().parse_args(ctx, args)


journal = typer.Typer(help="What became of each mail: list, show, try again.", cls=_Journal)
app.add_typer(journal, name="intake", rich_help_panel=MAIL)


@journal.command("list")
def intake(
    ctx: typer.Context,
    number: Annotated[int | None, typer.Argument(max=HIGHEST, help="One mail of the journal: show all of it.")] = None,
    mailbox: MailboxName = None,
    outcome: Annotated[str | None, typer.Option(help="Only these: ticket, comment, ignored, duplicate ...")] = None,
    state: Annotated[str | None, typer.Option(help="Only these: listed, stored, done, filed, quarantined.")] = None,
    ticket: Annotated[str | None, typer.Option(help="Only the mails of this ticket.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="How many, the newest first.")] = 20,
    raw: Annotated[bool, typer.Option("--raw", help="With a number: print the mail itself.")] = False,
    as_json: AsJson = False,
) -> None:
    """List what became of each mail."""
    from commands import journal as body

    if number is not None:
        raise typer.Exit(body.show(ctx.obj, number, as_json=as_json, raw=raw))
    code = body.intake(
        ctx.obj, mailbox=mailbox, outcome=outcome, state=state, ticket=ticket, limit=limit, as_json=as_json
    )
    raise typer.Exit(code)


@journal.command("retry")
def intake_retry(
    ctx: typer.Context,
    outcome: Annotated[str, typer.Option(help="Which mails: ignored.")] = "ignored",
    since: Since = None,
    rule: Annotated[str, typer.Option(metavar="NAME", help="Only those that this rule matched.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would become of them.")] = False,
    silent: Annotated[bool, typer.Option("--silent", help="Make no letters.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing, however many they are.")] = False,
    as_json: AsJson = False,
) -> None:
    """Give mails that were ignored another go under the rules of today."""
    from commands import journal as body

    code = body.intake_retry(
        ctx.obj, outcome=outcome, since=since, rule=rule, dry_run=dry_run, silent=silent, yes=yes, as_json=as_json
    )
    raise typer.Exit(code)


@app.command(rich_help_panel=MAIL)
def reconcile(
    ctx: typer.Context,
    blobs: Annotated[bool, typer.Option(help="Read every raw mail and check its bytes too.")] = True,
    as_json: AsJson = False,
) -> None:
    """Prove that no mail is lost; exit code 1 on a gap, which is named."""
    from commands import journal as body

    raise typer.Exit(body.reconcile(ctx.obj, as_json=as_json, blobs=blobs))


outbox = typer.Typer(help="Letters that are not sent yet: look, try again, cancel, hold back.", no_args_is_help=True)
app.add_typer(outbox, name="outbox", rich_help_panel=MAIL)
LetterIds = Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="The beginnings of the letters' ids.")]
OfTicket = Annotated[str | None, typer.Option("--ticket", metavar="TICKET", help="All letters about a ticket.")]
Everything = Annotated[bool, typer.Option("--all", help="All letters.")]


@outbox.command("list")
def outbox_list(ctx: typer.Context, ticket: OfTicket = None, limit: Limit = 100, as_json: AsJson = False) -> None:
    """List the letters that wait, are on hold or failed; the newest at the end."""
    from commands import outbox as body

    body.run(ctx.obj, ticket, limit=limit, as_json=as_json)


@outbox.command("show")
def outbox_show(ctx: typer.Context, letter: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Print a letter byte for byte: as it was sent, or as it would be now."""
    from commands import letters as body

    body.show_bytes(ctx.obj, letter)


@outbox.command("retry")
def outbox_retry(
    ctx: typer.Context,
    letters: LetterIds = None,
    ticket: OfTicket = None,
    everything: Everything = False,
    failed: Annotated[bool, typer.Option("--failed", help="With --all: also those that failed for good.")] = False,
    as_json: AsJson = False,
) -> None:
    """Try letters again now that were postponed or that failed."""
    from commands import outbox as body

    body.retry(body.Wish(ctx.obj, letters or (), ticket, everything, as_json=as_json), failed=failed)


@outbox.command("cancel")
def outbox_cancel(
    ctx: typer.Context,
    letters: LetterIds = None,
    ticket: OfTicket = None,
    everything: Everything = False,
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Never send letters that are in the outbox; they stay listed as withheld."""
    from commands import outbox as body

    body.cancel(body.Wish(ctx.obj, letters or (), ticket, everything, as_json=as_json), who=who)


@outbox.command("hold")
def outbox_hold(
    ctx: typer.Context,
    letters: LetterIds = None,
    ticket: OfTicket = None,
    everything: Everything = False,
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Keep letters back until they are released; of a ticket, or with --all, new ones too."""
    from commands import outbox as body

    body.hold(body.Wish(ctx.obj, letters or (), ticket, everything, as_json=as_json), who=who)


@outbox.command("release")
def outbox_release(
    ctx: typer.Context,
    letters: LetterIds = None,
    ticket: OfTicket = None,
    everything: Everything = False,
    as_json: AsJson = False,
) -> None:
    """Let go again what was put on hold, in the same words: a letter, a ticket, or --all."""
    from commands import outbox as body

    body.release(body.Wish(ctx.obj, letters or (), ticket, everything, as_json=as_json))


quarantine = typer.Typer(help="Mails that could not be decided: look, try again, give up.", no_args_is_help=True)
app.add_typer(quarantine, name="quarantine", rich_help_panel=MAIL)
IntakeNumber = Annotated[int, typer.Argument(max=HIGHEST, help="The mail's number in the journal.")]
IntakeNumbers = Annotated[list[int], typer.Argument(max=HIGHEST, help="The mails' numbers in the journal.")]


@quarantine.command("list")
def quarantine_list(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the mails that wait for a person."""
    from commands import journal as body

    raise typer.Exit(body.quarantine_list(ctx.obj, as_json=as_json))


@quarantine.command("show")
def quarantine_show(
    ctx: typer.Context,
    number: IntakeNumber,
    raw: Annotated[bool, typer.Option("--raw", help="Print the mail itself.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show one of them, and why it is there."""
    from commands import journal as body

    raise typer.Exit(body.show(ctx.obj, number, as_json=as_json, raw=raw))


@quarantine.command("retry")
def quarantine_retry(ctx: typer.Context, numbers: IntakeNumbers) -> None:
    """Give them another go, now."""
    from commands import journal as body

    raise typer.Exit(body.quarantine_retry(ctx.obj, numbers))


@quarantine.command("discard")
def quarantine_discard(
    ctx: typer.Context,
    numbers: IntakeNumbers,
    because: Annotated[str, typer.Option(help="Why; it is kept.")] = "discarded by hand",
) -> None:
    """Give them up; they stay in the journal as discarded."""
    from commands import journal as body

    raise typer.Exit(body.quarantine_discard(ctx.obj, numbers, because=because))


@app.command(rich_help_panel=MAIL)
def parse(
    files: Annotated[list[Path], typer.Argument(help="Mails as files.")],
    text: Annotated[bool, typer.Option("--text", help="Take the files as texts that are decoded already.")] = False,
    html: Annotated[bool, typer.Option("--html", help="Print the HTML instead, safe to open in a browser.")] = False,
    full: Annotated[bool, typer.Option("--full", help="With quoted text and signatures to their end.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what the helpdesk reads in a mail, without settings or database."""
    from commands import parse as body

    raise typer.Exit(body.run(files, as_json=as_json, text=text, html=html, full=full))


templates = typer.Typer(help="What letters are written with: look, try out, change.", no_args_is_help=True)
app.add_typer(templates, name="templates", rich_help_panel=SETUP)
TemplateName = Annotated[str, typer.Argument(metavar="NAME", help="A kind of letter, such as comment, or a part.")]
TemplateLanguage = Annotated[str, typer.Option("--language", help="In which language, such as de.")]
TemplateMailbox = Annotated[str, typer.Option("--mailbox", help="For the letters of one mailbox.")]
TemplateForm = Annotated[str, typer.Option("--form", help="For one form only: txt or html.")]


@templates.command("list")
def templates_list(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the templates, ours and your own, and the languages of the sentences."""
    from commands import templates as body

    body.list_all(ctx.obj, as_json=as_json)


@templates.command("show")
def templates_show(
    ctx: typer.Context,
    name: TemplateName,
    language: TemplateLanguage = "",
    mailbox: TemplateMailbox = "",
    form: TemplateForm = "",
) -> None:
    """Print the source of a template."""
    from commands import templates as body

    body.show(ctx.obj, name, language=language, mailbox=mailbox, form=form)


@templates.command("preview")
def templates_preview(
    ctx: typer.Context,
    event: Annotated[str, typer.Argument(metavar="EVENT", help="The kind of letter, such as comment or staff_new.")],
    ticket: Annotated[str | None, typer.Option("--ticket", help="About this ticket; else with made-up facts.")] = None,
    language: TemplateLanguage = "",
    mailbox: TemplateMailbox = "",
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write the HTML part there.")] = None,
    open_it: Annotated[bool, typer.Option("--open", help="Open the HTML part in your browser.")] = False,
) -> None:
    """Print what a letter would say.  Nothing is sent."""
    from commands import templates as body

    body.preview(ctx.obj, event, ticket=ticket, language=language, mailbox=mailbox, html=html, open_it=open_it)


@templates.command("check")
def templates_check(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Write every letter in every language with made-up facts; mistakes are named with file and line."""
    from commands import templates as body

    raise typer.Exit(body.check(ctx.obj, as_json=as_json))


@templates.command("edit")
def templates_edit(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A template, or a language for its sentences.")],
    language: TemplateLanguage = "",
    mailbox: TemplateMailbox = "",
    form: TemplateForm = "",
) -> None:
    """Copy one of ours into your own directory, to change it there.  Your editor stays closed."""
    from commands import templates as body

    body.edit(ctx.obj, name, language=language, mailbox=mailbox, form=form)


@templates.command("diff")
def templates_diff(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="One template; else all of your own.")] = "",
) -> None:
    """Show how your templates and sentences differ from ours, and what changed in ours since you copied them."""
    from commands import templates as body

    raise typer.Exit(body.diff(ctx.obj, name))


rules = typer.Typer(help="Rules: tried before they go live, and looked at afterwards.", no_args_is_help=True)
app.add_typer(rules, name="rules", rich_help_panel=SETUP)


@rules.command("test")
def rules_test(
    ctx: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="Other rules: a file with a list of them, or another config.yaml."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Try the tests that stand beside the rules."""
    from commands import rules as body

    raise typer.Exit(body.test(ctx.obj, rules=file, as_json=as_json))


@rules.command("history")
def rules_history(ctx: typer.Context, limit: Limit = 20, as_json: AsJson = False) -> None:
    """List the rule sets that were live, and what changed in each."""
    from commands import rules as body

    raise typer.Exit(body.history(ctx.obj, limit=limit, as_json=as_json))


@rules.command("stats")
def rules_stats(ctx: typer.Context, since: Since = None, as_json: AsJson = False) -> None:
    """Show how often each rule matched, last when, and which never did."""
    from commands import rules as body

    raise typer.Exit(body.stats(ctx.obj, since=since, as_json=as_json))


@rules.command("schema")
def rules_schema(
    rules_file: Annotated[bool, typer.Option("--rules-file", help="Of a file that holds rules only.")] = False,
) -> None:
    """Print the JSON Schema of config.yaml, for editors."""
    from commands import rules as body

    raise typer.Exit(body.schema(rules_file=rules_file))


@rules.command("replay")
def rules_replay(
    ctx: typer.Context,
    since: Since = None,
    new: Annotated[
        Path | None, typer.Option("--rules", help="Other rules: a file with a list of them, or another config.yaml.")
    ] = None,
    facts: Annotated[
        str, typer.Option(help="then: as each mail was seen; now: read again, and the finders asked again.")
    ] = "then",
    as_json: AsJson = False,
) -> None:
    """Decide the stored mails again, and tell what would be different.  Nothing is touched."""
    from commands import rules as body

    raise typer.Exit(body.replay(ctx.obj, since=since, rules=new, facts=facts, as_json=as_json))


@app.command(rich_help_panel=SETUP)
def init(
    directory: Annotated[Path, typer.Option("--directory", "-d", help="Where to write.")] = Path(),
    name: Annotated[str | None, typer.Option(help="Who signs the letters, such as 'Acme Support'.")] = None,
    language: Annotated[str | None, typer.Option(help="Of letters: de or en.")] = None,
    timezone: Annotated[str | None, typer.Option(help="Of the times in letters, such as Europe/Berlin.")] = None,
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
        "timezone": timezone,
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
    live: Annotated[bool, typer.Option("--live", help="Look at the running helpdesk too: `helpdesk status`.")] = False,
    as_json: AsJson = False,
) -> None:
    """Find every mistake in the settings; with --connect also in what they lead to."""
    from commands import check as body

    raise typer.Exit(body.run(ctx.obj, connect=connect, live=live, as_json=as_json))


if __name__ == "__main__":
    main()
