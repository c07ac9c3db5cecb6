"""A desk on a temporary database and mails to feed it: what the benchmarks have in common."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import rules
from desk import holder
from desk.config import parse
from desk.desk import Desk
from domain.token import Keys
from store.store import open_store
from tests.corpus import samples

CONFIG = """\
helpdesk: {{name: Acme, language: de, tag: ACME, keys: [env:HELPDESK_KEY]}}
mailboxes:
  support:
    address: support@acme.example
    group: service
    imap: {{host: 127.0.0.1, port: {imap}, tls: none, user: {user}, password: env:IMAP_PASSWORD}}
    start: all
    after: {{move: Processed}}
smtp: {{host: 127.0.0.1, port: {smtp}, tls: none}}
agents:
  ada: {{name: Ada, address: ada@acme.example}}
groups:
  service: [ada]
rules:
  - name: newsletters
    when: {{is: list}}
    then: [ignore]
  - name: outage
    when:
      any:
        - subject: {{contains: [Störung, Ausfall, outage]}}
        - text: {{regex: '(?:P1|SEV1)-\\d+'}}
    then:
      - set: {{priority: urgent}}
"""


def now() -> datetime:
    return datetime.now(UTC)


def mails(count: int, corpus: Path | None) -> list[bytes]:
    """COUNT mails, our own or those of a folder."""
    if corpus is None:
        return [sample.data for sample in samples(count)]
    return [path.read_bytes() for path in sorted(corpus.glob("*.eml"))[:count]]


@contextmanager
def opened(folder: Path, *, imap: int, smtp: int = 1, user: str = "user") -> Iterator[Desk]:
    """A desk on a new SQLite file in FOLDER."""
    settings, problems = parse(CONFIG.format(imap=imap, smtp=smtp, user=user))
    assert settings is not None, problems
    store = open_store("sqlite:///bench.db", base=folder)
    try:
        yield Desk(
            store=store,
            settings=settings,
            rules=rules.compile(settings.rules),
            keys=Keys((b"k" * 32,)),
            random=os.urandom,
            holder=holder.this_process(),
            is_dead=holder.is_dead,
        )
    finally:
        store.close()
