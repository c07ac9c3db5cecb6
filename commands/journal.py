"""`helpdesk intake`, `reconcile` and `quarantine`: what became of each mail, and the proof."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from commands import logs
from commands.opening import now, opened, opened_with
from commands.screen import Column, age, clean, confirm, dump_json, print_table, write_raw
from desk.config import load
from desk.desk import Desk
from desk.receive import Read, receive
from desk.reconcile import Proof
from domain.errors import DeskError, NotFound
from domain.intake import Intake, Outcome, State
from domain.letter import Told

# Fewer are tried again without a question.
CONFIRM = 20


def intake(
    path: Path,
    *,
    mailbox: str | None,
    outcome: str | None,
    state: str | None,
    ticket: str | None,
    limit: int,
    as_json: bool,
) -> int:
    """List what became of the newest mails."""
    from commands.opening import ticket_number

    wanted = _one_of("outcome", outcome, Outcome)
    states = _one_of("state", state, State)
    with opened(path) as desk, desk.store.reading() as view:
        rows = view.journal.rows(
            states=(states,) if states else (),
            outcome=wanted,
            mailbox=mailbox or "",
            ticket=ticket_number(ticket, desk.settings) if ticket else None,
            limit=limit,
        )
    # Not inside: a pager that is left open must not keep a transaction open.
    _print_rows(desk, rows, as_json=as_json)
    return 0


def _one_of(what: str, given: str | None, choices: Any) -> Any:
    if given is None:
        return None
    if given not in [choice.value for choice in choices]:
        raise DeskError(f"there is no {what} {given!r}; there are: {', '.join(choice.value for choice in choices)}")
    return choices(given)


def show(path: Path, number: int, *, as_json: bool, raw: bool) -> int:
    """Show one row of the journal with its decision record, or the mail itself."""
    with opened(path) as desk:
        with desk.store.reading() as view:
            row = _row(view.journal.get(number), number)
            record = view.journal.decision(number)
            if raw and row.blob is None:
                raise NotFound(f"mail {number} has no bytes here ({row.state} {row.outcome or ''})".rstrip())
            data = view.blobs.get(row.blob) if raw and row.blob else b""
        if raw:
            write_raw(data)
            return 0
        if as_json:
            dump_json({**_facts(desk, row), "decision": record})
            return 0
    for label, text in _shown(desk, row, record or {}):
        print(clean(f"{label:<10} {text}"))
    return 0


def _shown(desk: Desk, row: Intake, record: dict[str, Any]) -> list[tuple[str, str]]:
    lines = [
        ("intake", f"{row.id}  {_became(desk, row)}"),
        (
            "mail",
            f"'{row.subject}' from {row.sender or 'nobody'}, {row.size:,} octets, Message-ID {row.message_id or '-'}",
        ),
        ("came by", f"{row.source} {row.position}"),
        ("because", row.because),
    ]
    lines += [("finder", f"{step['finder']}: {step['because']}") for step in record.get("finders", ())]
    lines += [("rule", name) for name in record.get("rules", ())]
    lines += [("class", why) for why in record.get("class", ())]
    lines += [("repaired", why) for why in record.get("defects", ())]
    return [line for line in lines if line[1]]


def _print_rows(desk: Desk, rows: Sequence[Intake], *, as_json: bool) -> None:
    if as_json:
        dump_json([_facts(desk, row) for row in rows])
        return
    columns = [
        Column(title="Intake", right=True), Column(title="Age", right=True), Column(title="Mailbox"),
        Column(title="From", flexible=True), Column(title="Subject", flexible=True), Column(title="Became"),
    ]  # fmt: skip
    moment = now()
    print_table(
        columns,
        [
            (str(row.id), age(moment - row.listed_at), row.mailbox, row.sender, row.subject, _became(desk, row))
            for row in rows
        ],
    )


def _became(desk: Desk, row: Intake) -> str:
    if row.state is State.QUARANTINED or row.outcome is None:
        return row.state.value
    ticket = f" {desk.reference(row.ticket)}" if row.ticket else ""
    return f"{row.outcome.value}{ticket}"


def _facts(desk: Desk, row: Intake) -> dict[str, Any]:
    return {
        "intake": row.id, "mailbox": row.mailbox, "folder": row.folder, "uid": row.uid or None, "source": row.source,
        "position": row.position, "state": row.state, "outcome": row.outcome, "attempts": row.attempts,
        "ticket": desk.reference(row.ticket) if row.ticket else None, "duplicate_of": row.duplicate_of,
        "from": row.sender, "subject": row.subject, "message_id": row.message_id, "size": row.size,
        "arrived": row.arrived, "listed_at": row.listed_at, "done_at": row.done_at, "because": row.because,
        "quiet": row.quiet,
    }  # fmt: skip


def reconcile(path: Path, *, as_json: bool, blobs: bool) -> int:
    """Hold the servers against the journal; 1 if there is a gap."""
    from commands import roads
    from desk.reconcile import reconcile as desk_reconcile

    config = load(path)
    with opened_with(config) as desk:
        proof = desk_reconcile(desk, roads.imap(config), now=now(), check_blobs=blobs)
        if as_json:
            dump_json(_proof_facts(proof))
        else:
            _print_proof(proof)
    return 1 if proof.gaps else 0


def _print_proof(proof: Proof) -> None:
    width = max((len(one.mailbox) + 2 + len(one.folder) for one in proof.folders), default=0)
    for one in proof.folders:
        without = len(one.without_row)
        verdict = f"{without:,} without a record" if without else "all accounted for"
        before = f" ({one.before_us:,} of them before start)" if one.before_us else ""
        print(clean(f"{one.mailbox + '  ' + one.folder:<{width}}  {one.on_server:,} on the server{before}, {verdict}"))
    outcomes: Counter[str] = Counter()
    for _, _, state, outcome, count in proof.counts:
        outcomes[outcome.value if outcome and state is not State.QUARANTINED else state.value] += count
    print("journal  " + (" · ".join(f"{count:,} {name}" for name, count in outcomes.most_common()) or "empty"))
    if proof.blobs:
        print(f"blobs    {proof.blobs:,} checked")
    for gap in proof.gaps:
        advice = f" → {gap.advice}" if gap.advice else ""
        print(clean(f"gap      {gap.where}: {gap.what}{advice}"))
    gaps = f"{len(proof.gaps):,} gap{'s' * (len(proof.gaps) != 1)}"
    print(f"{gaps}. Run again in a minute; what stays is to be mended." if proof.gaps else "No gap.")


def _proof_facts(proof: Proof) -> dict[str, Any]:
    return {
        "gaps": [{"where": gap.where, "what": gap.what, "advice": gap.advice} for gap in proof.gaps],
        "folders": [
            {
                "mailbox": one.mailbox, "folder": one.folder, "on_server": one.on_server, "before_start": one.before_us,
                "without_row": list(one.without_row), "renumbered": one.uidvalidity_changed,
            }
            for one in proof.folders
        ],
        "journal": [
            {"mailbox": mailbox, "folder": folder, "state": state, "outcome": outcome, "count": count}
            for mailbox, folder, state, outcome, count in proof.counts
        ],
        "quarantined": [row.id for row in proof.quarantined],
        "blobs": proof.blobs,
    }  # fmt: skip


def quarantine_list(path: Path, *, as_json: bool) -> int:
    """List the mails that wait for a person."""
    with opened(path) as desk, desk.store.reading() as view:
        rows = view.journal.rows(states=(State.QUARANTINED,), limit=1000)
        if as_json:
            dump_json([_facts(desk, row) for row in rows])
            return 0
    for row in rows:
        print(
            clean(f"{row.id:>8}  {row.mailbox} {row.folder} UID {row.uid or '-'}, {row.size:,} octets: {row.because}")
        )
    hint = "helpdesk quarantine show N · retry N · discard N"
    print(f"{len(rows)} in quarantine. {hint}" if rows else "Nothing is in quarantine.")
    return 0


def quarantine_retry(path: Path, numbers: Sequence[int]) -> int:
    """Give quarantined mails another go, now."""
    from scanner.worker import SafeReader

    logs.set_up("text")
    with opened(path) as desk, SafeReader(limits=desk.settings.limits) as read:
        for number in numbers:
            with desk.store.act() as view:
                row = _row(view.journal.get(number), number)
                _must(view.journal.release(row), row)
            while receive(desk, row.source, read=read, now=now(), only=row.id).failed:
                pass
            with desk.store.reading() as view:
                row = _row(view.journal.get(number), number)
            print(clean(f"{number}: {_became(desk, row)} ({row.because})"))
    return 0


def intake_retry(
    path: Path, *, outcome: str, since: str | None, rule: str, dry_run: bool, silent: bool, yes: bool, as_json: bool
) -> int:
    """Give mails that were ignored another go under the rules of today."""
    from commands.rules import moment
    from desk.retry import candidates, retry
    from scanner.worker import SafeReader

    if outcome != Outcome.IGNORED:
        raise DeskError(f"--outcome {outcome}: only what was ignored can be tried again; see also quarantine retry")
    logs.set_up("text")
    with opened(path) as desk, SafeReader(limits=desk.settings.limits) as read:
        rows = candidates(desk, since=moment(since), rule=rule)
        if dry_run:
            _print_foretold(desk, rows, read, as_json=as_json)
            return 0
        if len(rows) > CONFIRM and not yes and not confirm(f"Give {len(rows):,} mails another go?"):
            raise DeskError("nothing was done; --dry-run tells what would become of them")
        done = [one.after for one in retry(desk, rows, read=read, now=now, silent=silent) if one.after is not None]
        if as_json:
            dump_json([_facts(desk, row) for row in done])
        else:
            _print_retried(desk, done)
    return 0


def _print_retried(desk: Desk, done: Sequence[Intake]) -> None:
    for row in done:
        if row.outcome is not Outcome.IGNORED:
            print(clean(f"{row.id}: {_became(desk, row)} ({row.because})"))
    still = sum(row.outcome is Outcome.IGNORED for row in done)
    print(f"{len(done):,} tried again: {len(done) - still:,} decided otherwise, {still:,} ignored as before")


def _print_foretold(desk: Desk, rows: Sequence[Intake], read: Read, *, as_json: bool) -> None:
    from desk.retry import foretold

    told = [(row, foretold(desk, row, read=read, now=now())) for row in rows]
    different = [(row, one) for row, one in told if one is not None and one.outcome is not Outcome.IGNORED]
    if as_json:
        dump_json([
            {**_facts(desk, row), "would": one.outcome, "why": one.decision.disposition.because,
             "letters": sum(isinstance(letter, Told) for letter in one.told)}
            for row, one in different
        ])  # fmt: skip
        return
    for row, one in different:
        letters = sum(isinstance(letter, Told) for letter in one.told)
        why = one.decision.disposition.because
        print(clean(f"{row.id}: '{row.subject}' from {row.sender}: {one.outcome} ({why}), letters: {letters}"))
    same = len(rows) - len(different)
    print(f"{len(rows):,} would be tried again: {len(different):,} decided otherwise, {same:,} ignored as before")
    print("Nothing was done.")


def quarantine_discard(path: Path, numbers: Sequence[int], *, because: str) -> int:
    """End quarantined mails; they stay in the journal as discarded."""
    with opened(path) as desk:
        for number in numbers:
            with desk.store.act() as view:
                row = _row(view.journal.get(number), number)
                _must(view.journal.discard(row, because=because, now=now()), row)
            print(f"{number}: discarded")
    return 0


def _row(row: Intake | None, number: int) -> Intake:
    if row is None:
        raise NotFound(f"there is no mail {number} in the journal; helpdesk intake lists them")
    return row


def _must(done: bool, row: Intake) -> None:
    if not done:
        raise DeskError(f"mail {row.id} is not in quarantine: it is {row.outcome or row.state}")
