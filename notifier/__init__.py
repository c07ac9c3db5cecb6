"""The notifier room: who is told and why, in which words, by which road.

`resolve` decides and `retry` computes, both pure; `compose` turns facts into a finished mail;
`smtp` hands one letter to a server.  The outbox itself is `store/`'s.
"""
