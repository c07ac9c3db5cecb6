"""Real servers for tests, the bench and the kill test: each a context manager on loopback, on a free port."""
