"""PDF pages: fonts held, tags, users' texts as they are, the same bytes twice."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pypdf
import pytest

from tourplan.errors import OwnError
from tourplan.export.pdf import typeset

NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
HOSTILE = '#panic("x") $x$ *gras* _u_ <script>alert(1)</script> \\ @ref // [x] `y` "q"'


@pytest.fixture
def page(monkeypatch, tmp_path):
    """A page made of a template written for the test, beside those of the package."""
    folder = tmp_path / "templates"
    folder.mkdir()
    for path in (typeset.FOLDER / "templates").glob("*.typ"):
        (folder / path.name).write_bytes(path.read_bytes())
    (tmp_path / "fonts").symlink_to(typeset.FOLDER / "fonts")
    monkeypatch.setattr(typeset, "FOLDER", tmp_path)
    typeset._compiler.cache_clear()

    def made(body: str, **data: object) -> bytes:
        text = f'#import "common.typ": *\n#show: sheet.with(data)\n= #data.title\n{body}\n'
        (folder / "essai.typ").write_text(text, encoding="utf-8")
        return typeset.pdf("essai", {"title": "Essai", "foot": "pied", **data}, NOW)

    yield made
    typeset._compiler.cache_clear()


def read(content: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(content))


def words(content: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in read(content).pages).split())


def test_tagged_titled_and_in_french(page):
    document = read(page("Bonjour"))
    root = document.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "fr-FR"
    assert "/StructTreeRoot" in root
    assert document.metadata is not None
    assert document.metadata.title == "Essai"
    assert b"pdfuaid" in document.trailer["/Root"]["/Metadata"].get_data()


def test_every_font_is_ours_and_held(page):
    fonts = read(page("Bonjour *gras* → ≈ CO₂ œ 12\u202f345"))
    found = {
        one["/BaseFont"].split("+")[1]: one["/DescendantFonts"][0]["/FontDescriptor"]
        for sheet in fonts.pages
        for one in (ref.get_object() for ref in sheet["/Resources"]["/Font"].values())
    }
    assert {name.split("-")[0] for name in found} == {"Inter"}
    assert all("/FontFile3" in descriptor for descriptor in found.values())


def test_texts_of_users_are_shown_as_they_are(page):
    content = page("#data.one", one=HOSTILE)
    assert " ".join(HOSTILE.split()) in words(content)
    assert b"/JavaScript" not in content


def test_a_drawing_is_told_in_words(page):
    shape = '<rect width="9" height="9"/>'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">{shape}</svg>'
    content = page("#drawing(data.svg, data.alt)", svg=svg, alt="Un carré noir")
    assert "Un carré noir" in str(_alternatives(read(content)))


def _alternatives(document: pypdf.PdfReader) -> list[str]:
    """What the tags of a document tell of its drawings."""
    pending, found = [document.trailer["/Root"]["/StructTreeRoot"]], []
    while pending:
        node = pending.pop().get_object()
        found += [str(node["/Alt"])] if "/Alt" in node else []
        kids = node.get("/K", [])
        kids = kids if isinstance(kids, list) else [kids]
        pending += [kid for kid in kids if hasattr(kid.get_object(), "get")]
    return found


def test_the_same_bytes_twice(page):
    assert page("#data.one", one="x") == page("#data.one", one="x")


def test_what_the_font_has_no_drawing_of_is_a_square(page):
    """PDF/UA-1 refuses a text that cannot be shown: an emoji in a title loses no page."""
    shown = words(page("#data.one *#data.one*", one="Été 😀 \u202eabc\u0007 e\u0301 日 ★\ufe0f"))
    assert "Été □ abc é □ ★" in shown


def test_a_word_without_end_is_broken():
    """Names of communes are long, but have hyphens."""
    longest = "Saint-Remy-en-Bouzemont-Saint-Genest-et-Isson"
    found = typeset.printable([longest, "x" * 99])
    assert found[0] == longest
    assert list(map(len, found[1].split("\u200b"))) == [10] * 9 + [9]


def test_long_texts_are_cut_and_drawings_are_not():
    given = {"a": "x" * 5000, "svg": "y" * 5000, "rows": [["z" * 401]], "n": 3}
    found = typeset.printable(given)
    assert found["a"].replace("\u200b", "") == "x" * (typeset.MAX_TEXT - 1) + "…"
    assert found["svg"] == given["svg"]
    assert len(found["rows"][0][0].replace("\u200b", "")) == typeset.MAX_TEXT
    assert found["n"] == 3


def test_files_out_of_the_templates_are_out_of_reach(page):
    with pytest.raises(OwnError, match="essai"):
        page('#read("../../../../etc/passwd")')


def test_data_that_lacks_something_is_our_fault(page):
    with pytest.raises(OwnError, match="essai"):
        page("#data.nothing")


def test_fonts_come_with_their_licence():
    text = (Path(typeset.FOLDER) / "fonts" / "LICENSE").read_text(encoding="utf-8")
    assert "SIL Open Font License" in text
