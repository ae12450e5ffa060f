"""Text that any console takes, and a command line that speaks French."""

from __future__ import annotations

import codecs
import ctypes
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

_ASCII = {
    "’": "'",
    "‘": "'",
    "“": '"',
    "”": '"',
    "«": '"',
    "»": '"',
    "–": "-",
    "—": "-",
    "…": "...",
    "→": "->",
    "≤": "<=",
    "≥": ">=",
    "×": "x",
    "±": "+/-",
    "✓": "ok",
    "œ": "oe",
    "Œ": "OE",
    "₂": "2",
    "€": "EUR",
    "\u00a0": " ",
    "\u202f": " ",
}


def _plainer(error: UnicodeError) -> tuple[str, int]:
    """Replace what an encoding lacks by its nearest plain spelling, else by ``?``."""
    assert isinstance(error, UnicodeEncodeError)  # noqa: S101
    import unicodedata

    lost = error.object[error.start : error.end]
    spelt = []
    for character in lost:
        base = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
        spelt.append(_ASCII.get(character) or base or "?")
    return "".join(spelt), error.end


codecs.register_error("tourplan", _plainer)


def tame_streams() -> None:
    """Make stdout and stderr write any text in any encoding (cp1252, cp850, ASCII pipes).

    A stream that was closed is replaced by one that swallows what it is told.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="tourplan")


@contextmanager
def native_words_aside() -> Iterator[None]:
    """What native code prints on stdout goes nowhere: HiGHS says some things unasked."""
    try:
        sys.stdout.flush()
        kept = os.dup(1)
    except OSError:  # no stdout at all
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    try:
        yield
    finally:
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None if os.name == "posix" else "ucrtbase").fflush(None)
        os.dup2(kept, 1)
        os.close(kept)


def give_up_stdout() -> None:
    """Let what is still to be written vanish: the reader at the other end has left."""
    hole = os.open(os.devnull, os.O_WRONLY)
    os.dup2(hole, sys.stdout.fileno())
    os.close(hole)


_DRIVING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def harmless(text: str) -> str:
    """``text`` without the characters that drive a terminal; ends of line and tabs are kept."""
    return _DRIVING.sub("?", text)


_HELP = "Montrer cette aide et quitter."


def _page(usage: str, purpose: str, *lists: tuple[str, Sequence[tuple[str, str]]]) -> str:
    """A page of help: usage, purpose, then titled lists of names with their meaning."""
    width = min(shutil.get_terminal_size().columns, 100) - 1
    lines = [f"Usage : {usage}", "", *_wrapped(purpose, width, "  ")]
    for title, rows in lists:
        if rows:
            margin = max(len(name) for name, _ in rows) + 4
            lines += ["", f"{title} :"]
            for name, meaning in rows:
                told = _wrapped(meaning, max(width, margin + 20), " " * margin)
                lines += [f"  {name}".ljust(margin) + told[0].lstrip(), *told[1:]]
    encoding = sys.stdout.encoding or "utf-8"  # typer would write UTF-8 to an ASCII console
    return "\n".join(lines).encode(encoding, "tourplan").decode(encoding)


def _wrapped(text: str, width: int, margin: str) -> list[str]:
    folded = " ".join(text.split())
    return textwrap.wrap(folded, width, initial_indent=margin, subsequent_indent=margin) or [""]


class FrenchCommand(TyperCommand):
    """A command whose help is in French."""

    def get_help(self, ctx: Any) -> str:
        """The help text, made of the command's own words only."""
        shown: dict[str, list[tuple[str, str]]] = {"argument": [], "option": []}
        for param in self.get_params(ctx):
            name, meaning = param.opts[0], str(getattr(param, "help", None) or "")
            if param.param_type_name == "argument":
                name = str(param.metavar)
            elif param.name == "help":
                meaning = _HELP
            elif param.metavar:
                name = f"{name} {param.metavar}"
            shown[param.param_type_name].append((name, meaning))
        usage = " ".join([ctx.command_path, "[OPTIONS]", *(name for name, _ in shown["argument"])])
        lists = (("Arguments", shown["argument"]), ("Options", shown["option"]))
        return _page(usage, self.help or "", *lists)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments; a usage error always says which command it is about."""
        try:
            return super().parse_args(ctx, args)
        except Exception as error:
            if hasattr(error, "format_message"):
                error.ctx = ctx  # type: ignore[attr-defined]
            raise


class FrenchGroup(TyperGroup):
    """The program: French help, and French synonyms of the commands, accents or not."""

    synonyms: dict[str, str] = {}  # noqa: RUF012
    examples: tuple[tuple[str, str], ...] = ()

    def get_help(self, ctx: Any) -> str:
        """The help text: purpose, commands, synonyms, where to begin."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        return _page(
            f"{ctx.command_path} COMMANDE [ARGUMENTS]…",
            self.help or "",
            ("Commandes", [(name, str(command.help)) for name, command in found]),
            ("Synonymes", list(self.synonyms.items())),
            ("Pour commencer", self.examples),
            ("Options", [("--help", f"{_HELP} Chaque commande a la sienne.")]),
        )

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of an English name or of its French synonym."""
        plain = {_unaccented(french): english for french, english in self.synonyms.items()}
        return super().get_command(ctx, plain.get(_unaccented(cmd_name), cmd_name))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command asked for; an unknown one is refused with the nearest known."""
        typed = args[0]
        if self.get_command(ctx, typed) is None and not typed.startswith("-"):
            from difflib import get_close_matches

            known = {_unaccented(name): name for name in (*self.list_commands(ctx), *self.synonyms)}
            near = get_close_matches(_unaccented(typed), known, n=1)
            mend = (
                f"vouliez-vous {known[near[0]]} ?"
                if near
                else f"attendu : {', '.join(known.values())}"
            )
            ctx.fail(f"commande « {typed} » inconnue ; {mend}")
        return super().resolve_command(ctx, args)


