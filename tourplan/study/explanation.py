"""What ``explain`` found, as plain facts and French sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from tourplan.errors import listed
from tourplan.export.french import capital, counted
from tourplan.export.words import change_of
from tourplan.measures import BEYOND, far_weights, number
from tourplan.plan import Level, Plan
from tourplan.problem import Problem
from tourplan.study.result import Result

COLUMNS = ("sujet", "code_insee", "commune", "seuil_min", "reponse", "phrase", "demontre")

SERVED, UNKNOWN_SITE = "desservie", "non candidate"
NO_ROOM, FORBIDDEN, NO_DAY = "sans salle", "interdite", "aucune journée"
NO_SLOT, HOURS = "créneaux interdits", "horaires de mairie imposés"
CLASH, WORSE, TIE, BETTER = "exigences", "moins bon", "aussi bon", "mieux"
UNTESTED, UNSETTLED = "non examiné", "non établi"
MOST_SHOWN = 20
"""Far places of one threshold that sentences tell, those with most residents first."""
NOTHING, NO_PLAN, NOT_FOUND = "rien", "aucun plan", "pas mieux trouvé"


@dataclass(frozen=True)
class Remedy:
    """One change tested by solving: what it is, and whether it is enough; ``None``: not tested."""

    kind: str
    text: str
    enough: bool | None
    proved: bool


@dataclass(frozen=True)
class Unserved:
    """Why a commune has no session.

    Attributes:
        reason: one of the words of this module.
        text: the reason, a French sentence without its end.
        level: the first level that serving it makes worse, if any.
        by: how much worse, in the level's unit.
        proved: whether it is proved.
        instead: communes that the plan found without in that case.
        remedies: the single changes tested.
    """

    code: str
    name: str
    reason: str
    text: str
    level: str = ""
    by: int | None = None
    proved: bool = True
    instead: tuple[str, ...] = ()
    remedies: tuple[Remedy, ...] = ()

    @property
    def tested(self) -> bool:
        """Whether a reason was found."""
        return self.reason not in (UNTESTED, UNSETTLED)

    @property
    def told(self) -> str:
        """The reason, and whether it is not proved."""
        return self.text if self.proved or not self.tested else f"{self.text} (non démontré)"


@dataclass(frozen=True)
class Near:
    """A place and the seconds to it; ``None``: no way known. ``why``: why it has no session."""

    code: str
    name: str
    time_s: int | None
    why: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({_minutes(self.time_s)})"


@dataclass(frozen=True)
class Far:
    """Residents that the plan leaves beyond some minutes, and what could bring them within.

    ``code`` and ``name`` are those of the commune; ``hamlet``, the point's own name, if it has one.
    """

    code: str
    name: str
    residents: int
    minutes: int
    fixed: Near | None
    served: Near | None
    within: tuple[Near, ...]
    nearest: Near | None
    hamlet: str = ""


@dataclass(frozen=True)
class Effect:
    """A level before and after a change, in words."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Marginal:
    """What a little more would bring.

    ``verdict``: ``mieux``, ``moins bon``, ``rien``, ``aucun plan``, ``pas mieux trouvé`` or
    ``non examiné``.
    """

    text: str
    verdict: str
    effects: tuple[Effect, ...] = ()
    proved: bool = False
    note: str = ""


