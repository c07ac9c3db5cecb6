"""The demonstration: a morning at a support desk, on real servers, with the real program.

`python -m demo` starts an IMAP server and an SMTP server of its own, the daemon as its own process,
lets customers write and an agent answer, and prints what happens.  It ends with exit code 0 if all of
it came true, 1 with one line if something did not, 130 when it was interrupted.
"""
