from __future__ import annotations

import os
import stat
import sys
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tourplan import files
from tourplan.errors import InputError
from tourplan.files import data_file, dated_folder, read_text, slug, write_new_text, write_text

NOW = datetime(2026, 11, 21, 14, 5, 9)
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
NOT_ROOT = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere"
)


def fault_of(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_text(path)
    (fault,) = caught.value.faults
    assert fault.mend
    return fault.what


class TestReadText:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
    def test_what_excel_and_editors_write_is_read(self, tmp_path, encoding):
        path = tmp_path / "a.csv"
        path.write_bytes("Pégairolles ; œuvre".encode(encoding))
        assert read_text(path) == "Pégairolles ; œuvre"

    def test_an_empty_file_is_an_empty_text(self, tmp_path):
        (tmp_path / "a").touch()
        assert read_text(tmp_path / "a") == ""

    def test_a_missing_file_is_named(self, tmp_path):
        assert "absent.toml » est introuvable" in fault_of(tmp_path / "absent.toml")

    def test_a_path_through_a_file_is_not_found(self, tmp_path):
        (tmp_path / "a").touch()
        assert "introuvable" in fault_of(tmp_path / "a" / "b")

    def test_a_folder_is_not_a_file(self, tmp_path):
        assert "est un dossier" in fault_of(tmp_path)

    def test_a_name_with_a_nul_is_refused(self):
        assert fault_of(Path("a\0b")) == "nom de fichier illisible"

    def test_a_name_too_long_is_refused_in_french(self, tmp_path):
        assert "nom trop long" in fault_of(tmp_path / ("x" * 5000))

    @pytest.mark.parametrize("raw", [b"a\0b", "a;b".encode("utf-16")])
    def test_a_binary_or_utf_16_file_is_refused(self, tmp_path, raw):
        (tmp_path / "a").write_bytes(raw)
        assert "n’est pas un fichier texte" in fault_of(tmp_path / "a")

    def test_bytes_of_no_known_encoding_are_refused(self, tmp_path):
        (tmp_path / "a").write_bytes(b"caf\x81")
        assert "ni en UTF-8 ni en Windows-1252" in fault_of(tmp_path / "a")

    def test_a_huge_file_is_refused_without_being_read_whole(self, tmp_path):
        path = tmp_path / "huge.csv"
        with path.open("wb") as file:
            file.truncate(2**40)  # sparse
        assert "dépasse 64 Mio" in fault_of(path)

    @pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no /dev/zero here")
    def test_a_file_without_end_is_refused(self, monkeypatch):
        monkeypatch.setattr(files, "MAX_TEXT_BYTES", 2**20)
        assert "dépasse 1 Mio" in fault_of(Path("/dev/zero"))

    @POSIX
    @NOT_ROOT
    def test_a_file_one_may_not_read_is_said_so_in_french(self, tmp_path):
        path = tmp_path / "a"
        path.touch(mode=0)
        assert "accès refusé" in fault_of(path)

    def test_the_place_shown_is_the_one_given(self, tmp_path):
        with pytest.raises(InputError) as caught:
            read_text(tmp_path / "a", "habitants.fichier")
        assert caught.value.faults[0].where == "habitants.fichier"


class TestWriteText:
    def test_what_is_written_reads_back_to_the_byte(self, tmp_path):
        write_text(tmp_path / "sub" / "a.csv", "é\r\nb\n")
        assert (tmp_path / "sub" / "a.csv").read_bytes() == "é\r\nb\n".encode()

    def test_a_bom_is_written_for_excel_when_asked(self, tmp_path):
        write_text(tmp_path / "a.csv", "é", bom=True)
        assert (tmp_path / "a.csv").read_bytes() == b"\xef\xbb\xbf\xc3\xa9"

    def test_an_interrupted_write_leaves_the_old_file_and_no_draft(self, tmp_path):
        path = tmp_path / "a.txt"
        write_text(path, "old")
        with pytest.raises(UnicodeEncodeError):
            write_text(path, "new \ud800")
        assert path.read_text() == "old"
        assert list(tmp_path.iterdir()) == [path]

    @POSIX
    def test_colleagues_may_read_what_is_written(self, tmp_path):
        ordinary = tmp_path / "ordinary"
        ordinary.touch()
        write_text(tmp_path / "carte.html", "x")
        written = (tmp_path / "carte.html").stat().st_mode
        assert stat.S_IMODE(written) == stat.S_IMODE(ordinary.stat().st_mode)

    def test_a_folder_in_the_way_is_the_users_fault(self, tmp_path):
        (tmp_path / "a").mkdir()
        with pytest.raises(InputError, match="écriture impossible \\(un dossier porte ce nom\\)"):
            write_text(tmp_path / "a", "x")
        assert list(tmp_path.iterdir()) == [tmp_path / "a"]

    def test_a_new_file_never_overwrites(self, tmp_path):
        write_new_text(tmp_path / "scenario.toml", "mine")
        with pytest.raises(InputError, match="il n’est pas écrasé"):
            write_new_text(tmp_path / "scenario.toml", "other")
        assert (tmp_path / "scenario.toml").read_text() == "mine"

    def test_a_new_file_in_no_folder_is_refused_in_french(self, tmp_path):
        with pytest.raises(InputError, match="dossier introuvable"):
            write_new_text(tmp_path / "absent" / "scenario.toml", "x")


class TestDatedFolder:
    def test_files_appear_together_under_a_dated_name(self, tmp_path):
        with dated_folder(tmp_path / "sorties", "herault", NOW) as (work, final):
            write_text(work / "plan.json", "{}")
            assert not (final / "plan.json").exists()
        assert final == tmp_path / "sorties" / "2026-11-21_140509_herault"
        assert [path.name for path in final.iterdir()] == ["plan.json"]
        assert list((tmp_path / "sorties").iterdir()) == [final]

    def test_two_runs_of_the_same_second_keep_both_plans(self, tmp_path):
        with (
            dated_folder(tmp_path, "x", NOW) as (first, one),
            dated_folder(tmp_path, "x", NOW) as (second, two),
        ):
            write_text(first / "plan.json", "1")
            write_text(second / "plan.json", "2")
        assert (one / "plan.json").read_text() == "1"
        assert (two / "plan.json").read_text() == "2"
        assert two.name == "2026-11-21_140509_x_2"

    @pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
    def test_an_interrupted_run_leaves_nothing(self, tmp_path, error):
        def run() -> None:
            with dated_folder(tmp_path, "x", NOW) as (work, _):
                write_text(work / "plan.json", "{}")
                raise error

        with pytest.raises(error):
            run()
        assert list(tmp_path.iterdir()) == []

    def test_a_file_in_place_of_the_folder_is_the_users_fault(self, tmp_path):
        (tmp_path / "sorties").touch()
        with (
            pytest.raises(InputError, match=r"--sortie : .*un fichier porte ce nom"),
            dated_folder(tmp_path / "sorties", "x", NOW),
        ):
            pass

    @POSIX
    def test_the_folder_is_as_open_as_any_other(self, tmp_path):
        (tmp_path / "ordinary").mkdir()
        with dated_folder(tmp_path, "x", NOW) as (_, final):
            pass
        ordinary = (tmp_path / "ordinary").stat().st_mode
        assert stat.S_IMODE(final.stat().st_mode) == stat.S_IMODE(ordinary)


class TestNames:
    @given(st.text())
    def test_a_slug_is_a_safe_folder_name(self, title):
        name = slug(title)
        assert 0 < len(name) <= 40
        assert all(c.isascii() and (c.isalnum() or c == "-") for c in name)
        assert not name.startswith("-")
        assert slug(name) == name

    def test_a_slug_reads_like_its_title(self):
        assert slug("Hérault nord-est : dix communes") == "herault-nord-est-dix-communes"

    def test_embedded_data_is_found_and_what_is_not_there_is_told(self):
        assert data_file("tournees/herault_2021.csv").is_file()
        with pytest.raises(FileNotFoundError):
            data_file("absent.csv")
