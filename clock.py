"""When things happen: the alarm clock, the threads that it wakes, and the signals that they obey.

One thread scans each mailbox, one delivers, one looks for tickets that are due, one listens to each folder
(IDLE), and one to clicks on the link by which people opt out, where that is configured.  APScheduler only
rings; what is due stands in the database.  A thread that fails says so in one line and tries again,
ever more slowly; none takes another with it.  SIGTERM and SIGINT let each thread finish the batch in
hand and then end.  Changed settings are noticed within seconds, at once on SIGHUP; each thread goes by
them from its next round on.

No logic lives here: what is done is `desk/`'s.
"""

import logging
import os
import random
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import FrameType

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from desk import log
from desk.config import Config
from desk.deliver import Delivery
from desk.desk import Desk
from desk.due_times import tell_due
from desk.one_click import OneClick
from desk.receive import Read
from desk.reload import SettingsFiles
from desk.scan import Connect, MailboxScanner
from domain.errors import DeskError
from domain.settings import Limits
from notifier.sender import Sender, Writing
from scanner.backoff import delay
from scanner.idle import Ending, IdleConnection, watch
from scanner.one_click import Endpoint

# How often the outbox is looked through.  Letters of mails wake the thread at once; those of a command come from
# another process, which cannot, and nobody who has just answered a customer wants to wait for long.
DELIVERY_INTERVAL = timedelta(seconds=1)
# How often to look whether the settings have changed; a change is taken over at the second look.
SETTINGS_INTERVAL = timedelta(seconds=2)
# How often to look for tickets whose due time comes near or has passed.
DUE_INTERVAL = timedelta(minutes=1)
# What systemd's and docker's patience allows for, with a margin.
GRACE = timedelta(seconds=9)

_log = logging.getLogger("helpdesk.clock")


@dataclass(frozen=True, slots=True, kw_only=True)
class Roads:
    """How the daemon reaches the world: IMAP by mailbox, and SMTP."""

    connect: Mapping[str, Connect]
    listen: Mapping[str, Callable[[], IdleConnection]]
    sender: Callable[[], Sender]
    composer: Writing
    read: Read
    clicks: "Clicks | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Clicks:
    """Opting out by one click: what listens, and what answers."""

    endpoint: Endpoint
    answers: OneClick


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """What follows from changed settings: where they stand, the words of letters, the limits of reading."""

    config: Config
    composer: Callable[[Config, Desk], Writing]
    limit: Callable[[Limits], None]


def now() -> datetime:
    """The time: UTC, to the microsecond."""
    return datetime.now(UTC)


class Worker(threading.Thread):
    """A thread that does one thing whenever it is woken, and survives what goes wrong in it."""

    def __init__(
        self, name: str, work: Callable[[], object], *, close: Callable[[], None], stop: threading.Event
    ) -> None:
        super().__init__(name=name, daemon=True)
        self._work = work
        self._close = close
        self._stop_event = stop
        self._wake = threading.Event()
        self._failures = 0

    def wake(self) -> None:
        """Work soon; being woken while at work means once more afterwards."""
        self._wake.set()

    def run(self) -> None:
        while not self._stop_event.is_set():
            self._wake.wait()
            self._wake.clear()
            if not self._stop_event.is_set():
                self._once()
        self._close()

    def _once(self) -> None:
        try:
            self._work()
            self._failures = 0
            return
        except DeskError as error:
            log.work_failed(self.name, str(error))
        except Exception:
            _log.exception("%-15s thread=%s", "daemon.mistake", self.name)
        self._failures += 1
        self._stop_event.wait(delay(self._failures, chance=random.random()).total_seconds())


