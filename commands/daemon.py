"""`helpdesk run`, `scan` and `deliver`: the daemon, and its two rounds one at a time for cron."""

import os
import random
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from commands import logs, ownership
from commands.screen import dump_json
from domain.errors import DeskError, TemporaryFailure

if TYPE_CHECKING:
    from desk.scan import ScanReport

LogForm = Literal["text", "json"]


def run(path: Path, *, form: LogForm, verbose: bool) -> int:
    """Be the daemon until a signal ends it."""
    ownership.must_be_ours()
    # Not before: they would fail in the foreign code.
    import clock
    from commands import roads
    from commands.opening import now, opened_with
    from desk.config import load
    from scanner.worker import SafeReader

    # Under systemd the journal has the time already.
    logs.set_up(form, verbose=verbose, with_time="JOURNAL_STREAM" not in os.environ)
    config = load(path)
    roads.must_have_passwords(config)
    roads.must_have_words(config)
    with opened_with(config) as desk, SafeReader(limits=config.settings.limits) as read:
        ways = clock.Roads(
            connect=roads.imap(config),
            listen=roads.listeners(config),
            sender=lambda: roads.sender(config),
            composer=roads.writer(config, desk),
            read=read,
            clicks=roads.clicks(config, desk, clock=now),
        )
        renewal = clock.Renewal(config=config, composer=roads.writer, limit=read.use)
        return 0 if clock.run(desk, ways, renewal=renewal) else 1


def scan(path: Path, mailboxes: Sequence[str], *, form: LogForm, verbose: bool, as_json: bool) -> int:
    """Scan once and leave; 1 if a mailbox could not be scanned."""
    from commands import roads
    from commands.opening import now, opened_with
    from desk.config import load
    from desk.scan import MailboxScanner, ScanReport
    from desk.secrets import SecretMissing
    from scanner.worker import SafeReader

    logs.set_up(form, verbose=verbose)
    config = load(path)
    names = tuple(mailboxes) or tuple(config.settings.mailboxes)
    unknown = [name for name in names if name not in config.settings.mailboxes]
    if unknown:
        raise DeskError(f"there is no mailbox {unknown[0]!r}; there are: {', '.join(config.settings.mailboxes)}")
    reports: list[ScanReport] = []
    failures: list[DeskError] = []
    with opened_with(config) as desk, SafeReader(limits=config.settings.limits) as read:
        connections = roads.imap(config)
        for name in names:
            scanner = MailboxScanner(desk, name, connections.get(name), read=read, clock=now)
            try:
                report = scanner.scan()
                reports.append(report)
                failures += report.failures
            except (TemporaryFailure, SecretMissing) as failure:
                failures.append(failure)
            finally:
                scanner.close()
    _print_scans(reports, as_json=as_json)
    if failures:
        raise DeskError("\n".join(str(failure) for failure in failures))
    return 0


def _print_scans(reports: "Sequence[ScanReport]", *, as_json: bool) -> None:
    from collections import Counter

    from desk.holder import described

    for report in reports:
        outcomes = Counter(one.outcome.value for one in report.received)
        facts = {
            "mailbox": report.mailbox, "listed": report.listed, "outcomes": dict(outcomes),
            "quarantined": list(report.quarantined), "filed": report.filed, "letters": report.letters,
            "busy": report.busy,
        }  # fmt: skip
        if as_json:
            dump_json(facts)
            continue
        if report.busy:
            print(f"{report.mailbox}: another process scans it ({described(report.busy)}); nothing was done here")
            continue
        became = " · ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items())) or "nothing to do"
        aside = f" · {len(report.quarantined)} quarantined (helpdesk quarantine list)" if report.quarantined else ""
        print(f"{report.mailbox}: {report.listed} new · {became}{aside} · {report.letters} letters")


def deliver(path: Path, *, form: LogForm, verbose: bool, as_json: bool) -> int:
    """Tell staff of due tickets and send what waits, once; 1 if the server was away or took none of the letters."""
    from commands import roads
    from commands.opening import now, opened_with
    from desk.config import load
    from desk.deliver import Delivery
    from desk.due_times import tell_due

    logs.set_up(form, verbose=verbose)
    config = load(path)
    with opened_with(config) as desk:
        delivery = Delivery(desk, roads.sender(config), roads.writer(config, desk), clock=now, chance=random.random)
        try:
            due = tell_due(desk, now=now())
            report = delivery.deliver()
        finally:
            delivery.close()
        with desk.store.reading() as view:
            waiting = view.outbox.waiting()
    facts = {"sent": report.sent, "postponed": report.postponed, "failed": report.failed,
             "withheld": report.withheld, "waiting": waiting, "due": due, "stopped": report.stopped}  # fmt: skip
    if as_json:
        dump_json(facts)
    else:
        if config.settings.deliver.is_sandbox:
            print(f"SANDBOX: no letter reaches anybody, deliver is {config.settings.deliver}")
        if due:
            print(f"tickets due or overdue whose staff was told: {due}")
        print(" · ".join(f"{count} {name}" for name, count in facts.items() if name not in ("due", "stopped")))
    if (report.stopped or report.postponed) and not report.sent:
        why = report.stopped or report.refusal
        raise DeskError(f"nothing was sent, the letters wait and are tried again: {why}")
    if report.stopped:
        raise DeskError(f"the rest was not tried: {report.stopped}")
    return 0
