"""Blobs: bytes, stored once under their SHA-256, in the database or in a directory.

In the database they are part of the transaction: one file to back up.  In a directory they are
written, flushed and renamed before the transaction commits, so a row never names a file that is
not there; a file whose transaction failed is only an orphan, and the next copy takes its place.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from domain.errors import NotFound, StoreUnusable
from store.tables import BlobRow, table

_blob = table(BlobRow)


def digest(data: bytes) -> str:
    """The name of a blob."""
    return hashlib.sha256(data).hexdigest()


class Blobs:
    """The blobs within one transaction.  `directory` is None where they live in the database."""

    def __init__(self, connection: Connection, *, directory: Path | None) -> None:
        self._connection = connection
        self._directory = directory

    def put(self, data: bytes) -> str:
        """Keep DATA, once; its SHA-256."""
        name = digest(data)
        if self._directory is not None:
            _write(self._directory / name[:2] / name, data)
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        self._connection.execute(
            dialect.insert(_blob)
            .values(sha256=name, size=len(data), data=data if self._directory is None else None)
            .on_conflict_do_nothing(index_elements=["sha256"])
        )
        return name

    def get(self, name: str) -> bytes:
        """The bytes of a blob.  Raises NotFound if it is missing."""
        row = self._connection.execute(select(_blob.c.data).where(_blob.c.sha256 == name)).one_or_none()
        if row is None:
            raise NotFound(f"blob {name}: it is not in the database")
        if row.data is not None:
            return bytes(row.data)
        if self._directory is None:
            raise NotFound(f"blob {name}: it lies in a directory, but config.yaml says `blobs: database`")
        try:
            return (self._directory / name[:2] / name).read_bytes()
        except OSError as error:
            raise NotFound(f"blob {name}: {error.strerror or error}") from error

    def names(self) -> Iterator[str]:
        """The names of all blobs, in order."""
        yield from self._connection.execute(select(_blob.c.sha256).order_by(_blob.c.sha256)).scalars()


def _write(path: Path, data: bytes) -> None:
    """Write a file so that it is whole or not there, and on the disk when this returns."""
    if path.exists() and path.stat().st_size == len(data):
        return
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        scratch = path.with_name(f".{path.name}.{os.getpid()}")
        with scratch.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        scratch.rename(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise StoreUnusable(
            f"blob directory {path.parent.parent}: {error.strerror or error}; nothing was written"
        ) from error
