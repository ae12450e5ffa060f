"""What contradicts itself in settings of communes, venues, and what is imposed or forbidden."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tourplan.errors import Fault, one_of, quoted
from tourplan.places import CommuneSettings
from tourplan.scenario import Pin, Scenario

_TWICE = "gardez-en un"


def choice_faults(s: Scenario) -> list[Fault]:
    """The faults of reglages, lieux, imposes and interdits."""
    faults = []
    for number, settings in enumerate(s.settings, start=1):
        faults += [*_settings_faults(f"reglages.{number}", settings, s)]
    faults += [*_venue_faults(s)]
    for section, pins in (("imposes", s.pins), ("interdits", s.bans)):
        for number, pin in enumerate(pins, start=1):
            faults += [*_pin_faults(f"{section}.{number}", pin, s)]
            if pin in pins[: number - 1]:
                faults.append(Fault(f"{section}.{number}", "figure deux fois", _TWICE))
    return [*faults, *_needed(s), *_clashes(s), *_crowded(s)]


def _settings_faults(where: str, one: CommuneSettings, s: Scenario) -> Iterator[Fault]:
    if not one.communes and not one.epcis:
        mend = 'donnez par exemple communes = ["34036", "34064"]'
        yield Fault(where, "ni commune ni intercommunalité", mend)
    if one.model_fields_set <= {"communes", "epcis"}:
        mend = "donnez par exemple passages = 2, ou retirez cette section"
        yield Fault(where, "rien n’est réglé", mend)
    for key, codes in (("communes", one.communes), ("epci", one.epcis)):
        for code in sorted({code for code in codes if codes.count(code) > 1}):
            yield Fault(f"{where}.{key}", f"« {code} » figure deux fois", _TWICE)
    yield from _number_faults(where, one)
    if one.weeks is not None:
        yield from _weeks_faults(f"{where}.semaines", one.weeks, s)
    for key, days in (("jours_refuses", one.refused_days), ("jours_marche", one.market_days)):
        if len(set(days)) < len(days):
            yield Fault(f"{where}.{key}", "valeur en double", "gardez-la une fois")
    for day in sorted(set(one.refused_days) & set(one.market_days)):
        what = f"{day} est aussi dans jours_refuses"
        yield Fault(f"{where}.jours_marche", what, "retirez-le de l’une des deux listes")
    if one.refused_days and set(s.cycle.days) <= set(one.refused_days):
        what = "tous les jours de tournée sont refusés"
        yield Fault(f"{where}.jours_refuses", what, "laissez un jour, ou mettez passages = 0")


def _number_faults(where: str, one: CommuneSettings) -> Iterator[Fault]:
    """Numbers of sessions, or of visits, that contradict one another."""
    least, most = one.min_sessions, one.max_sessions
    if one.sessions is not None and not least is most is None:
        mend = "gardez passages, ou passages_min et passages_max"
        yield Fault(f"{where}.passages", "donné avec passages_min ou passages_max", mend)
    elif least is not None and most is not None and least > most:
        what = f"{least} passages au moins, mais {most} au plus"
        mend = "donnez un passages_min qui ne dépasse pas passages_max"
        yield Fault(f"{where}.passages_min", what, mend)
    visits, appointments = one.visits_per_month, one.appointments_per_month
    if visits is not None and appointments is not None and appointments > visits:
        what = f"{appointments:g} rendez-vous pour {visits:g} visites, rendez-vous compris"
        yield Fault(f"{where}.rendez_vous_par_mois", what, "augmentez visites_par_mois")


def _weeks_faults(where: str, weeks: Sequence[int], s: Scenario) -> Iterator[Fault]:
    if not weeks:
        yield Fault(where, "aucune semaine", "donnez une semaine, ou mettez passages = 0")
    if len(set(weeks)) < len(weeks):
        yield Fault(where, "valeur en double", "gardez-la une fois")
    for week in sorted(set(weeks)):
        if week > s.cycle.weeks:
            yield _no_such_week(where, week, s)


def _no_such_week(where: str, week: int, s: Scenario) -> Fault:
    if s.cycle.weeks == 1:
        return Fault(where, f"semaine {week}, mais le cycle n’en a qu’une", "donnez 1")
    what = f"semaine {week}, mais le cycle en a {s.cycle.weeks}"
    return Fault(where, what, f"donnez 1 à {s.cycle.weeks}, ou changez cycle.semaines")


def _venue_faults(s: Scenario) -> Iterator[Fault]:
    seen: set[tuple[str, str]] = set()
    for number, venue in enumerate(s.venues, start=1):
        where = f"lieux.{number}"
        if (venue.lon is None) != (venue.lat is None):
            missing = "lon" if venue.lon is None else "lat"
            what = "lon et lat vont ensemble"
            yield Fault(f"{where}.{missing}", what, "donnez les deux ou aucune")
        if (venue.code, venue.name) in seen:
            what = f"{quoted(venue.name)} figure deux fois dans la commune {venue.code}"
            yield Fault(f"{where}.nom", what, "donnez un nom à chaque lieu")
        seen.add((venue.code, venue.name))


def _pin_faults(where: str, pin: Pin, s: Scenario) -> Iterator[Fault]:
    """Weeks, days, sessions and vehicles that the scenario does not have."""
    if pin.week is not None and pin.week > s.cycle.weeks:
        yield _no_such_week(f"{where}.semaine", pin.week, s)
    if pin.day is not None and s.cycle.days and pin.day not in s.cycle.days:
        what = f"{pin.day} n’est pas un jour de tournée"
        mend = f"attendu {', '.join(s.cycle.days)}, ou ajoutez-le à cycle.jours"
        yield Fault(f"{where}.jour", what, mend)
    for key, kind, given, known in (
        ("creneau", "aucune permanence ne se nomme", pin.slot, [p.name for p in s.sessions]),
        ("vehicule", "aucun véhicule ne se nomme", pin.vehicle, [v.name for v in s.vehicles]),
    ):
        if given is not None and given not in known:
            yield Fault(f"{where}.{key}", f"{kind} {quoted(given)}", one_of(given, known))


def _needed(s: Scenario) -> Iterator[Fault]:
    """What an imposed place and a forbidden one must at least say."""
    for number, pin in enumerate(s.pins, start=1):
        if pin.commune is None:
            yield Fault(f"imposes.{number}.commune", "manque", "ajoutez commune = …")
    for number, ban in enumerate(s.bans, start=1):
        if ban == Pin():
            mend = "donnez commune, semaine, jour, creneau ou vehicule"
            yield Fault(f"interdits.{number}", "rien n’est interdit", mend)


def _clashes(s: Scenario) -> Iterator[Fault]:
    """What is imposed where it is forbidden."""
    bans = [(number, ban) for number, ban in enumerate(s.bans, start=1) if ban != Pin()]
    for number, pin in enumerate(s.pins, start=1):
        placed = _placed(pin, s)
        for other, ban in bans if pin.commune is not None else ():
            if _covers(ban, placed):
                what = f"imposé ici, mais interdit par interdits.{other}"
                yield Fault(f"imposes.{number}", what, "retirez l’un des deux")


def _covers(ban: Pin, pin: Pin) -> bool:
    """Whether whatever keeps the pin breaks the ban."""
    return all(value is None or value == getattr(pin, name) for name, value in ban.__dict__.items())


def _placed(pin: Pin, s: Scenario) -> Pin:
    """A pin with what can only be one thing: the week of a cycle of one, the sole vehicle."""
    only: dict[str, object] = {}
    if pin.week is None and s.cycle.weeks == 1:
        only["week"] = 1
    if pin.vehicle is None and len(s.vehicles) == 1:
        only["vehicle"] = s.vehicles[0].name
    return pin.model_copy(update=only)


def _crowded(s: Scenario) -> Iterator[Fault]:
    """Two communes imposed on one vehicle at the same moment."""
    taken: dict[tuple[object, ...], tuple[int, str]] = {}
    for number, pin in enumerate(s.pins, start=1):
        placed = _placed(pin, s)
        moment = (placed.week, placed.day, placed.slot, placed.vehicle)
        if pin.commune is None or None in moment:
            continue
        first, commune = taken.setdefault(moment, (number, pin.commune))
        if commune != pin.commune:
            yield Fault(
                f"imposes.{number}",
                f"le {pin.day}, {quoted(pin.slot)} est déjà pris par {quoted(commune)} "
                f"(imposes.{first}), avec le même véhicule",
                "changez l’un des deux, ou donnez un autre véhicule",
            )
