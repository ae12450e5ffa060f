"""What contradicts itself in a scenario that is well formed: one function a subject."""

from __future__ import annotations

import itertools

from tourplan.errors import Fault, InputError
from tourplan.hours import clock, duration
from tourplan.network.speedmodel import SpeedModel
from tourplan.scenario import Goal, Scenario
from tourplan.tables import code_fault


def coherence(s: Scenario) -> list[Fault]:
    """The faults of a scenario that is well formed: what contradicts itself."""
    return [
        *_communes_faults(s),
        *_session_faults(s),
        *_day_faults(s),
        *_week_faults(s),
        *_crew_faults(s),
        *_goal_faults(s),
        *_network_faults(s),
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
        where = f"permanences.{number}"
        length = session.closing_s - session.opening_s
        if length <= 0:
            faults.append(
                Fault(
                    f"{where}.fermeture",
                    f"« {session.name} » ferme à {clock(session.closing_s)} alors qu’elle ouvre à "
                    f"{clock(session.opening_s)}",
                    "donnez une fermeture plus tardive que l’ouverture",
                )
            )
        elif session.minimum_min * 60 > length:
            faults.append(
                Fault(
                    f"{where}.minimum_min",
                    f"{session.minimum_min} min ne tiennent pas dans les {duration(length)} de "
                    f"« {session.name} »",
                    "réduisez minimum_min ou élargissez la permanence",
                )
            )
        for key, value, shown in (
            ("ouverture", session.opening_s, clock(session.opening_s)),
            ("fermeture", session.closing_s, clock(session.closing_s)),
            ("minimum_min", session.minimum_min * 60, str(session.minimum_min)),
        ):
            if value % (s.day.grid_min * 60):
                faults.append(
                    Fault(
                        f"{where}.{key}",
                        f"« {shown} » n’est pas un multiple de {s.day.grid_min} min "
                        "(journee.pas_min)",
                        "arrondissez, ou changez journee.pas_min",
                    )
                )
        if session.minimum_min == 0:
            faults.append(
                Fault(f"{where}.minimum_min", "une permanence de 0 min", "donnez par exemple 120")
            )
    for number, (one, two) in enumerate(zip(s.sessions, s.sessions[1:], strict=False), start=2):
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
    if week.max_work_h > 48:
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
                f"{_counted(len(cycle.month_weeks), 'semaine')} de tournée par mois",
                "ajoutez des semaines du mois ou réduisez le cycle",
            )
        )
    for key, values in (("semaines_du_mois", cycle.month_weeks), ("jours", cycle.days)):
        if len(set(values)) < len(values):
            faults.append(Fault(f"cycle.{key}", "valeur en double", "gardez-la une fois"))
    if not cycle.days:
        faults.append(Fault("cycle.jours", "aucun jour", "donnez au moins un jour"))
    return faults


def _crew_faults(s: Scenario) -> list[Fault]:
    faults = []
    for number, agent in enumerate(s.agents, start=1):
        if agent.weeks is not None and not agent.weeks:
            faults.append(
                Fault(
                    f"agents.{number}.semaines",
                    "cet agent n’a aucune semaine",
                    f"donnez par exemple {list(s.cycle.month_weeks)}",
                )
            )
        if agent.agency and s.vehicle.depot and agent.agency != s.vehicle.depot:
            faults.append(
                Fault(
                    f"agents.{number}.agence",
                    f"« {agent.agency} » n’est pas le dépôt du véhicule (« {s.vehicle.depot} »)",
                    "l’équipe part ensemble : donnez la même commune",
                )
            )
    agencies = sorted({agent.agency for agent in s.agents if agent.agency})
    if len(agencies) > 1 and not s.vehicle.depot:
        faults.append(
            Fault("agents", f"agences différentes ({', '.join(agencies)})", "donnez la même à tous")
        )
    for week in s.cycle.month_weeks:
        there = sum(agent.weeks is None or week in agent.weeks for agent in s.agents)
        if there < s.crew.size:
            faults.append(
                Fault(
                    "agents",
                    f"semaine {week} : {_counted(there, 'agent disponible')}, il en faut "
                    f"{s.crew.size}",
                    "ajoutez cette semaine à un agent, ou retirez-la de cycle.semaines_du_mois",
                )
            )
        if s.vehicle.weeks is not None and week not in s.vehicle.weeks:
            faults.append(
                Fault(
                    "vehicule.semaines",
                    f"le véhicule manque en semaine {week}",
                    "ajoutez-la, ou retirez-la de cycle.semaines_du_mois",
                )
            )
    if s.vehicle.energy == "électrique" and s.vehicle.range_km is None:
        faults.append(
            Fault(
                "vehicule.autonomie_km",
                "un véhicule électrique a besoin de son autonomie",
                "donnez-la en km, pour l’hiver",
            )
        )
    return faults


def _counted(count: int, words: str) -> str:
    """``1 agent disponible``, ``2 agents disponibles``."""
    return f"{count} {' '.join(f'{w}s' for w in words.split()) if count > 1 else words}"


def _goal_faults(s: Scenario) -> list[Fault]:
    faults = []
    goals = sorted(s.goals, key=lambda goal: goal.minutes)
    for near, far in itertools.combinations(goals, 2):
        if near.minutes == far.minutes:
            faults.append(
                Fault("acces", f"deux objectifs à {near.minutes} min", "gardez-en un seul")
            )
        elif near.share_pct is not None and far.share_pct is not None:
            faults += [_contradiction(near, far)] if near.share_pct > far.share_pct else []
    return faults


def _contradiction(near: Goal, far: Goal) -> Fault:
    return Fault(
        "acces",
        f"{near.share_pct:g} % à {near.minutes} min et {far.share_pct:g} % à {far.minutes} min se "
        f"contredisent : qui est à {near.minutes} min est aussi à {far.minutes} min",
        "donnez au temps le plus long la part la plus grande",
    )
