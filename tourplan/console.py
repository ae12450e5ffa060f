"""Text that any console takes, and a command line that speaks French."""

from __future__ import annotations

import codecs
import re
import sys
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


def tame_streams() -> None:
    """Make stdout and stderr write any text in any encoding (cp1252, cp850, ASCII pipes)."""
    codecs.register_error("tourplan", _plainer)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="tourplan")


_FRENCH = (
    (r"^Usage: ", "Usage : "),
    (r"^Options:", "Options :"),
    (r"^Commands:", "Commandes :"),
    (r"^Arguments:", "Arguments :"),
    (r"\[OPTIONS\]", "[OPTIONS]"),
    (r"COMMAND \[ARGS\]\.\.\.", "COMMANDE [ARGUMENTS]..."),
    (r"Show this message and exit\.", "Montrer cette aide et quitter."),
    (r"\[default: ", "[par défaut : "),
    (r"\[required\]", "[obligatoire]"),
)


def _in_french(text: str) -> str:
    for english, french in _FRENCH:
        text = re.sub(english, french, text, flags=re.MULTILINE)
    return text


class FrenchCommand(TyperCommand):
    """A command whose help is in French."""

    def get_help(self, ctx: Any) -> str:
        """The help text."""
        return _in_french(super().get_help(ctx))


class FrenchGroup(TyperGroup):
    """The program: French help, and a French synonym for each command."""

    synonyms: dict[str, str] = {}  # noqa: RUF012

    def get_help(self, ctx: Any) -> str:
        """The help text, followed by the synonyms."""
        pairs = ", ".join(f"{french} = {name}" for french, name in self.synonyms.items())
        return f"{_in_french(super().get_help(ctx))}\n\nSynonymes : {pairs}."

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of an English name or of its French synonym."""
        return super().get_command(ctx, self.synonyms.get(cmd_name, cmd_name))


_UNKNOWN = r"^No such option: (\S+)"
_NUMBER = r"(?:Input should be|'?[^']*'? is not) a valid (?:number|float|integer)"
_USAGE = (
    (r"^Missing argument '?([^'.]+)'?.*", r"il manque \1"),
    (r"^Missing option '?([^'.]+)'?.*", r"il manque l’option \1"),
    (rf"{_UNKNOWN}.*Possible options: ([^)]*)\).*", r"option \1 inconnue ; vouliez-vous \2 ?"),
    (rf"{_UNKNOWN}.*?Did you mean ([^?]+)\?.*", r"option \1 inconnue ; vouliez-vous \2 ?"),
    (rf"{_UNKNOWN}.*", r"option \1 inconnue"),
    (r"^No such command '([^']+)'.*", r"commande « \1 » inconnue"),
    (r"^Got unexpected extra arguments? \(([^)]+)\).*", r"argument en trop : \1"),
    (r"^Option '?([^']+?)'? requires an argument.*", r"l’option \1 attend une valeur"),
    (r"^Option '?([^']+?)'? does not take a value.*", r"l’option \1 n’attend pas de valeur"),
    (rf"^Invalid value for '?([^:]+?)'?: {_NUMBER}.*", r"\1 : attendu un nombre"),
    (r"^Invalid value for '?([^:]+?)'?: .*", r"\1 : valeur refusée"),
)


def usage_in_french(message: str) -> str:
    """A usage error of the command line in French; what is not foreseen says to look at --help."""
    first = " ".join(message.split())
    for english, french in _USAGE:
        if re.match(english, first, flags=re.DOTALL):
            return re.sub(english, french, first, flags=re.DOTALL)
    return "commande mal écrite"


def run(app: typer.Typer, args: list[str] | None = None) -> int:
    """Run ``app``; usage errors are told in French and earn exit code 2."""
    try:
        code = app(args=args, standalone_mode=False)
    except Exception as error:
        message = getattr(error, "format_message", None)
        if message is None:
            raise
        if type(error).__name__ == "NoArgsIsHelpError":
            print(message())  # noqa: T201
            return 2
        print(f"tourplan : {usage_in_french(message())}", file=sys.stderr)  # noqa: T201
        print("Aide : tourplan --help", file=sys.stderr)  # noqa: T201
        return 2
    return code if isinstance(code, int) else 0
