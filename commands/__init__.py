"""The bodies behind the command line: words and screens, no logic.

One module a command, or a family of them; each offers plain functions that `cli.py` calls.  They may
read the time and randomness, and hand both on as arguments.
"""
