"""What contradicts itself in a scenario that is well formed: one function a subject."""

from __future__ import annotations

import itertools

from tourplan.choicefaults import choice_faults
from tourplan.errors import Fault, InputError, counted
from tourplan.hours import clock, duration
from tourplan.network.speedmodel import SpeedModel
from tourplan.scenario import Goal, Scenario
from tourplan.tables import code_fault
from tourplan.teamfaults import team_faults
from tourplan.times import LEGAL_WEEK_H, Cycle, DayLimits, Session

Told = tuple[str, str, str]
"""A key of a section, what is wrong with it, how to mend it."""


def coherence(s: Scenario) -> list[Fault]:
    """The faults of a scenario that is well formed: what contradicts itself."""
    return [
        *_communes_faults(s),
        *_session_faults(s),
        *_day_faults(s),
        *_week_faults(s),
        *team_faults(s),
        *_goal_faults(s),
        *_network_faults(s),
        *choice_faults(s),
    ]


def _communes_faults(s: Scenario) -> list[Fault]:
    faults = []
    c = s.communes
    if not (c.required or c.candidates or c.candidate_epcis):
        faults.append(
            Fault(
                "communes",
                "aucune commune à desservir ni candidate",
                'donnez par exemple a_desservir = ["34036", "34064"]',
            )
        )
    if s.residents.file and (s.residents.epcis or s.residents.communes):
        faults.append(
            Fault(
                "habitants.fichier",
                "le fichier dit déjà de qui l’accès compte : epci et communes seraient ignorées",
                "retirez epci et communes, ou le fichier",
            )
        )
    for key, codes in (("a_desservir", c.required), ("candidates", c.candidates)):
        for code in sorted({code for code in codes if codes.count(code) > 1}):
            faults.append(Fault(f"communes.{key}", f"« {code} » figure deux fois", "gardez-en un"))
        for code in sorted(set(codes) & set(c.excluded)):
            faults.append(
                Fault(
                    f"communes.{key}",
                    f"« {code} » est aussi dans exclues",
                    "retirez-le de l’une des deux listes",
                )
            )
    return faults


def _network_faults(s: Scenario) -> list[Fault]:
    """The faults of where times come from: a file that is missing or ignored, speeds."""
    network = s.network
    faults = []
    read = network.source in ("fichier", "graphe", "tableau")
    if read and not network.file:
        mend = 'donnez par exemple fichier = "languedoc-roussillon.osm.pbf"'
        faults.append(Fault("reseau.fichier", f"manque à la source {network.source}", mend))
    if network.file and not read:
        mend = 'choisissez source = "fichier", "graphe" ou "tableau", ou retirez le fichier'
        faults.append(Fault("reseau.fichier", f"ignoré par la source {network.source}", mend))
    if network.server and network.source != "en_ligne":
        mend = 'choisissez source = "en_ligne", ou retirez le serveur'
        faults.append(Fault("reseau.serveur", f"ignoré par la source {network.source}", mend))
    changed = network.speeds or network.winter or network.factor != 1
    if changed and network.source in ("integre", "tableau"):
        what = f"la source {network.source} donne ses propres temps : facteur, hiver et vitesses "
        mend = "choisissez une source de routes (en_ligne, fichier, graphe), ou retirez-les"
        faults.append(Fault("reseau", f"{what}seraient ignorés", mend))
    try:
        SpeedModel.default().with_changes(network.speeds, network.factor, winter=network.winter)
    except InputError as error:
        faults += error.faults
    pairs = [(drive.origin, drive.destination) for drive in s.measured]
    for number, pair in enumerate(pairs, start=1):
        where = f"mesures.{number}"
        for code in pair:
            fault = code_fault(where, code)
            faults += [fault] if fault else []
        if pair[0] == pair[1]:
            faults.append(Fault(where, "départ et arrivée sont les mêmes", "corrigez de ou vers"))
        if pair in pairs[: number - 1]:
            faults.append(Fault(where, f"trajet {pair[0]} → {pair[1]} en double", "gardez-en un"))
    return faults


