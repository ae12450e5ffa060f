"""``tourplan export``: files for everyone or for the team, all or nothing, in French."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import openpyxl
import pyogrio
import pypdf
import pytest
from commands import only_folder

from tourplan.plan import Plan
from tourplan.planner import solve
from tourplan.prepare import prepare
from tourplan.scenario import Scenario

SIRET = ("--siret", "434 933 123 00029")
DATES = ("--debut", "2027-01-04", "--fin", "2027-06-30")
SECRETS = ("Amélie", "Dupont-Lajoie", "Bertrand", "Utilitaire blanc", "Renée Autrice")
"""Names of agents, of the vehicle, and of whoever wrote the plan."""


@pytest.fixture(scope="module")
def named() -> Plan:
    """A plan that shows all it can: names of agents and vehicles, and its author's."""
    keys = {
        "titre": "Deux communes",
        "auteur": "Renée Autrice",
        "communes": {"a_desservir": ["34064", "34230"]},
        "semaine": {"ouverture_min_h": 0},
        "vehicules": [{"nom": "Utilitaire blanc", "depot": "34079"}],
        "agents": [{"nom": "Amélie Dupont-Lajoie"}, {"nom": "Bertrand"}],
        "sorties": {"noms_des_agents": True},
    }
    return solve(prepare(Scenario.from_keys(keys)))


@pytest.fixture
def file(named, tmp_path) -> Path:
    path = tmp_path / "plan.json"
    path.write_text(named.to_json(), encoding="utf-8")
    return path


def texts(folder: Path) -> dict[str, str]:
    """Every file as text, its name included; the GeoPackage layer by layer."""
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        if path.suffix == ".gpkg":
            frames = [pyogrio.read_dataframe(path, layer=n) for n, _ in pyogrio.list_layers(path)]
            raw = path.read_bytes().decode("latin-1") + path.read_bytes().decode(errors="ignore")
            found[name] = raw + "".join(frame.to_string() for frame in frames)
        elif path.suffix == ".xlsx":
            cells = [cell for sheet in openpyxl.load_workbook(path) for cell in sheet.values]
            found[name] = f"{name} {cells}"
        elif path.suffix == ".pdf":
            document = pypdf.PdfReader(path)
            words = "".join(page.extract_text() for page in document.pages)
            found[name] = f"{name} {words} {document.metadata}"
        else:
            found[name] = name + path.read_bytes().decode("utf-8").replace("\r\n ", "")
    return found


class TestForEveryone:
    def test_the_plan_itself_names_them(self, file):
        assert all(secret in file.read_text(encoding="utf-8") for secret in SECRETS)

    def test_nothing_internal_in_any_file(self, tp, file, tmp_path):
        answer = tp("export", file, *DATES, *SIRET)
        assert answer.code == 0
        found = texts(only_folder(tmp_path / "sorties"))
        assert {"LISEZMOI.txt", "dates.csv", "tournee.gpkg", "agendas/tournee.ics"} <= set(found)
        assert "donnees_ouvertes/mediation_numerique.csv" in found
        assert "geojson/trajets.geojson" in found
        assert "carte.html" in found
        for name, text in found.items():
            told = text.casefold()
            for secret in (*SECRETS, "dupont", '"agents"', "agents/", "empreinte_entrees"):
                assert secret.casefold() not in told, name

    def test_what_is_internal_is_refused(self, tp, file, tmp_path):
        answer = tp("export", file, "--format", "itineraire")
        assert answer.code == 2
        assert "« itineraire » montre les équipes" in answer.err
        assert "--diffusion interne" in answer.err
        assert not list((tmp_path / "sorties").glob("*"))


class TestForTheTeam:
    def test_everything(self, tp, file, tmp_path):
        answer = tp("exporter", file, "--diffusion", "interne", *DATES, *SIRET)
        assert answer.code == 0
        folder = only_folder(tmp_path / "sorties")
        assert folder.name.endswith("_deux-communes_interne")
        found = texts(folder)
        assert {"itineraire.csv", "carte.html"} <= set(found)
        assert "agendas/agents/01-amelie-dupont-lajoie.ics" in found
        assert "Amélie Dupont-Lajoie" in found["itineraire.csv"]
        for secret in SECRETS:
            assert secret in found["carte.html"]
        assert "interne : à ne pas publier" in found["LISEZMOI.txt"]


