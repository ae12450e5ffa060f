"""Text on any console, and a command line that never lapses into English."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from tourplan import cli
from tourplan.console import harmless, run, tame_streams, usage_in_french

ROOT = Path(__file__).parent.parent
ENGLISH = re.compile(
    r"usage: |options:|commands|arguments:|show this|default|required|missing|no such|did you mean|"
    r"unexpected|extra|invalid|value for|requires|does not|try |input|error|abort|<|"
    r"\btext\b|\bpath\b|\bfloat\b|\bstr\b|\bcommand\b"
)
COMMANDS = ("init", "check", "solve", "evaluate", "export")
SMALL = """
titre = "L’œuvre : 5 € ≤ 10 → « ça » 漢字 ☃"
[communes]
a_desservir = ["34064", "34230"]
[semaine]
ouverture_min_h = 0
"""
FAULTY = 'titre = "x"\ncouleur = "≥ 漢"\n[communes]\na_desservir = ["Pégairolles"]\n'
DRIVER = """
import json, sys
from tourplan.cli import _guarded
from tourplan.console import tame_streams
tame_streams()
for args in json.loads(sys.argv[1]):
    print("#", json.dumps(args), _guarded(args), flush=True)
"""


@pytest.fixture
def say(capsys, tmp_path, monkeypatch):
    """The exit code and all the words of a command."""
    monkeypatch.chdir(tmp_path)

    def told(*args: str) -> tuple[int, str]:
        capsys.readouterr()
        code = cli._guarded(list(args))
        return code, "".join(capsys.readouterr())

    return told


def python(
    *args: str, cwd: Path, stdout: int = subprocess.PIPE, **env: str
) -> subprocess.CompletedProcess[bytes]:
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONUTF8", "PYTHONIOENCODING")}
    return subprocess.run(
        [sys.executable, *args],
        cwd=cwd,
        env={**kept, "PYTHONPATH": str(ROOT), **env},
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        timeout=120,
        check=False,
    )


class TestFrench:
    @pytest.mark.parametrize("width", ["20", "60", "80", "200"])
    @pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)])
    def test_help(self, say, monkeypatch, command, width):
        monkeypatch.setenv("COLUMNS", width)
        code, text = say(*command, "--help")
        assert code == 0
        assert text.startswith(f"Usage : tourplan {' '.join(command)}")
        assert not ENGLISH.search(text.lower().replace("« ", "").replace("mêmes options", ""))
        assert "…\n" not in text.replace("[ARGUMENTS]…\n", ""), "a sentence is cut short"

    @pytest.mark.parametrize("command", COMMANDS)
    def test_help_names_every_option(self, say, command):
        text = say(command, "--help")[1]
        (found,) = [c for c in cli.app.registered_commands if c.callback.__name__ == command]
        for name in re.findall(r"--[a-z]+", " ".join(map(str, vars(found).values()))):
            assert name in text
        assert "--json" in text

    def test_help_of_the_program_names_commands_and_synonyms(self, say):
        text = say("--help")[1]
        for name in (*COMMANDS, "créer", "vérifier", "planifier", "évaluer"):
            assert re.search(rf"^  {name} ", text, re.MULTILINE)

    def test_no_argument_is_help(self, say):
        code, text = say()
        assert code == 2
        assert text == say("--help")[1]

    @pytest.mark.parametrize(
        ("args", "words"),
        [
            (["solv"], "commande « solv » inconnue ; vouliez-vous solve ?"),
            (["évaluter"], "vouliez-vous évaluer ?"),
            (
                ["zzz"],
                "attendu : init, check, solve, evaluate, explain, rounds, export, network, créer",
            ),
            (["--exemple"], "option --exemple inconnue"),
            (["-x"], "option -x inconnue"),
            (["solve", "--fou"], "option --fou inconnue"),
            (["solve", "--limte", "3"], "vouliez-vous --limite"),
            (["solve", "--jso"], "option --jso inconnue ; vouliez-vous --json ?\n"),
            (["solve", "--sorte"], "option --sorte inconnue ; vouliez-vous --sortie ?\n"),
            (["solve", "--sorbet"], "option --sorbet inconnue\n"),
            (["solve", "--limite"], "l’option --limite attend une valeur"),
            (["solve", "--limite", "abc"], "--limite : attendu un nombre"),
            (["solve", "--limite", "3,5"], "--limite : attendu un nombre"),
            (["solve", "--json=3"], "l’option --json n’attend pas de valeur"),
            (["solve", "a", "b", "c"], "argument en trop : b c"),
            (["check"], "il manque SCENARIO"),
            (["evaluate"], "il manque SCENARIO"),
            (["init", "a", "b"], "argument en trop : b"),
            (["init", "--exemple"], "l’option --exemple attend une valeur"),
            (["solve", "\x1b[2J", "b"], "argument en trop : b"),
            (["\x1b[2J"], "inconnue"),
        ],
    )
    def test_usage_errors(self, say, args, words):
        code, text = say(*args)
        assert code == 2
        assert text.startswith("tourplan : ")
        assert words in text
        assert "\x1b" not in text
        assert "commande mal écrite" not in text
        assert not ENGLISH.search(text.lower().replace("vouliez-vous solve", ""))
        last = text.splitlines()[-1]
        command = args[0] if args[0] in COMMANDS else ""
        assert last == " ".join(f"Aide : tourplan {command} --help".split())

    @pytest.mark.parametrize(
        ("french", "english"),
        [
            ("creer", "init"),
            ("créer", "init"),
            ("verifier", "check"),
            ("Vérifier", "check"),
            ("planifier", "solve"),
            ("evaluer", "evaluate"),
            ("ÉVALUER", "evaluate"),
            ("expliquer", "explain"),
        ],
    )
    def test_synonyms(self, say, french, english):
        code, text = say(french, "--help")
        assert code == 0
        assert text.splitlines()[1:] == say(english, "--help")[1].splitlines()[1:]

    @pytest.mark.parametrize(
        ("english", "french"),
        [
            ("Missing argument 'SCENARIO'.", "il manque SCENARIO"),
            ("Missing option '--x'.", "il manque l’option --x"),
            ("No such option: --fo", "option --fo inconnue"),
            ("No such option: --fo Did you mean --foo?", "option --fo inconnue ; vouliez-vous"),
            ("No such option: --fo (Possible options: --foo, --fob)", "vouliez-vous --foo ?"),
            ("No such option '--fo'.", "commande mal écrite"),
            ("Got unexpected extra argument (b)", "argument en trop : b"),
            ("Got unexpected extra arguments (b c)", "argument en trop : b c"),
            ("Got unexpected extra argument(s) (b c)", "argument en trop : b c"),
            ("Option '--x' requires an argument.", "l’option --x attend une valeur"),
            ("Option '--x' does not take a value.", "l’option --x n’attend pas de valeur"),
            ("Invalid value for '--limite': 'abc' is not a valid float.", "attendu un nombre"),
            ("Invalid value for 'X': File 'x' is not readable.", "X : lecture refusée"),
            ("Invalid value for '--limite': something new", "--limite : valeur refusée"),
            ("Missing command.", "il manque une commande"),
            ("Something no one has seen", "commande mal écrite"),
        ],
    )
    def test_words_of_older_and_newer_versions(self, english, french):
        assert french in usage_in_french(english)


class TestRun:
    @staticmethod
    def program(action) -> typer.Typer:
        app = typer.Typer(add_completion=False)
        app.command()(action)
        return app

    @pytest.mark.parametrize("pressed", [KeyboardInterrupt, EOFError])
    def test_ctrl_c_is_told_apart(self, pressed, capsys):
        def action(_: str) -> None:
            raise pressed

        with pytest.raises(KeyboardInterrupt):
            run(self.program(action), ["x"])

    def test_a_reader_who_leaves_is_no_fault_of_ours(self, monkeypatch):
        def action(_: str) -> None:
            raise BrokenPipeError(32, "Broken pipe")

        # typer replaces the streams when a pipe breaks; they are put back after the test
        monkeypatch.setattr(sys, "stdout", io.StringIO())
        monkeypatch.setattr(sys, "stderr", io.StringIO())
        with pytest.raises(BrokenPipeError):
            run(self.program(action), ["x"])

    def test_other_faults_pass(self):
        def action(_: str) -> None:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            run(self.program(action), ["x"])


class TestNativeWords:
    def test_what_native_code_prints_is_neither_in_the_answer_nor_on_the_screen(self, tmp_path):
        code = (
            "import os\n"
            "from tourplan.console import native_words_aside\n"
            "with native_words_aside():\n"
            "    os.write(1, b'HighsMipSolverData')\n"
            "print('answer')\n"
        )
        done = python("-c", code, cwd=tmp_path)
        assert (done.stdout.split(), done.stderr) == ([b"answer"], b"")


class TestAnyText:
    @given(st.text(max_size=50))
    def test_no_text_fails_in_any_encoding(self, text):
        for encoding in ("cp1252", "cp850", "cp437", "ascii", "latin-1"):
            written = text.encode("utf-8", "ignore").decode().encode(encoding, "tourplan")
            assert written.decode(encoding) is not None

    @pytest.mark.parametrize(
        ("text", "plain"),
        [
            ("l’œil", "l'oeil"),
            ("« ça »", '" ca "'),
            ("9 h–12 h…", "9 h-12 h..."),
            ("a → b ≤ c ≥ d × e", "a -> b <= c >= d x e"),
            ("13\u00a0152 et 13\u202f152", "13 152 et 13 152"),
            ("5 € de CO₂ ✓", "5 EUR de CO2 ok"),
            ("漢", "?"),
        ],
    )
    def test_nearest_plain_spelling(self, text, plain):
        assert text.encode("ascii", "tourplan").decode() == plain

    def test_closed_streams_are_replaced(self, monkeypatch):
        monkeypatch.setattr(sys, "stdout", None)
        tame_streams()
        with sys.stdout as stream:
            assert stream.write("é") == 1

    def test_control_characters_are_not_written(self):
        assert harmless("a\x1b[2J\r\x07\x9b\u202eb\n\tc é ’") == "a?[2J????b\n\tc é ’"


class TestConsoles:
    @pytest.mark.parametrize("encoding", ["cp1252", "cp850", "ascii", "utf-8"])
    def test_every_command_into_a_pipe(self, tmp_path, encoding):
        (tmp_path / "s.toml").write_text(SMALL, encoding="utf-8")
        (tmp_path / "f.toml").write_text(FAULTY, encoding="utf-8")
        (tmp_path / "t.csv").write_text("jour;creneau;code_insee\nlundi;matin;34064\n")
        wanted = [
            ([], 2),
            (["--help"], 0),
            *(([command, "--help"], 0) for command in COMMANDS),
            (["évalue"], 2),
            (["solve", "--é"], 2),
            (["init", "n.toml"], 0),
            (["init", "n.toml"], 2),
            (["init", "p.toml", "--communes", "Pégairolles, Zé, 漢"], 2),
            (["check", "n.toml"], 0),
            (["check", "f.toml"], 2),
            (["check", "f.toml", "--json"], 2),
            (["check", "absent–œ.toml"], 2),
            (["solve", "s.toml"], 0),
            (["solve", "s.toml", "--json"], 0),
            (["solve", "f.toml"], 2),
            (["evaluate", "s.toml", "t.csv"], 0),
            (["evaluate", "s.toml", "t.csv", "--json"], 0),
            (["evaluate", "s.toml", "absent.csv"], 2),
        ]
        lists = json.dumps([args for args, _ in wanted])
        done = python("-c", DRIVER, lists, cwd=tmp_path, PYTHONIOENCODING=encoding)
        out, err = done.stdout.decode(encoding), done.stderr.decode(encoding)
        assert done.returncode == 0
        assert "Traceback" not in err
        ends = re.findall(r"^# (\[.*\]) (\d)\r?$", out, re.MULTILINE)
        assert [(json.loads(args), int(code)) for args, code in ends] == wanted
        proved = "demontre" if encoding == "ascii" else "démontré"
        quote = "’" if encoding in ("cp1252", "utf-8") else "'"
        assert f"({proved})" in out
        assert f"n{quote}y mène" in out or f"d{quote}un accueil" in out
        assert "fautes " in err

    @pytest.mark.parametrize("encoding", ["cp1252", "cp850", "ascii"])
    def test_the_program_itself(self, tmp_path, encoding):
        done = python("-m", "tourplan", "check", "œ→.toml", cwd=tmp_path, PYTHONIOENCODING=encoding)
        assert done.returncode == 2
        text = done.stderr.decode(encoding)
        assert "introuvable" in text
        assert "Traceback" not in text

    @pytest.mark.skipif(os.name != "posix", reason="locales are set the POSIX way")
    def test_a_bare_locale(self, tmp_path):
        world = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
        done = python("-m", "tourplan", "--help", cwd=tmp_path, **world)
        assert done.returncode == 0
        assert b"Planifier" in done.stdout

    @pytest.mark.skipif(os.name != "posix", reason="pipes break otherwise on Windows")
    def test_a_reader_who_leaves(self, tmp_path):
        read, write = os.pipe()
        os.close(read)
        done = python("-m", "tourplan", "--help", cwd=tmp_path, stdout=write)
        os.close(write)
        assert done.returncode == 0
        assert done.stderr == b""
