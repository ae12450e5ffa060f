"""The drawing for paper: what it shows, where, and that users' texts stay texts."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from tourplan.export.drawing import Frame, fill_of, place_drawing, tour_drawing
from tourplan.export.lettering import Seat, asides
from tourplan.export.scene import CLASS_FILLS, Reach, Scene, build_scene

SVG = "{http://www.w3.org/2000/svg}"
SIZE = (500.0, 250.0)


@pytest.fixture(scope="module")
def scene(herault_plan, herault_case) -> Scene:
    return build_scene(herault_plan, herault_case)


def words(svg: str) -> list[str]:
    drawing = ElementTree.fromstring(svg)  # noqa: S314 - ours
    return [one.text or "" for one in drawing.iter(f"{SVG}text")]


class TestFrame:
    def test_a_square_kilometre_is_square(self):
        frame = Frame((3.0, 43.0, 4.0, 44.0), 400, 400, margin=0)
        (x0, y0), (x1, y1) = frame.at((3.0, 44.0)), frame.at((4.0, 43.0))
        assert y1 - y0 == pytest.approx(400)
        assert (x1 - x0) / (y1 - y0) == pytest.approx(0.7254, abs=1e-3)  # cos(43.5°)
        assert (x0 + x1) / 2 == pytest.approx(200)

    def test_all_of_it_is_within_the_margins(self):
        frame = Frame((3.0, 43.0, 5.0, 43.5), 300, 200)
        for point in ((3.0, 43.0), (5.0, 43.5)):
            x, y = frame.at(point)
            assert 8 - 1e-9 <= x <= 292 + 1e-9
            assert 8 <= y <= 192

    def test_the_scale_bar_has_its_length_on_the_ground(self):
        frame = Frame((3.0, 43.0, 4.0, 44.0), 400, 400, margin=0)
        km, points = frame.km()
        assert points * 111.2 / km == pytest.approx(frame.scale)
        assert points < 100

    def test_a_single_place_has_a_frame(self):
        assert Frame((3.0, 43.0, 3.0, 43.0), 300, 200).at((3.0, 43.0)) == (150, 100)


class TestTour:
    def test_every_stop_is_marked(self, scene):
        told = words(tour_drawing(scene, *SIZE))
        labels = [mark.label for route in scene.routes for mark in route.stops]
        assert sorted(one for one in told if re.fullmatch(r"\d+[a-z]", one)) == sorted(labels)

    def test_without_the_tour_there_is_no_mark_nor_route(self, scene):
        svg = tour_drawing(scene, *SIZE, tour=False)
        assert not [one for one in words(svg) if re.fullmatch(r"\d+[a-z]", one)]
        assert "stroke-dasharray" not in svg

    def test_communes_take_the_colour_of_their_class(self, scene):
        for tour in (False, True):
            svg = tour_drawing(scene, *SIZE, tour=tour)
            reaches = [view.after if tour else view.before for view in scene.communes]
            for fill in CLASS_FILLS[:-1]:
                expected = sum(fill_of(reach) == fill for reach in reaches)
                assert svg.count(f'fill="{fill}" stroke="#8d8264"') == expected

    def test_out_of_reach_is_hatched(self):
        assert fill_of(Reach(None, "", False)) == "url(#loin)"

    def test_hostile_names_stay_texts(self, scene):
        """On the small map of a poster, the one that names places."""
        stop = scene.routes[0].stops[0].stop.model_copy(update={"name": '<script>x</script>&"'})
        svg = place_drawing(scene, stop.code, stop, *SIZE)
        assert '<script>x</script>&"' in words(svg)
        assert "<script" not in svg


class TestLettering:
    def test_on_the_right_when_there_is_room(self):
        ((dx, dy, anchor),) = asides([Seat(50, 50, "Nom")], [], 10, 3)
        assert (dx > 0, dy, anchor) == (True, 0, "start")

    def test_on_the_left_where_a_mark_is_on_the_right(self):
        ((dx, _, anchor),) = asides([Seat(50, 50, "Nom")], [(62, 50)], 10, 3)
        assert (dx < 0, anchor) == (True, "end")

    def test_beyond_all_the_marks_of_its_place(self):
        (one,), (three,) = (
            asides([Seat(0, 0, "A")], [], 10, 3),
            asides([Seat(0, 0, "A", 3)], [], 10, 3),
        )
        assert three[0] - one[0] == 20

    def test_names_do_not_cover_one_another(self):
        seats = [Seat(0, 0, "Saint-Jean"), Seat(4, 12, "Le Caylar"), Seat(8, 24, "Sorbs")]
        found = asides(seats, [], 8, 3)
        spans = []
        for seat, (dx, dy, anchor) in zip(seats, found, strict=True):
            width = 3 * len(seat.name)
            left = seat.x + dx - width * {"start": 0, "middle": 0.5, "end": 1}[anchor]
            spans.append((left, seat.y + dy - 3, left + width, seat.y + dy + 3))
        for n, one in enumerate(spans):
            for other in spans[n + 1 :]:
                apart = one[2] <= other[0] or other[2] <= one[0]
                assert apart or one[3] <= other[1] or other[3] <= one[1]