def _session_faults(s: Scenario) -> list[Fault]:
    faults: list[Fault] = []
    for number, session in enumerate(s.sessions, start=1):
        found = [
            *_window_faults(session, s.day),
            *_grid_faults(session, s.day),
            *_opening_faults(session),
        ]
        faults += [Fault(f"permanences.{number}.{key}", what, mend) for key, what, mend in found]
    halves = [
        (number, session)
        for number, session in enumerate(s.sessions, start=1)
        if not session.whole_day
    ]
    for (_, one), (number, two) in itertools.pairwise(halves):
        if two.opening_s < one.closing_s:
            faults.append(
                Fault(
                    f"permanences.{number}.ouverture",
                    f"« {two.name} » ouvre avant la fin de « {one.name} »",
                    "rangez les permanences dans l’ordre du jour, sans recouvrement",
                )
            )
    names = [session.name for session in s.sessions]
    for name in sorted({n for n in names if names.count(n) > 1 or n in ("départ", "retour")}):
        faults.append(
            Fault("permanences", f"le nom « {name} » est déjà pris", "donnez un autre nom")
        )
    return faults


def _window_faults(session: Session, day: DayLimits) -> list[Told]:
    """A session that closes before it opens, or is too short for its opening and its meal."""
    length = session.closing_s - session.opening_s
    if length <= 0:
        what = (
            f"« {session.name} » ferme à {clock(session.closing_s)} alors qu’elle ouvre à "
            f"{clock(session.opening_s)}"
        )
        return [("fermeture", what, "donnez une fermeture plus tardive que l’ouverture")]
    if session.whole_day and not (
        session.opening_s <= day.break_from_s and session.closing_s >= day.break_until_s
    ):
        what = (
            f"« {session.name} » ne contient pas la plage du repas, de {clock(day.break_from_s)} à "
            f"{clock(day.break_until_s)}"
        )
        mend = "élargissez la permanence, ou réduisez la plage du repas dans [journee]"
        return [("journee_entiere", what, mend)]
    meal_min = day.break_min if session.whole_day else 0
    if (session.minimum_min + meal_min) * 60 > length:
        meal = f" et {meal_min} min de repas" if meal_min else ""
        what = (
            f"{session.minimum_min} min{meal} ne tiennent pas dans les {duration(length)} de "
            f"« {session.name} »"
        )
        return [("minimum_min", what, "réduisez minimum_min ou élargissez la permanence")]
    return []


def _grid_faults(session: Session, day: DayLimits) -> list[Told]:
    """Times that are not on the grid of the announced hours."""
    times = {
        "ouverture": (session.opening_s, clock(session.opening_s)),
        "fermeture": (session.closing_s, clock(session.closing_s)),
        "minimum_min": (session.minimum_min * 60, str(session.minimum_min)),
    }
    if session.maximum_min is not None:
        times["maximum_min"] = (session.maximum_min * 60, str(session.maximum_min))
    return [
        (
            key,
            f"« {shown} » n’est pas un multiple de {day.grid_min} min (journee.pas_min)",
            "arrondissez, ou changez journee.pas_min",
        )
        for key, (value, shown) in times.items()
        if value % (day.grid_min * 60)
    ]


def _opening_faults(session: Session) -> list[Told]:
    """Openings of no length, or that may be no longer than less than their least."""
    found: list[Told] = []
    if session.minimum_min == 0:
        found.append(("minimum_min", "une permanence de 0 min", "donnez par exemple 120"))
    if session.maximum_min is not None and session.maximum_min < session.minimum_min:
        what = f"{session.maximum_min} min au plus, mais {session.minimum_min} min au moins"
        mend = "donnez un maximum_min qui ne soit pas sous minimum_min"
        found.append(("maximum_min", what, mend))
    return found


def _day_faults(s: Scenario) -> list[Fault]:
    day, faults = s.day, []
    if day.latest_s <= day.earliest_s:
        faults.append(
            Fault(
                "journee.retour_au_plus_tard",
                f"{clock(day.latest_s)} ne vient pas après le départ à {clock(day.earliest_s)}",
                "donnez un retour plus tardif que le départ",
            )
        )
    if day.break_until_s - day.break_from_s < day.break_min * 60:
        faults.append(
            Fault(
                "journee.repas_jusqu_a",
                f"{day.break_min} min de repas ne tiennent pas entre {clock(day.break_from_s)} et "
                f"{clock(day.break_until_s)}",
                "élargissez la plage du repas",
            )
        )
    rest_s = 24 * 3600 - day.latest_s + day.earliest_s
    if rest_s < s.week.min_rest_h * 3600:
        faults.append(
            Fault(
                "journee",
                f"revenir à {clock(day.latest_s)} et repartir à {clock(day.earliest_s)} laisse "
                f"{duration(rest_s)} de repos, moins que {s.week.min_rest_h:g} h",
                "avancez retour_au_plus_tard ou retardez depart_au_plus_tot",
            )
        )
    for number, session in enumerate(s.sessions, start=1):
        outside = session.closing_s <= day.earliest_s or session.opening_s >= day.latest_s
        if outside and day.latest_s > day.earliest_s:
            faults.append(
                Fault(
                    f"permanences.{number}",
                    f"« {session.name} » est hors de la journée",
                    "revoyez depart_au_plus_tot ou retour_au_plus_tard",
                )
            )
    return faults


