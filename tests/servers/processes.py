"""Ending a server of the tests."""

import subprocess

PATIENCE = 10.0


def end(process: "subprocess.Popen[bytes] | None") -> None:
    """Ask PROCESS to end, and kill it where it has not within PATIENCE seconds; nothing happens where there is none."""
    if process is None:
        return
    process.terminate()
    try:
        process.wait(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