def _unaccented(word: str) -> str:
    """A word in lower case, without accents."""
    import unicodedata

    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


_UNKNOWN = r"^No such option: (\S+)(.*)"
_NUMBER = r"(?:Input should be|'?[^']*'? is not) a valid (?:number|float|integer)"
_USAGE = (
    (r"^(commande « .*)", r"\1"),
    (r"^Missing argument '?([^'.]+)'?.*", r"il manque \1"),
    (r"^Missing option '?([^'.]+)'?.*", r"il manque l’option \1"),
    (r"^Missing command.*", r"il manque une commande"),
    (r"^Got unexpected extra arguments?(?:\(s\))? \((.*)\).*", r"argument en trop : \1"),
    (r"^Option '?([^']+?)'? requires an argument.*", r"l’option \1 attend une valeur"),
    (r"^Option '?([^']+?)'? does not take a value.*", r"l’option \1 n’attend pas de valeur"),
    (rf"^Invalid value for '?([^:]+?)'?: {_NUMBER}.*", r"\1 : attendu un nombre, par exemple 60"),
    (
        r"^Invalid value for '?([^:]+?)'?: .* is not readable.*",
        r"\1 : lecture refusée ; vérifiez vos droits",
    ),
    (r"^Invalid value for '?([^:]+?)'?: .*", r"\1 : valeur refusée"),
)


def usage_in_french(message: str) -> str:
    """A usage error of the command line in French; what is not foreseen says to look at --help."""
    first = " ".join(message.split())
    if unknown := re.match(_UNKNOWN, first):
        return _unknown_option(unknown[1], re.findall(r"--[\w-]+", unknown[2]))
    for english, french in _USAGE:
        if re.match(english, first, flags=re.DOTALL):
            return re.sub(english, french, first, flags=re.DOTALL)
    return "commande mal écrite"


def _unknown_option(typed: str, offered: Sequence[str]) -> str:
    """An unknown option refused, with what typer offers in its place and is close to it."""
    from difflib import get_close_matches

    names = {name.removeprefix("--"): name for name in offered}
    word = typed.removeprefix("--")
    near = get_close_matches(word, names, n=1, cutoff=0.7)
    near = near or [name for name in names if word and name.startswith(word)]
    told = f"option {typed} inconnue"
    return f"{told} ; vouliez-vous {names[near[0]]} ?" if near else told


_INTERRUPTED = 130
"""What typer makes of Ctrl-C (older ones raise ``Abort``)."""


def run(app: typer.Typer, args: list[str] | None = None) -> int:
    """Run ``app``; usage errors are told in French and earn exit code 2, as no argument does.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed.
        BrokenPipeError: whoever read stdout has left.
    """
    words = sys.argv[1:] if args is None else args
    try:
        code = app(args=words or ["--help"], prog_name="tourplan", standalone_mode=False)
    except SystemExit:  # what typer makes of a broken pipe, and of nothing else
        raise BrokenPipeError from None
    except Exception as error:
        if type(error).__name__ == "Abort":
            raise KeyboardInterrupt from None
        message = getattr(error, "format_message", None)
        if message is None:
            raise
        if type(error).__name__ == "NoArgsIsHelpError":
            sys.stdout.write(error.ctx.get_help() + "\n")  # type: ignore[attr-defined]
            return 2
        where = getattr(getattr(error, "ctx", None), "command_path", "tourplan")
        sys.stderr.write(f"tourplan : {harmless(usage_in_french(message()))}\n")
        sys.stderr.write(f"Aide : {where} --help\n")
        return 2
    if code == _INTERRUPTED:
        raise KeyboardInterrupt
    if not words:
        return 2
    return code if isinstance(code, int) else 0


def say(text: str) -> None:
    """A line on stdout."""
    sys.stdout.write(harmless(text) + "\n")


def say_all(lines: list[str]) -> None:
    """Lines on stdout."""
    for line in lines:
        say(line)


def note(text: str) -> None:
    """A line on stderr, at once."""
    sys.stderr.write(harmless(text) + "\n")
    sys.stderr.flush()


def progress_to(quiet: bool) -> Callable[[str], None]:
    """Where progress is told: stderr, or nowhere."""
    return (lambda _: None) if quiet else (lambda text: note(f"… {text}"))


def print_json(content: dict[str, Any]) -> None:
    """Plain data on stdout, as JSON that any console shows."""
    import json

    sys.stdout.write(json.dumps(content, ensure_ascii=True, indent=1) + "\n")
