"""Start a program under conditions: `python launch.py [--bound] [--room OCTETS] -- PROGRAM ...`.

Its own small program, because between fork and exec a process with threads may do very little.
"""

import ctypes
import os
import resource
import signal
import sys

_PR_CAPBSET_DROP = 24
_CAP_DAC_OVERRIDE = 1


def main() -> None:
    """Become PROGRAM.

    --bound: permissions bind it, also if it is root's (capabilities(7)).  --room: no file of it can
    grow beyond OCTETS, as if the disk were full; Python ignores the signal that goes with it.
    """
    end = sys.argv.index("--")
    conditions, program = sys.argv[1:end], sys.argv[end + 1 :]
    # Whoever started the tests in the background may have had Ctrl-C ignored.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if "--bound" in conditions and os.geteuid() == 0:
        ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE, 0, 0, 0)
    if "--room" in conditions:
        octets = int(conditions[conditions.index("--room") + 1])
        # Python would keep the beginning of a module's bytecode, and trip over it ever after.
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        resource.setrlimit(resource.RLIMIT_FSIZE, (octets, resource.RLIM_INFINITY))
    os.execv(program[0], program)


if __name__ == "__main__":
    main()