class Daemon:
    """The helpdesk at work."""

    def __init__(
        self, desk: Desk, roads: Roads, *, renewal: Renewal | None = None, clock: Callable[[], datetime] = now
    ) -> None:
        self.stop = threading.Event()
        self.asked_to_look = False
        self._desk = desk
        self._composer = roads.composer
        self._renewal = renewal
        self._roads = roads
        self._clock = clock
        self._scheduler = BackgroundScheduler(timezone=UTC)
        self._delivery = self._delivery_worker()
        self._due = self._due_worker()
        self._scans = {name: self._scan_worker(name) for name in desk.settings.mailboxes}
        self._listeners = list(self._listener_threads())
        self._settings = self._settings_worker(renewal) if renewal else None

    def _delivery_worker(self) -> Worker:
        delivery = Delivery(
            self._desk,
            self._roads.sender(),
            self._roads.composer,
            clock=self._clock,
            chance=random.random,
            stop=self.stop.is_set,
        )

        def deliver() -> None:
            delivery.use(self._desk, self._composer)
            delivery.deliver()

        return Worker("deliver", deliver, close=delivery.close, stop=self.stop)

    def _due_worker(self) -> Worker:
        def look() -> None:
            if tell_due(self._desk, now=self._clock(), stop=self.stop.is_set):
                self._delivery.wake()

        return Worker("due", look, close=lambda: None, stop=self.stop)

    def _scan_worker(self, mailbox: str) -> Worker:
        scanner = MailboxScanner(
            self._desk,
            mailbox,
            self._roads.connect.get(mailbox),
            read=self._roads.read,
            clock=self._clock,
            stop=self.stop.is_set,
            told=self._delivery.wake,
        )

        def scan() -> None:
            scanner.use(self._desk)
            scanner.scan()

        return Worker(f"scan {mailbox}", scan, close=scanner.close, stop=self.stop)

    def _settings_worker(self, renewal: Renewal) -> Worker:
        files = SettingsFiles(self._desk, renewal.config, now=self._clock(), read=self._roads.read)
        files.begin(self._desk)

        def look() -> None:
            asked, self.asked_to_look = self.asked_to_look, False
            files.look(self._desk, now=self._clock(), take=take, force=asked)

        def take(desk: Desk, config: Config) -> None:
            renewal.limit(desk.settings.limits)
            self._composer = renewal.composer(config, desk)
            if self._roads.clicks is not None:
                self._roads.clicks.answers.use(desk, config.templates_folder)
            self._desk = desk

        return Worker("settings", look, close=lambda: files.end(self._desk), stop=self.stop)

    def _listener_threads(self) -> Iterator[threading.Thread]:
        for mailbox, settings in self._desk.settings.mailboxes.items():
            listen = self._roads.listen.get(mailbox)
            if listen is None or settings.imap is None or not settings.imap.idle:
                continue
            for folder in settings.folders:
                yield threading.Thread(
                    name=f"idle {mailbox}", target=self._listen, args=(mailbox, folder, listen), daemon=True
                )

    def _listen(self, mailbox: str, folder: str, listen: Callable[[], IdleConnection]) -> None:
        ending = watch(
            listen, folder, wake=self._scans[mailbox].wake, stop=self.stop, chance=random.random,
            log=lambda event, /, **facts: log.idle(event, mailbox=mailbox, **facts),
        )  # fmt: skip
        if ending is Ending.UNSUPPORTED:
            log.idle("idle.unsupported", mailbox=mailbox, why=str(ending))

    def start(self) -> None:
        """Begin.  Every mailbox is scanned and the outbox looked through at once."""
        with self._desk.store.act() as view:
            view.journal.remember_rules(self._desk.rules.hash, self._desk.rules.text, now=self._clock())
        if self._settings is not None:
            self._ring(self._settings, SETTINGS_INTERVAL)
        for name, worker in self._scans.items():
            self._ring(worker, self._desk.settings.mailboxes[name].poll)
        self._ring(self._delivery, DELIVERY_INTERVAL)
        self._ring(self._due, DUE_INTERVAL)
        for thread in (*self._workers, *self._listeners):
            thread.start()
        if self._roads.clicks is not None:
            threading.Thread(name="one click", target=self._roads.clicks.endpoint.serve, daemon=True).start()
        self._scheduler.start()
        if self._desk.settings.deliver.is_sandbox:
            log.sandbox(str(self._desk.settings.deliver))
        log.daemon("started", mailboxes=",".join(self._scans), rules=self._desk.rules.hash[:12], pid=os.getpid())
        notify_systemd("READY=1")

    def _ring(self, worker: Worker, interval: timedelta) -> None:
        worker.wake()
        self._scheduler.add_job(
            worker.wake, IntervalTrigger(seconds=max(1, int(interval.total_seconds()))), max_instances=1,
            coalesce=True, misfire_grace_time=3600,
        )  # fmt: skip

    @property
    def _workers(self) -> tuple[Worker, ...]:
        return (*self._scans.values(), self._delivery, self._due, *((self._settings,) if self._settings else ()))

    def look_at_settings(self) -> None:
        """Look at the settings now if that was asked for; they are taken over also where only templates changed."""
        if self.asked_to_look and self._settings is not None:
            self._settings.wake()

    def finish(self) -> bool:
        """Let every thread end its batch; whether all did in time."""
        self.stop.set()
        notify_systemd("STOPPING=1")
        log.daemon("stopping")
        self._scheduler.shutdown(wait=False)
        if self._roads.clicks is not None:
            self._roads.clicks.endpoint.close()
        threads = self._workers
        for worker in threads:
            worker.wake()
        end = threading.Event()
        timer = threading.Timer(GRACE.total_seconds(), end.set)
        timer.daemon = True
        timer.start()
        while not end.is_set() and any(thread.is_alive() for thread in threads):
            for thread in threads:
                thread.join(0.05)
        timer.cancel()
        done = not any(thread.is_alive() for thread in threads)
        log.daemon("stopped", clean=str(done).lower())
        return done


def run(desk: Desk, roads: Roads, *, renewal: Renewal | None = None) -> bool:
    """Be the daemon until SIGTERM or SIGINT; whether everything in hand came to an end in time."""
    daemon = Daemon(desk, roads, renewal=renewal)
    with signals(daemon):
        daemon.start()
        # A wait without a limit would keep Python from seeing the signal on some systems.
        while not daemon.stop.wait(1.0):
            daemon.look_at_settings()
        return daemon.finish()


@contextmanager
def signals(daemon: Daemon) -> Iterator[None]:
    """SIGTERM and SIGINT stop DAEMON between two batches; SIGHUP makes it look at its settings."""

    def asked(number: int, _: FrameType | None) -> None:
        # Only noted: a handler may come in while this thread holds any lock.
        if number == signal.SIGHUP:
            daemon.asked_to_look = True
        else:
            daemon.stop.set()

    before = {name: signal.signal(name, asked) for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def notify_systemd(state: str) -> None:
    """Tell systemd, where it started us (sd_notify(3)); otherwise nothing happens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        try:
            channel.sendto(state.encode(), "\0" + address[1:] if address.startswith("@") else address)
        except OSError as error:
            _log.warning("%-15s why=%s", "daemon.notify", error)