@dataclass(frozen=True, eq=False)
class Explanation(Result):
    """Why a plan leaves communes and residents out, and what a little more would bring."""

    plan: Plan
    unserved: tuple[Unserved, ...]
    far: tuple[Far, ...]
    marginals: tuple[Marginal, ...] = ()
    minutes: tuple[int, ...] = ()
    columns: ClassVar[tuple[str, ...]] = COLUMNS

    def of(self, code: str) -> Unserved:
        """The explanation of a commune.

        Raises:
            KeyError: the commune was not explained.
        """
        for one in self.unserved:
            if one.code == code:
                return one
        raise KeyError(code)

    def rows(self) -> Iterator[tuple[str, ...]]:
        """Every answer under ``COLUMNS``."""
        for one in self.unserved:
            key = (one.code, one.name, "")
            yield ("commune", *key, one.reason, one.text, _yes(one.proved))
            for remedy in one.remedies:
                verdict = {True: "suffit", False: "ne suffit pas", None: UNTESTED}[remedy.enough]
                yield ("changement", *key, verdict, remedy.text, _yes(remedy.proved))
        for far in self.far:
            answer = "possible" if far.within else "aucun site possible"
            where = (far.code, far.name, str(far.minutes))
            yield ("habitants", *where, answer, _far_words(far), "oui")
        for extra in self.marginals:
            yield ("marge", "", "", "", extra.verdict, _marginal_words(extra), _yes(extra.proved))

    def sentences(self) -> list[str]:
        """The answers in French, one line a fact; details are set back by two spaces."""
        lines = []
        for one in self.unserved:
            if one.reason != UNTESTED:
                lines.append(f"{one.name} : {one.told}.")
                lines += [f"  {told}." for told in _remedies_words(one.remedies)]
        lines += _untested_communes([one for one in self.unserved if one.reason == UNTESTED])
        if not self.unserved:
            lines.append("Toutes les communes candidates sont desservies.")
        for minutes in self.minutes:
            mine = [far for far in self.far if far.minutes == minutes]
            if not mine:
                continue
            people = sum(far.residents for far in mine)
            longer = [limit for limit in self.minutes if limit > minutes]
            most = f", {min(longer)} au plus" if longer else ""
            lines.append(
                f"À plus de {minutes} min d’un accueil{most} : {number(people)} "
                f"habitant{'s' if people > 1 else ''}."
            )
            lines += [f"  {far.name} : {_far_words(far)}." for far in mine[:MOST_SHOWN]]
            if len(mine) > MOST_SHOWN:
                others = counted(len(mine) - MOST_SHOWN, "autre lieu", "autres lieux")
                lines.append(f"  et {others}, dans explications.csv (--sortie).")
        if self.minutes and not self.far:
            few = min(self.minutes)
            lines.append(
                f"Parmi les habitants examinés, aucun n’est à plus de {few} min d’un accueil."
            )
        tested = [extra for extra in self.marginals if extra.verdict != UNTESTED]
        lines += [f"{capital(_marginal_words(extra))}." for extra in tested]
        return lines + _untested_margins([e for e in self.marginals if e.verdict == UNTESTED])

    def to_dict(self) -> dict[str, Any]:
        """The answers as plain data under French keys."""
        return {
            "phrases": self.sentences(),
            "communes": [_unserved_dict(one) for one in self.unserved],
            "habitants": [_far_dict(far) for far in self.far],
            "marges": [
                {
                    "changement": extra.text,
                    "reponse": extra.verdict,
                    "niveaux": [
                        {"niveau": e.label, "avant": e.before, "apres": e.after}
                        for e in extra.effects
                    ],
                    "demontre": extra.proved,
                    "remarque": extra.note,
                }
                for extra in self.marginals
            ],
        }

    def __repr__(self) -> str:
        return (
            f"Explanation({self.plan.title!r}, {len(self.unserved)} communes, "
            f"{len(self.far)} lieux éloignés, {len(self.marginals)} marges)"
        )


def worse_words(problem: Problem, before: Level, after: Level) -> str:
    """What becomes worse, and by how much: ``coûterait 23 min de route de plus…``."""
    verb = "laisserait" if before.name.startswith(BEYOND) else _VERBS.get(before.name, "donnerait")
    people = int(far_weights(problem).sum())
    return f"{verb} {change_of(before, after, problem.weeks, people)}"


_VERBS = dict.fromkeys(("route", "km", "cout", "co2", "acces_moyen"), "coûterait")


def instead_words(names: Sequence[str]) -> str:
    """``, par exemple sans Celles``: what the plan found does without."""
    return f" (dans ce plan, sans {listed(list(names))})" if names else ""


def _minutes(seconds: int | None) -> str:
    return "aucune route connue" if seconds is None else f"{number(seconds / 60, 1)} min"


def _yes(proved: bool) -> str:
    return "oui" if proved else "non"


