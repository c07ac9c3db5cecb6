"""What the own border host found out about a mail's sender: SPF, DKIM, DMARC (RFC 8601), as a value.

It says nothing of what the writer may do.  `proves_from` is the only word that acts depend on.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Authentication:
    """The results that the configured border host wrote, and whether they prove the From address.

    `spf`, `dkim` and `dmarc` are result words of RFC 8601 in lower case (pass, fail, none, ...), ''
    where no trusted field states one.  `dkim` is `pass` only for a signature of the From domain's own;
    SPF speaks of the envelope's sender, whoever stands in From.  `authserv` is who wrote the results.
    `because` says in words what proves the sender, or what is missing.
    """

    spf: str = ""
    dkim: str = ""
    dmarc: str = ""
    authserv: str = ""
    proves_from: bool = False
    because: str = "no border host is configured whose results would count (authserv)"


UNPROVEN = Authentication()
