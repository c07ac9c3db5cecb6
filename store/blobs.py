"""Blobs: bytes, stored once under their SHA-256, in the database or in a directory.

In the database they are part of the transaction: one file to back up.  In a directory they are
written, flushed and renamed before the transaction commits, so a row never names a file that is
not there; a file whose transaction failed is only an orphan, and the next copy takes its place.
"""

import hashlib
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from domain.errors import NotFound, StoreUnusable
from store.tables import BlobRow, table

_blob = table(BlobRow)
_GET = select(_blob.c.data, _blob.c.size).where(_blob.c.sha256 == bindparam("name"))


def _put(new: "sqlite.Insert | postgresql.Insert") -> Any:
    """INSERT that keeps the first copy.  A row from the days of a directory gets its bytes now."""
    return new.on_conflict_do_update(
        index_elements=["sha256"],
        set_={"data": new.excluded.data},
        where=_blob.c.data.is_(None) & new.excluded.data.is_not(None),
    )


_PUT = {"sqlite": _put(sqlite.insert(_blob)), "postgresql": _put(postgresql.insert(_blob))}


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
        return self.put_all([data])[0]

    def put_all(self, pieces: Sequence[bytes]) -> tuple[str, ...]:
        """Keep each of PIECES, once; their SHA-256, in order."""
        rows: list[dict[str, Any]] = [{"sha256": digest(data), "size": len(data), "data": data} for data in pieces]
        if self._directory is not None:
            for row in rows:
                _write(self._directory / row["sha256"][:2] / row["sha256"], row["data"])
                row["data"] = None
        if rows:
            self._connection.execute(_PUT[self._connection.dialect.name], rows)
        return tuple(row["sha256"] for row in rows)

    def get(self, name: str) -> bytes:
        """The bytes of a blob.  Raises NotFound if it is missing."""
        row = self._connection.execute(_GET, {"name": name}).one_or_none()
        if row is None:
            raise NotFound(f"blob {name}: it is not in the database")
        if row.data is not None:
            return bytes(row.data)
        if self._directory is None:
            raise NotFound(f"blob {name}: it lies in a directory, but config.yaml says `blobs: database`")
        try:
            data = (self._directory / name[:2] / name).read_bytes()
        except FileNotFoundError as error:
            if not self._directory.is_dir():
                raise StoreUnusable(f"blob directory {self._directory}: it is not there; is it mounted?") from error
            raise NotFound(f"blob {name}: its file is missing; put back a backup") from error
        except OSError as error:
            raise StoreUnusable(f"blob directory {self._directory}: {error.strerror or error}") from error
        if len(data) != row.size:
            raise NotFound(f"blob {name}: its file has {len(data)} of {row.size} bytes; put back a backup")
        return data

    def names(self) -> Iterator[str]:
        """The names of all blobs, in order."""
        yield from self._connection.execute(select(_blob.c.sha256).order_by(_blob.c.sha256)).scalars()


def _write(path: Path, data: bytes) -> None:
    """Write a file so that it is whole or not there, and on the disk when this returns."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (path.exists() and path.stat().st_size == len(data)):
            _write_whole(scratch, data)
            scratch.rename(path)
        # Also for a file that was there: whoever wrote it may not have come this far.
        _flush_folder(path.parent)
        _flush_folder(path.parent.parent)
    except OSError as error:
        with suppress(OSError):
            scratch.unlink()
        raise StoreUnusable(
            f"blob directory {path.parent.parent}: {error.strerror or error}; nothing was written"
        ) from error


def _write_whole(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