class TestCommand:
    def test_what_lacks_something_is_told_and_left_out(self, tp, file, tmp_path):
        answer = tp("export", file)
        assert answer.code == 0
        assert "Non écrit, il manque :" in answer.out
        assert "--debut : ce plan n’a pas de date de début" in answer.out
        assert "--siret : les données ouvertes exigent un SIRET (schéma national)" in answer.out
        names = {path.name for path in only_folder(tmp_path / "sorties").iterdir()}
        assert names == {"LISEZMOI.txt", "carte.html", "geojson", "synthese.pdf", "tournee.gpkg"}

    @pytest.mark.parametrize(
        "wrong", [("--siret", "12"), ("--debut", "2027-01-04", "--fin", "2026-01-01")]
    )
    def test_what_is_given_wrong_is_refused_as_a_whole(self, tp, file, tmp_path, wrong):
        answer = tp("export", file, *wrong)
        assert answer.code == 2
        assert answer.err.count(" → ") == 1
        assert f"  - {wrong[-2]} : " in answer.err
        assert not (tmp_path / "sorties").exists() or not list((tmp_path / "sorties").iterdir())

    def test_a_plan_that_is_voted_says_so_under_the_same_fingerprint(self, tp, file, tmp_path):
        kinds = ("--format", "carte,affiches", *DATES[:2])
        answer = tp("export", file, *kinds, "--statut", "valide")
        assert answer.code == 0
        page = texts(only_folder(tmp_path / "sorties"))["carte.html"]
        assert "Validé" in page
        assert Plan.read(file).fingerprint in page
        refused = tp("export", file, *kinds, "--statut", "voté")
        assert refused.code == 2
        assert (
            "--statut : statut « voté » inconnu → attendu : brouillon, proposé, validé"
            in refused.err
        )

    def test_what_is_left_aside_is_told(self, tp, file, tmp_path):
        """A change out of the period, a room where the tour does not go."""
        (tmp_path / "c.csv").write_text("date\n2029-01-08\n", encoding="utf-8")
        (tmp_path / "r.csv").write_text("code_insee;lieu;cles\n34142;Halle;ici\n", encoding="utf-8")
        start = ("--debut", "2027-01-13", "--changements", tmp_path / "c.csv")
        rooms = ("--diffusion", "interne", "--reconnaissance", tmp_path / "r.csv")
        answer = tp("export", file, *start, *rooms)
        assert answer.code == 0
        assert "c.csv, ligne 2 : 08/01/2029, hors de la période, laissé de côté." in answer.out
        assert "lieux où la tournée ne va pas, laissés de côté : 34142 Halle." in answer.out

    def test_the_map_tells_its_day_and_why(self, tp, file, tmp_path, monkeypatch):
        from tourplan.study import explain

        asked = []

        def why(case, plan, **options):
            asked.append(plan)
            return dict.fromkeys(case.problem.places, "Bertrand ne veut pas")

        monkeypatch.setattr(explain, "why_not_nearer", why)
        assert tp("export", file, "--format", "carte", "--pourquoi").code == 0
        text = texts(only_folder(tmp_path / "sorties"))["carte.html"]
        assert f"Brouillon du {date.today():%d/%m/%Y}" in text
        assert len(asked) == 1
        assert "Bertrand" not in text

    def test_no_date_in_the_period_is_said(self, tp, file):
        answer = tp("export", file, "--debut", "2027-01-05", "--fin", "2027-01-06")
        assert answer.code == 0
        assert "Aucune date de tournée dans cette période." in answer.out

    def test_what_is_asked_and_lacks_something_is_a_fault(self, tp, file, tmp_path):
        answer = tp("export", file, "--format", "agenda,donnees-ouvertes,geojson,plan")
        assert answer.code == 2
        for words in ("--debut", "--siret", "format « plan » inconnu"):
            assert words in answer.err
        assert not list((tmp_path / "sorties").glob("*"))

    def test_the_rule_of_the_weeks_and_the_dates(self, tp, file, named):
        answer = tp("export", file, "--format", "agenda", *DATES)
        assert "la semaine n d’un mois commence à son n-ième lundi" in answer.out
        (day,) = named.days
        first = date(2027, 1, 11) + timedelta(days=day.weekday)
        assert f"Dates : {first:%d/%m/%Y}, " in answer.out

    def test_of_many_dates_the_first_and_the_last_are_told(self, tp, file):
        years = ("--debut", "2027-01-04", "--fin", "2028-12-31")
        (line,) = [
            line
            for line in tp("export", file, "--format", "agenda", *years).out.splitlines()
            if line.startswith("Dates :")
        ]
        assert line.count(",") == 6
        assert line.endswith(" en tout, dans dates.csv.")

    def test_changes(self, tp, file, named, tmp_path):
        """Those of dates that are not covered do not count."""
        day = date(2027, 1, 11) + timedelta(days=named.days[0].weekday)
        moved = day + timedelta(days=7)
        rows = f"date;nouvelle_date;motif\n{day};{moved};neige\n2029-01-01;;trop loin\n"
        (tmp_path / "c.csv").write_text(rows, encoding="utf-8")
        answer = tp("export", file, "--format", "agenda", *DATES, "--changements", "c.csv")
        assert answer.code == 0
        assert f"Dates : {moved:%d/%m/%Y}, " in answer.out
        assert "neige, remplacée le" in answer.out
        text = texts(only_folder(tmp_path / "sorties"))["agendas/tournee.ics"]
        assert text.count(f"RECURRENCE-ID;TZID=Europe/Paris:{day:%Y%m%d}T") == 2

    def test_json(self, tp, file, tmp_path):
        found = json.loads(tp("export", file, "--json", *DATES).out)
        assert Path(found["dossier"]).name == only_folder(tmp_path / "sorties").name
        assert "agendas/tournee.ics" in found["fichiers"]
        assert [fault["ou"] for fault in found["manque"]] == ["--siret"]

    @pytest.mark.parametrize(
        ("args", "words"),
        [
            (("--diffusion", "secrète"), "« secrète » n’est pas une diffusion"),
            (("--debut", "lundi"), "« lundi » n’est pas une date"),
            (("--debut", "2027-02-30"), "n’est pas une date"),
            (("--format", "agenda", "--debut", "2027-01-04", "--fin", "2026-01-04"), "--fin"),
            (("--format", "donnees-ouvertes", "--siret", "12"), "n’est pas un SIRET"),
            (("--format", "geojson", "--siret", "12"), "ne sert qu’au format donnees-ouvertes"),
            (
                ("--format", "geojson", "--fin", "2027-01-04"),
                "ne sert qu’aux formats agenda, affiches et feuilles",
            ),
            (("--format", "geojson", "--pourquoi"), "ne sert qu’au format carte"),
            (("--reconnaissance", "r.csv"), "ne sert qu’aux formats feuilles-de-route et recon"),
        ],
    )
    def test_faults(self, tp, file, args, words):
        answer = tp("export", file, *args)
        assert answer.code == 2
        assert words in answer.err

    def test_what_is_no_plan(self, tp, tmp_path):
        (tmp_path / "x.json").write_text("{}", encoding="utf-8")
        assert tp("export", tmp_path / "x.json").code == 2
        assert tp("export", tmp_path / "absent.json").code == 2

    def test_data_that_changed_since(self, tp, named, tmp_path):
        """Calendars need the plan alone; layers need its data, which is told."""
        other = named.model_copy(update={"inputs_fingerprint": "0" * 16})
        path = tmp_path / "autre.json"
        path.write_text(other.to_json(), encoding="utf-8")
        assert tp("export", path, "--format", "agenda", *DATES).code == 0
        answer = tp("export", path, "--format", "geojson,geopackage")
        assert answer.code == 2
        assert answer.err.count("les données ont changé") == 1
