from __future__ import annotations

import os
import zipfile

import numpy as np
import pytest

from tourplan.network import store as module
from tourplan.network.store import Store, as_text, content_of, from_text, key_of


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "cache")


def test_what_is_saved_is_read_back(store):
    assert store.load("temps", "k") is None
    assert store.save("temps", "k", {"a": np.arange(3), "t": as_text({"mot": "été"})})
    kept = store.load("temps", "k")
    assert kept["a"].tolist() == [0, 1, 2]
    assert from_text(kept["t"]) == {"mot": "été"}
    assert store.load("rues", "k") is None
    assert [path.name for path in store.folder.iterdir()] == ["temps-k.npz"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", b"not an archive at all" * 9])
def test_a_damaged_file_is_dropped_and_done_again(store, content):
    store.save("temps", "k", {"a": np.arange(3)})
    path = store.folder / "temps-k.npz"
    path.write_bytes(content)
    assert store.load("temps", "k") is None
    assert not path.exists()


def test_no_object_is_ever_unpickled(store):
    store.folder.mkdir()
    with zipfile.ZipFile(store.folder / "temps-k.npz", "w") as file:
        np.save(store.folder / "a.npy", np.array([{"any": "object"}], dtype=object))
        file.write(store.folder / "a.npy", "a.npy")
    assert store.load("temps", "k") is None


def test_a_file_too_large_unfolded_is_dropped(store, monkeypatch):
    store.save("temps", "k", {"a": np.arange(1000)})
    monkeypatch.setattr(module, "MAX_BYTES", 100)
    assert store.load("temps", "k") is None


def test_a_folder_that_cannot_be_written_is_no_fault(tmp_path):
    (tmp_path / "file").write_text("here")
    store = Store(tmp_path / "file" / "cache")
    assert not store.save("temps", "k", {"a": np.arange(3)})
    assert store.load("temps", "k") is None
    assert store.entries() == ()
    assert store.clear() == 0


def test_a_save_cut_short_leaves_what_was_there(store, monkeypatch):
    store.save("temps", "k", {"a": np.arange(3)})

    def cut(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.np, "savez", cut)
    assert not store.save("temps", "k", {"a": np.arange(9)})
    assert store.load("temps", "k")["a"].tolist() == [0, 1, 2]
    assert len(list(store.folder.iterdir())) == 1


def test_clearing_frees_what_is_listed_and_nothing_else(store):
    store.save("temps", "k", {"a": np.arange(3)})
    store.answers.mkdir()
    (store.answers / "x.json").write_text("{}")
    (store.folder / "notes.txt").write_text("mine")
    assert [entry.kind for entry in store.entries()] == ["overpass", "temps"]
    freed = sum(entry.size for entry in store.entries())
    assert store.clear() == freed
    assert store.entries() == ()
    assert (store.folder / "notes.txt").exists()


def test_the_folder_can_be_chosen(monkeypatch, tmp_path):
    monkeypatch.setenv(module.FOLDER_VARIABLE, str(tmp_path))
    assert Store.default().folder == tmp_path
    monkeypatch.setenv(module.FOLDER_VARIABLE, " ")
    assert Store.default().folder.name == "tourplan" or os.name == "nt"


def test_keys_follow_content(tmp_path):
    assert key_of("a", {"x": 1, "y": 2}) == key_of("a", {"y": 2, "x": 1})
    assert key_of("a", 1) != key_of("a", 2)
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("same")
    two.write_text("same")
    assert content_of(one) == content_of(two)
    two.write_text("other")
    assert content_of(one) != content_of(two)
