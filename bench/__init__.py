"""Benchmarks: our figure beside the limit, both measured in the same run.  See `python -m bench --help`."""
