"""``tourplan network``: read the roads of a scenario, say what is known of them, clear up."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tourplan.commands.options import Json
from tourplan.console import FrenchCommand, FrenchGroup, print_json, progress_to, say, say_all

if TYPE_CHECKING:
    from tourplan.network.snap import Snap
    from tourplan.network.store import Entry
    from tourplan.prepare import Case

KINDS = {
    "overpass": "réponses du serveur OpenStreetMap",
    "rues": "routes lues et simplifiées",
    "temps": "temps entre communes",
}
"""What is kept in the cache, by kind."""


class _Roads(FrenchGroup):
    synonyms = {"construire": "build", "infos": "info", "vider": "clear"}  # noqa: RUF012
    examples = (
        ("tourplan network build scenario.toml", "lit les routes et les garde pour la suite"),
        ("tourplan network info scenario.toml", "dit d’où viennent les temps, et les vitesses"),
    )


roads = typer.Typer(
    cls=_Roads,
    help="Les routes : les lire d’avance, savoir d’où viennent les temps, vider le cache.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

ScenarioPath = Annotated[
    Path, typer.Argument(metavar="SCENARIO", help="Le scénario, dont [reseau] dit la source.")
]


@roads.command(cls=FrenchCommand)
def build(path: ScenarioPath, json: Json = False) -> None:
    """Lire ou télécharger les routes d’un scénario, et garder les temps pour la suite."""
    case = _read(path, quiet=json)
    if json:
        print_json(_answer(case))
        return
    say_all([*_told(case), _after(case)])


@roads.command(cls=FrenchCommand)
def info(
    path: Annotated[
        Path | None,
        typer.Argument(metavar="[SCENARIO]", help="Le scénario ; sans lui, le cache seulement."),
    ] = None,
    places: Annotated[
        bool,
        typer.Option("--lieux", help="Dire aussi la route de chaque lieu, et à quelle distance."),
    ] = False,
    json: Json = False,
) -> None:
    """Dire d’où viennent les temps, les vitesses retenues, et ce que garde le cache."""
    case = None if path is None else _read(path, quiet=json)
    if json:
        print_json({**(_answer(case) if case else {}), "cache": _cache()})
        return
    if case is not None:
        say_all([*_told(case), *_speeds(case), *(_places(case) if places else []), ""])
    say_all(_kept())


@roads.command(cls=FrenchCommand)
def clear(json: Json = False) -> None:
    """Vider le cache : les routes seront lues ou téléchargées de nouveau."""
    from tourplan.export.french import counted
    from tourplan.network.store import Store

    store = Store.default()
    count = len(store.entries())
    freed = store.clear()
    if json:
        print_json({"fichiers": count, "octets_liberes": freed, "dossier": str(store.folder)})
        return
    if not count:
        say(f"Le cache était déjà vide ({store.folder}).")
        return
    say(f"Cache vidé : {counted(count, 'fichier')}, {_size(freed)} ({store.folder}).")


def _read(path: Path, *, quiet: bool) -> Case:
    """The prepared case of a scenario."""
    from tourplan.cases import case_of

    return case_of(path, progress_to(quiet))


def _answer(case: Case) -> dict[str, Any]:
    """What is known of the roads of a case, as plain data."""
    from tourplan.routing import report

    known = report(case.travel)
    return {
        "source": known.source.label,
        "date": known.source.date,
        "credit": known.source.credit,
        "vitesses": known.source.speeds,
        "incertitude_pct": known.source.uncertainty_pct,
        "noeuds": known.nodes,
        "arcs": known.arcs,
        "routes_km": round(known.road_km, 1),
        "lieux": known.places,
        "lieux_loin_de_la_route": known.far,
        "lieux_sans_route": known.lost,
        "remarques": list(known.notes),
        "lieux_sur_la_route": [
            {
                "code_insee": snap.code,
                "distance_m": snap.distance_m,
                "route": snap.road,
                "lon": round(snap.lon, 6),
                "lat": round(snap.lat, 6),
                "faute": snap.fault,
            }
            for snap in case.travel.snaps
        ],
        "cache": _cache(),
    }


def _told(case: Case) -> list[str]:
    """What is known of the roads of a case, in sentences."""
    from tourplan.export.french import capital, when
    from tourplan.measures import number
    from tourplan.routing import report

    known = report(case.travel)
    date = f" ({when(known.source.date)})" if known.source.date else ""
    lines = [f"Temps de trajet : {known.source.label}{date}."]
    if known.source.speeds:
        lines.append(f"{capital(known.source.speeds)}.")
    lines.append(f"Incertitude : ± {known.source.uncertainty_pct} % ({known.source.uncertainty}).")
    if not known.source.schematic:
        lines.append(
            f"Réseau : {number(known.nodes)} carrefours et lieux, "
            f"{number(round(known.road_km))} km de routes."
        )
    lines.append(f"Lieux : {number(known.places)} (communes, points fixes, départ).")
    if case.travel.points is not None:
        homes = len(case.travel.points.origins)
        lines.append(f"Points d’habitation : {number(homes)}.")
    lines += [f"  {_snap(case, snap)}" for snap in _of_places(case) if snap.fault or snap.far]
    lines += [f"À savoir : {note}." for note in known.notes]
    if known.source.credit:
        lines.append(known.source.credit)
    return lines


def _after(case: Case) -> str:
    """What reading the roads beforehand has changed."""
    source = case.scenario.network.source
    if source == "integre":
        return "Rien à préparer : ce réseau est livré avec tourplan."
    if source == "tableau":
        return "Rien à préparer : le tableau est relu à chaque fois."
    from tourplan.network.store import Store

    if not Store.default().entries():
        return "Rien n’est gardé : le dossier du cache ne peut pas être écrit."
    return "Ces routes et ces temps sont gardés pour « tourplan solve »."


def _speeds(case: Case) -> list[str]:
    """The table of speeds, where tourplan computes times."""
    from tourplan.network.speedmodel import SpeedModel

    network = case.scenario.network
    if not case.travel.source.speeds:
        return []
    model = SpeedModel.default().with_changes(network.speeds, network.factor, winter=network.winter)
    rows = [
        f"  {line.key:<28} {(network.winter and line.winter_kmh) or line.kmh:>5.0f} km/h   "
        f"{line.label} ({line.source})"
        for line in model.table()
    ]
    winter = " d’hiver (celles de [reseau] vitesses, abaissées)" if network.winter else ""
    return ["", f"Vitesses{winter or ', à changer dans [reseau] vitesses'} :", *rows]


def _of_places(case: Case) -> list[Snap]:
    """Where the places were put, resident points aside."""
    homes = set(case.travel.points.origins if case.travel.points else ())
    return [snap for snap in case.travel.snaps if snap.code not in homes]


def _places(case: Case) -> list[str]:
    """The road of each place, those farthest from theirs first."""
    snaps = sorted(_of_places(case), key=lambda snap: (-snap.distance_m, snap.code))
    if not snaps:
        return ["", "Lieux : ces temps ne viennent pas d’un réseau de routes."]
    return ["", "Lieux, et leur route :", *(f"  {_snap(case, snap)}" for snap in snaps)]


def _snap(case: Case, snap: Snap) -> str:
    """A place, and the road it was put on."""
    what = snap.fault or f"à {snap.distance_m} m de la route ({snap.road})"
    what += ", à vérifier" if snap.far else ""
    return f"{case.territory.name(snap.code)} ({snap.code}) : {what}"


def _cache() -> dict[str, Any]:
    """What the cache holds, as plain data."""
    from tourplan.network.store import Store

    store = Store.default()
    found = [
        {
            "genre": entry.kind,
            "fichier": entry.path.name,
            "octets": entry.size,
            "ecrit_le": entry.written.isoformat(timespec="seconds"),
        }
        for entry in store.entries()
    ]
    return {"dossier": str(store.folder), "fichiers": found}


def _kept() -> list[str]:
    """What the cache holds, in sentences."""
    from tourplan.export.french import counted
    from tourplan.network.store import Store

    store = Store.default()
    entries = store.entries()
    if not entries:
        return [f"Cache vide ({store.folder})."]
    kinds: dict[str, list[Entry]] = {}
    for entry in entries:
        kinds.setdefault(entry.kind, []).append(entry)
    lines = [f"Cache : {_size(sum(entry.size for entry in entries))} dans {store.folder}"]
    for kind, found in kinds.items():
        last = max(entry.written for entry in found)
        lines.append(
            f"  {KINDS.get(kind, kind)} : {counted(len(found), 'fichier')}, "
            f"{_size(sum(entry.size for entry in found))}, le dernier du {last:%d/%m/%Y}"
        )
    lines.append("Pour le vider : tourplan network clear")
    return lines


def _size(octets: int) -> str:
    """``1,2 Mo``."""
    from tourplan.measures import number

    if octets < 1_000_000:
        return f"{number(octets / 1000, 0 if octets >= 10_000 else 1)} ko"
    return f"{number(octets / 1_000_000, 1)} Mo"