def _week_faults(s: Scenario) -> list[Fault]:
    faults = []
    week = s.week
    if week.max_work_h > LEGAL_WEEK_H:
        faults.append(
            Fault(
                "semaine.travail_max_h",
                f"{week.max_work_h:g} h dépassent les 48 h permises par semaine",
                "donnez 48 ou moins (Code du travail, L3121-20)",
            )
        )
    if week.min_opening_h > week.max_work_h:
        faults.append(
            Fault(
                "semaine.ouverture_min_h",
                f"ouvrir {week.min_opening_h:g} h en travaillant au plus {week.max_work_h:g} h est "
                "impossible",
                "réduisez l’ouverture ou augmentez travail_max_h",
            )
        )
    cycle = s.cycle
    if not cycle.month_weeks:
        faults.append(Fault("cycle.semaines_du_mois", "aucune semaine", "donnez [2, 4]"))
    elif len(cycle.month_weeks) % cycle.weeks:
        faults.append(
            Fault(
                "cycle.semaines",
                f"un cycle de {cycle.weeks} semaines ne se répète pas un nombre entier de fois en "
                f"{counted(len(cycle.month_weeks), 'semaine')} de tournée par mois",
                "ajoutez des semaines du mois ou réduisez le cycle",
            )
        )
    for key, values in (("semaines_du_mois", cycle.month_weeks), ("jours", cycle.days)):
        if len(set(values)) < len(values):
            faults.append(Fault(f"cycle.{key}", "valeur en double", "gardez-la une fois"))
    if not cycle.days:
        faults.append(Fault("cycle.jours", "aucun jour", "donnez au moins un jour"))
    return faults + _gap_faults(cycle)


def _gap_faults(cycle: Cycle) -> list[Fault]:
    """Days between two visits that no plan can keep."""
    least, most = cycle.min_gap_days or 1, cycle.max_gap_days
    if most is None:
        return []
    if least > most:
        what = f"{least} jours au moins, mais {most} au plus"
        return [Fault("cycle.ecart_min_jours", what, "donnez un écart plus petit que l’autre")]
    if cycle.same_slot and most // 7 == (least - 1) // 7:
        return [
            Fault(
                "cycle.ecart_max_jours",
                f"entre {least} et {most} jours d’écart, on ne revient jamais le même jour de la "
                "semaine",
                "écrivez meme_creneau = false, ou donnez un écart qui permette 7, 14, 21 ou 28",
            )
        ]
    return []


def _goal_faults(s: Scenario) -> list[Fault]:
    faults = []
    goals = sorted(s.goals, key=lambda goal: goal.minutes)
    for near, far in itertools.combinations(goals, 2):
        if near.level == far.level:
            faults.append(_same_level(near, far))
        elif near.kind == far.kind and near.share_pct is not None and far.share_pct is not None:
            faults += [_contradiction(near, far)] if near.share_pct > far.share_pct else []
    for number, goal in enumerate(s.goals, start=1):
        if goal.kind[1] != "habitants" and not s.residents.file:
            faults.append(
                Fault(
                    f"acces.{number}.poids",
                    f"« {goal.weights} » est une colonne d’un fichier d’habitants, et aucun n’est "
                    "donné",
                    "nommez ce fichier dans [habitants] fichier, ou retirez poids",
                )
            )
    return faults


def _same_level(one: Goal, two: Goal) -> Fault:
    if one.kind == two.kind:
        return Fault("acces", f"deux objectifs à {one.minutes} min", "gardez-en un seul")
    return Fault(
        "acces",
        f"deux objectifs ont le même nom de niveau, {one.level}",
        "changez le nom de l’opérateur ou de la colonne de poids",
    )


def _contradiction(near: Goal, far: Goal) -> Fault:
    return Fault(
        "acces",
        f"{near.share_pct:g} % à {near.minutes} min et {far.share_pct:g} % à {far.minutes} min se "
        f"contredisent : qui est à {near.minutes} min est aussi à {far.minutes} min",
        "donnez au temps le plus long la part la plus grande",
    )
