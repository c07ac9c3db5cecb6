"""Replaying stored mails, beside reading them: with the facts that the records keep, and from the bytes again."""

import tempfile
import time
from pathlib import Path

from bench import desks
from desk.differences import Differences
from desk.receive import receive
from desk.replay import Facts, replay
from domain.intake import Arrival
from domain.message import RawMail
from scanner.read import read

LIMIT = 0.5


def run(*, smoke: bool, corpus: Path | None) -> None:
    mails = desks.mails(100 if smoke else 10_000, corpus)
    with tempfile.TemporaryDirectory() as folder, desks.opened(Path(folder), imap=143) as desk:
        for start in range(0, len(mails), 500):
            part = mails[start : start + 500]
            with desk.store.act() as view:
                arrivals = [
                    Arrival(source="support", position=str(start + n), mailbox="support", uid=start + n, size=len(data))
                    for n, data in enumerate(part)
                ]
                view.journal.arrive(arrivals, now=desks.now())
                view.journal.store({start + n + 1: view.blobs.put(data) for n, data in enumerate(part)})
            while not receive(desk, "support", read=read, now=desks.now()).is_empty:
                pass
        begun = time.process_time()
        for data in mails:
            read(RawMail(data=data, size=len(data)))
        reading = len(mails) / (time.process_time() - begun)
        print(f"{'reading':<12} {reading:8,.0f} mails/s")
        for facts in Facts:
            told = Differences(desk, desk.rules)
            begun = time.process_time()
            for one in replay(desk, desk.rules, facts=facts, read=read):
                told.add(one)
            rate = told.mails / (time.process_time() - begun)
            print(
                f"{'replay ' + facts:<12} {rate:8,.0f} mails/s   {rate / reading:.2f} of reading (limit: ≥ {LIMIT})   "
                f"{told.exact} of {told.mails} exactly as before, {told.reread} read again"
            )
