from __future__ import annotations

import os
import zipfile

import numpy as np
import pytest

from tourplan.network import store as module
from tourplan.network.store import Store, as_text, content_of, from_text, key_of

KEY = "0123456789abcdef01234567"


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
    store.save("temps", KEY, {"a": np.arange(3)})
    tile = store.answers / "carreau-1"
    tile.mkdir(parents=True)
    (tile / "x.json").write_text("{}")
    mine = [store.folder / "notes.txt", store.folder / "temps-mine.npz", store.answers / "n.txt"]
    mine.append(store.folder / "these" / f"temps-{KEY}.npz")
    mine[-1].parent.mkdir()
    for path in mine:
        path.write_text("mine")
    assert [entry.kind for entry in store.entries()] == ["overpass", "temps"]
    freed = sum(entry.size for entry in store.entries())
    assert store.clear() == freed
    assert store.entries() == ()
    assert all(path.exists() for path in mine)


def test_when_too_much_is_kept_the_oldest_goes(store, monkeypatch):
    keys = [f"{n:024x}" for n in range(3)]
    for age, key in enumerate(keys):
        store.save("rues", key, {"a": np.arange(100)})
        os.utime(store.folder / f"rues-{key}.npz", (1000 + age, 1000 + age))
    size = store.entries()[0].size
    monkeypatch.setattr(module, "MAX_KEPT", 2 * size)
    store.save("temps", KEY, {"a": np.arange(100)})
    assert [store.load("rues", key) is not None for key in keys] == [False, True, True]
    assert store.load("temps", KEY) is not None


def test_a_header_that_lies_is_dropped(store):
    store.folder.mkdir()
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (10000000000000,), }"
    array = b"\x93NUMPY\x01\x00" + (len(header)).to_bytes(2, "little") + header
    with zipfile.ZipFile(store.folder / "temps-k.npz", "w") as file:
        file.writestr("a.npy", array)
    assert store.load("temps", "k") is None


def test_keys_follow_the_code_that_computes(monkeypatch):
    before = key_of("a")
    monkeypatch.setattr(module, "_code", lambda: "other")
    assert key_of("a") != before


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
