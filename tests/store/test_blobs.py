"""Bytes are kept once under their SHA-256, whole or not at all."""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from domain.errors import NotFound, StoreUnusable
from store.blobs import digest
from store.store import Store
from tests.store.conftest import Place
from tests.store.samples import at_once

DATA = bytes(range(256)) * 40
NAME = hashlib.sha256(DATA).hexdigest()


@pytest.fixture(params=["database", "blobs"])
def keeper(request: pytest.FixtureRequest, place: Place) -> Iterator[Store]:
    """A store that keeps its blobs in the database, and one that keeps them in a directory."""
    store = place.open(blobs=request.param)
    yield store
    store.close()


def put(store: Store, data: bytes) -> str:
    with store.act() as act:
        return act.blobs.put(data)


def get(store: Store, name: str) -> bytes:
    with store.reading() as view:
        return view.blobs.get(name)


@pytest.mark.parametrize("data", [DATA, b"", b"\x00", b"\r\n.\r\n"])
def test_what_was_put_comes_back(keeper: Store, data: bytes) -> None:
    assert put(keeper, data) == put(keeper, data) == digest(data) == hashlib.sha256(data).hexdigest()
    assert get(keeper, digest(data)) == data
    with keeper.reading() as view:
        assert list(view.blobs.names()) == [digest(data)]


def test_a_blob_that_is_missing_is_named(keeper: Store) -> None:
    for name in (NAME, ""):
        with pytest.raises(NotFound, match=f"blob {name}: it is not in the database"):
            get(keeper, name)


def test_the_same_bytes_put_at_once_are_one_blob(keeper: Store) -> None:
    assert at_once([lambda: put(keeper, DATA)] * 4) == [NAME] * 4
    assert get(keeper, NAME) == DATA


def test_a_blob_of_an_act_that_failed_is_not_there(keeper: Store) -> None:
    with suppress(ZeroDivisionError), keeper.act() as act:
        act.blobs.put(DATA)
        raise ZeroDivisionError
    with pytest.raises(NotFound):
        get(keeper, NAME)
    assert put(keeper, DATA) == NAME
    assert get(keeper, NAME) == DATA


def blob_file(place: Place) -> Path:
    return place.base / "blobs" / NAME[:2] / NAME


def test_a_directory_holds_only_whole_files(place: Place) -> None:
    store = place.open(blobs="blobs")
    put(store, DATA)
    assert [file for file in (place.base / "blobs").rglob("*") if file.is_file()] == [blob_file(place)]
    assert blob_file(place).read_bytes() == DATA
    store.close()


def test_a_torn_file_is_never_taken_for_a_whole_one(place: Place) -> None:
    store = place.open(blobs="blobs")
    put(store, DATA)
    blob_file(place).write_bytes(DATA[:100])
    with pytest.raises(NotFound, match="100 of 10240 bytes"):
        get(store, NAME)
    put(store, DATA)
    assert get(store, NAME) == DATA
    blob_file(place).unlink()
    with pytest.raises(NotFound, match="its file is missing"):
        get(store, NAME)
    store.close()


def test_blobs_are_found_after_they_were_moved_into_a_directory(place: Place) -> None:
    store = place.open()
    put(store, DATA)
    store.close()
    store = place.open(blobs="blobs")
    assert get(store, NAME) == DATA
    store.close()


def test_a_mail_that_comes_again_after_the_directory_was_given_up_is_kept(place: Place) -> None:
    store = place.open(blobs="blobs")
    put(store, DATA)
    store.close()
    store = place.open()
    with pytest.raises(NotFound, match="blobs: database"):
        get(store, NAME)
    put(store, DATA)
    assert get(store, NAME) == DATA
    store.close()


def test_a_directory_that_cannot_be_written_is_one_clear_line(place: Place) -> None:
    (place.base / "blobs").write_text("a file, not a directory")
    store = place.open(blobs="blobs")
    with pytest.raises(StoreUnusable, match=r"nothing was written$") as refused:
        put(store, DATA)
    assert "\n" not in str(refused.value)
    with store.reading() as view:
        assert list(view.blobs.names()) == []
    store.close()
