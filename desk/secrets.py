"""Secrets: read from the environment or a file at the moment of use.

Promises: no value ever stands in a message, a log line or a representation.

Fails with: SecretMissing, which names the variable or file and where it is asked for.
"""

import stat
from collections.abc import Mapping
from pathlib import Path

from domain.errors import DeskError
from domain.settings import Secret, Settings
from domain.token import Keys

KEY_OCTETS = 16
MAX_OCTETS = 64_000


class SecretMissing(DeskError):
    """A secret that config.yaml names is not where it says."""


def reveal(secret: Secret, *, base: Path, environ: Mapping[str, str]) -> str:
    """The value of SECRET; a relative file begins at BASE.

    One line end at the end is not part of it.  Raises SecretMissing where there is none.
    """
    value = _from_environ(secret.name, environ) if secret.kind == "env" else _from_file(base, secret.name)
    if not value:
        raise SecretMissing(f"{secret} is empty; put the secret there")
    return value


def secret_file(secret: Secret, *, base: Path) -> Path | None:
    """The file that SECRET is in, None for an environment variable."""
    return base / secret.name if secret.kind == "file" else None


def is_open_to_others(file: Path) -> bool:
    """Somebody beside the owner and the owner's group may read FILE."""
    return bool(file.stat().st_mode & stat.S_IROTH)


def signing_keys(settings: Settings, *, base: Path, environ: Mapping[str, str]) -> Keys:
    """The keys of our Message-IDs, the first of which signs.

    Raises SecretMissing where one is missing or shorter than KEY_OCTETS.
    """
    return Keys(tuple(_key(secret, base=base, environ=environ) for secret in settings.helpdesk.keys))


def database_password(settings: Settings, *, base: Path, environ: Mapping[str, str]) -> str | None:
    """The password of the database's user, None where config.yaml names none."""
    secret = settings.database_password
    return None if secret is None else reveal(secret, base=base, environ=environ)


def _key(secret: Secret, *, base: Path, environ: Mapping[str, str]) -> bytes:
    value = reveal(secret, base=base, environ=environ).encode("utf-8", "surrogateescape")
    if len(value) < KEY_OCTETS:
        raise SecretMissing(
            f"{secret} is too short to sign with: {KEY_OCTETS} octets at least; `helpdesk init` makes one"
        )
    return value


def _from_environ(name: str, environ: Mapping[str, str]) -> str:
    if name not in environ:
        raise SecretMissing(
            f"env:{name} is not set in the environment of this program; export {name}, or use file:PATH"
        )
    return environ[name]


def _from_file(base: Path, name: str) -> str:
    file = base / name
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_OCTETS + 1)
    except FileNotFoundError:
        raise SecretMissing(f"file:{name} does not exist; write the secret into {file}") from None
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or "this is not the name of a file"
        raise SecretMissing(f"file:{name} cannot be read: {reason}") from None
    if len(data) > MAX_OCTETS:
        raise SecretMissing(f"file:{name} has more than {MAX_OCTETS} octets; it holds something else")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise SecretMissing(f"file:{name} is not UTF-8 text") from None
    return text.removesuffix("\n").removesuffix("\r")
