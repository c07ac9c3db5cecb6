"""The store: everything the helpdesk remembers, on SQLite or PostgreSQL.

No other room writes SQL.  Rows stay in here; what leaves is a frozen value.
"""
