"""Run the benchmarks: `python -m bench [--smoke] [NAME ...]`.

Absolute figures drift with the machine; the ratios are what counts.  `--smoke` runs each with so few
mails that only its working is shown.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from bench import compose, decide, deliver, ingest, latency, read, replay, rules

BENCHMARKS: dict[str, Callable[..., None]] = {
    "ingest": ingest.run,
    "latency": latency.run,
    "read": read.run,
    "decide": decide.run,
    "compose": compose.run,
    "deliver": deliver.run,
    "rules": rules.run,
    "replay": replay.run,
}


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    options.add_argument("--smoke", action="store_true", help="few mails: does it work at all?")
    options.add_argument("--corpus", type=Path, help="a folder of .eml files instead of our own mails")
    chosen = options.parse_args()
    if unknown := set(chosen.names) - set(BENCHMARKS):
        options.error(f"no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(BENCHMARKS)}")
    for name in chosen.names or BENCHMARKS:
        print(f"== {name}", flush=True)
        BENCHMARKS[name](smoke=chosen.smoke, corpus=chosen.corpus)
    return 0


if __name__ == "__main__":
    sys.exit(main())
