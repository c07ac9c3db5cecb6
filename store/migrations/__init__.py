"""Migrations, always forward.  One file a revision, named `0001_what.py`; its revision id is the number."""
