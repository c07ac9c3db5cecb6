"""The shared words: frozen values and pure functions, no I/O.

Every room stands on this one and on nothing beside it.  A value made here is complete and
checked; whoever holds one need not look at headers, rows or YAML again.
"""