def _remedies_words(remedies: Sequence[Remedy]) -> Iterator[str]:
    """Each change that is enough, then in a line those that are not, and those not tested."""
    for remedy in remedies:
        if remedy.enough:
            yield f"Suffirait : {_with_doubt(remedy)}"
    short = [_with_doubt(remedy) for remedy in remedies if remedy.enough is False]
    if short:
        yield f"Ne suffirait pas : {' ; '.join(short)}"
    untested = [remedy.text for remedy in remedies if remedy.enough is None]
    if untested:
        yield f"Non examiné : {' ; '.join(untested)}"


def _with_doubt(remedy: Remedy) -> str:
    return remedy.text if remedy.proved else f"{remedy.text} (non démontré)"


def _untested_communes(communes: Sequence[Unserved]) -> list[str]:
    """The communes that time did not let test, told together; beyond some, counted."""
    if not communes:
        return []
    told = [one.name for one in communes[:MOST_SHOWN]]
    if len(communes) > MOST_SHOWN:
        told.append(counted(len(communes) - MOST_SHOWN, "autre commune", "autres communes"))
    return [
        f"Non examiné, le temps manque : {listed(told)}.",
        "  Nommez les communes qui vous importent, ou donnez plus de temps (--limite).",
    ]


def _untested_margins(margins: Sequence[Marginal]) -> list[str]:
    """What a little more would bring and was not tested, in one line."""
    told = [f"{one.text}{f' ({one.note})' if one.note else ''}" for one in margins]
    told = [text[:1].lower() + text[1:] for text in told]
    return [f"Non examiné : {' ; '.join(told)}."] if told else []


def _far_words(far: Far) -> str:
    """Nearest counter and session, then what could be nearer."""
    hamlet = f"{far.hamlet}, " if far.hamlet else ""
    told = [f"{hamlet}{number(far.residents)} habitant{'s' if far.residents > 1 else ''}"]
    told.append(f"point fixe le plus proche : {far.fixed or 'aucun'}")
    told.append(f"permanence la plus proche : {far.served or 'aucune'}")
    if far.within:
        each = [f"{near}{f' – {near.why}' if near.why else ''}" for near in far.within]
        told.append(f"seraient à {far.minutes} min au plus : {', '.join(each)}")
    else:
        nearest = f" ; la plus proche : {far.nearest}" if far.nearest else ""
        told.append(f"aucune commune candidate n’est à {far.minutes} min au plus{nearest}")
    return " ; ".join(told)


def _marginal_words(extra: Marginal) -> str:
    doubt = "" if extra.proved else " (non démontré)"
    note = f" ({extra.note})" if extra.note else ""
    if extra.verdict == UNTESTED:
        return f"{extra.text} : {UNTESTED}{note}"
    if extra.verdict == NO_PLAN:
        return f"{extra.text} : aucun plan ne tiendrait{doubt}{note}"
    if extra.verdict == NOTHING:
        return f"{extra.text} : rien ne changerait{doubt}{note}"
    if extra.verdict == NOT_FOUND:
        return f"{extra.text} : rien de mieux trouvé dans le temps donné{note}"
    told = " ; ".join(f"{e.label} : {e.before} → {e.after}" for e in extra.effects)
    return f"{extra.text} : {told}{doubt}{note}"


def _unserved_dict(one: Unserved) -> dict[str, Any]:
    return {
        "code_insee": one.code,
        "commune": one.name,
        "raison": one.reason,
        "phrase": one.text,
        "niveau": one.level,
        "ecart": one.by,
        "demontre": one.proved,
        "sans": list(one.instead),
        "changements": [
            {"sorte": r.kind, "quoi": r.text, "suffit": r.enough, "demontre": r.proved}
            for r in one.remedies
        ],
    }


def _far_dict(far: Far) -> dict[str, Any]:
    return {
        "code_insee": far.code,
        "commune": far.name,
        "lieu_dit": far.hamlet,
        "habitants": far.residents,
        "seuil_min": far.minutes,
        "point_fixe": _near_dict(far.fixed),
        "permanence": _near_dict(far.served),
        "possibles": [_near_dict(near) for near in far.within],
        "candidate_la_plus_proche": _near_dict(far.nearest),
    }


def _near_dict(near: Near | None) -> dict[str, Any] | None:
    if near is None:
        return None
    return {
        "code_insee": near.code,
        "commune": near.name,
        "secondes": near.time_s,
        "pourquoi": near.why,
    }
