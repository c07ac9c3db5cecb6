"""The kill test: the daemon is killed again and again, and every mail still counts exactly once."""
