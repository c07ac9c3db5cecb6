"""The use cases: load, decide, write, tell.  Everything that happens to a ticket happens here."""
