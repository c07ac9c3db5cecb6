"""Which process this is, and whether another one still lives.

A holder is written into leases and claims.  It names the machine, its boot, the namespace of its
process numbers, the process and the moment that it started, so that a number given again to
another process, or the same number in another container, is never taken for it.
"""

import os
import socket
from pathlib import Path


def this_process() -> str:
    """The holder name of this process."""
    pid = os.getpid()
    return f"{_machine()}:{pid}:{_started(pid)}"


def described(holder: str) -> str:
    """HOLDER for people: which process on which machine."""
    machine, _, rest = holder.rpartition(":")[0].rpartition(":")
    return f"process {rest} on {machine.partition(':')[0]}" if rest.isdigit() else holder


def is_dead(holder: str) -> bool:
    """HOLDER's process ran here and has certainly ended; False where that cannot be known."""
    machine, _, rest = holder.rpartition(":")[0].rpartition(":")
    started = holder.rpartition(":")[2]
    if machine != _machine() or not rest.isdigit():
        return False
    now = _started(int(rest))
    return now == "" or (now != started and started != "")


def _machine() -> str:
    boot = _read(Path("/proc/sys/kernel/random/boot_id")).strip()[:8]
    try:
        space = os.readlink("/proc/self/ns/pid").strip("pid:[]")
    except OSError:
        space = ""
    return f"{socket.gethostname()}:{boot}:{space}"


def _started(pid: int) -> str:
    """The start time of a process in ticks since boot, '' if there is none or it is a zombie."""
    fields = _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
    if not fields:
        return "" if not _exists(pid) else "?"
    return "" if fields[0] == "Z" else fields[19]


def _exists(pid: int) -> bool:
    """A process with this number is there; for systems without /proc."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
