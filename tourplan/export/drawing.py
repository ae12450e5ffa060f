"""The map as a drawing for paper: SVG text, in points, with the colours and marks of the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import cos, dist, radians
from typing import TYPE_CHECKING

from tourplan.export.lettering import Box, meet
from tourplan.export.markup import text
from tourplan.export.scene import (
    CLASS_FILLS,
    NEAR_INKS,
    UNREACHED,
    DayRoute,
    Point,
    Reach,
    Ring,
    Scene,
)

if TYPE_CHECKING:
    from tourplan.plan import Stop
    from tourplan.territory import Commune

_GROUND, _BORDER, _INK = "#e6e9e9", "#8d8264", "#1f2a30"
_DASHES = ("", "5 2.5", "1 2.5", "6 2 1 2", "3 2", "7 2", "2 1")
_BAND_PT = 7.0
"""How wide the days that share a road may spread."""
_MARK_PT = 11.0
"""How wide the mark of a stop is."""
_LETTER = 0.56
"""How wide a letter is, as a share of its height."""
_PALE_LETTERS = (0, 1, 2, 6)
_SHAPES = (
    '<circle r="13.5"/>',
    '<path d="M0-15.5 15.5 0 0 15.5-15.5 0z"/>',
    '<path d="M-7.5-13.5h15L15 0 7.5 13.5h-15L-15 0z"/>',
    '<path d="M-13-12.5h26V4L0 15-13 4z"/>',
    '<rect x="-16" y="-10.5" width="32" height="21" rx="10.5"/>',
    '<path d="M-14 13.5 0-15 14 13.5z"/>',
    '<path d="M-6-14H6l8 8V6l-8 8H-6l-8-8V-6z"/>',
)
"""The shape of each weekday, thirty units wide."""
_HOUSE = "M0-13 14 0h-4v12H-10V0h-4z"
_PATTERNS = (
    '<pattern id="loin" width="4" height="4" patternUnits="userSpaceOnUse">'
    '<rect width="4" height="4" fill="#fff"/>'
    '<path d="M0 4 4 0" stroke="#4a4a4a" stroke-width="1.2"/></pattern>'
    + "".join(
        f'<pattern id="limite-{rank}" width="4" height="4" patternUnits="userSpaceOnUse">'
        f'<circle cx="1" cy="1" r=".55" fill="{ink}"/>'
        f'<circle cx="3" cy="3" r=".55" fill="{ink}"/></pattern>'
        for rank, ink in enumerate(NEAR_INKS)
    )
)


@dataclass(frozen=True)
class Frame:
    """Where a part of the world stands on a drawing ``width`` by ``height`` points.

    ``box``: west, south, east and north in degrees, set in the middle, as large as can be.
    """

    box: Box
    width: float
    height: float
    margin: float = 8.0

    @cached_property
    def scale(self) -> float:
        """Points a degree of latitude."""
        west, south, east, north = self.box
        wide = max((east - west) * self._shrink, 1e-6)
        tall = max(north - south, 1e-6)
        room = self.width - 2 * self.margin, self.height - 2 * self.margin
        return min(room[0] / wide, room[1] / tall)

    @property
    def _shrink(self) -> float:
        """A degree of longitude as a share of one of latitude."""
        return cos(radians((self.box[1] + self.box[3]) / 2))

    def at(self, point: Point) -> Point:
        """Where a longitude and a latitude stand, in points from the top left."""
        west, south, east, north = self.box
        x = (point[0] - (west + east) / 2) * self._shrink * self.scale + self.width / 2
        return x, self.height / 2 - (point[1] - (south + north) / 2) * self.scale

    def line(self, points: Iterable[Point]) -> str:
        """Points as the value of an SVG path."""
        return "L".join(f"{x:.1f} {y:.1f}" for x, y in map(self.at, points))

    def km(self) -> tuple[int, float]:
        """A round number of kilometres about a fifth as wide as the drawing, and its points."""
        points_a_km = self.scale / 111.2
        length = next((n for n in (50, 20, 10, 5, 2) if n * points_a_km < self.width / 4), 1)
        return length, length * points_a_km


def tour_drawing(scene: Scene, width: float, height: float, *, tour: bool = True) -> str:
    """The map of a tour.

    Args:
        scene: what it shows.
        width: of the drawing, in points.
        height: likewise.
        tour: with the tour; without it, communes by the nearest fixed counter, and no route.
    """
    frame = Frame(scene.bounds(), width, height)
    parts = [*_communes(scene, frame, tour=tour), *_counters(scene, frame)]
    if tour:
        parts += [part for route in scene.routes for part in _route(scene, route, frame)]
        parts += [*_depots(scene, frame), *_stops(scene, frame)]
    return _svg(frame, [*parts, *_scale_bar(frame)])


def _svg(frame: Frame, parts: Iterable[str]) -> str:
    size = f'width="{frame.width:.0f}" height="{frame.height:.0f}"'
    view = f'viewBox="0 0 {frame.width:.0f} {frame.height:.0f}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} {view} font-family="Inter">'
    clip = f'<clipPath id="cadre"><rect {size}/></clipPath>'
    body = f'<g clip-path="url(#cadre)">{"".join(parts)}</g>'
    return f"{head}<defs>{_PATTERNS}{clip}</defs>{body}</svg>"


def _area(rings: Sequence[Ring], frame: Frame, style: str) -> str:
    """An area made of rings; a ring within another is a hole."""
    path = "".join(f"M{frame.line(ring[:-1])}z" for ring in rings if len(ring) > 3)
    return f'<path d="{path}" fill-rule="evenodd" {style}/>' if path else ""


def _communes(scene: Scene, frame: Frame, *, tour: bool) -> Iterator[str]:
    """The surroundings in grey, then the communes by class, those « à la limite » dotted."""
    for commune in scene.surroundings:
        rings = scene.contours.get(commune.code, ())
        yield _area(rings, frame, f'fill="{_GROUND}" stroke="#fff" stroke-width=".5"')
    for view in scene.communes:
        reach = view.after if tour else view.before
        rings = scene.contours.get(view.commune.code, ())
        yield _area(rings, frame, f'fill="{fill_of(reach)}" stroke="{_BORDER}" stroke-width=".4"')
        if reach.near:
            yield _area(rings, frame, f'fill="url(#limite-{reach.rank})"')


def fill_of(reach: Reach) -> str:
    """The colour of a commune, or the hatching of those that nothing reaches."""
    return "url(#loin)" if reach.rank == UNREACHED else CLASS_FILLS[reach.rank]


def _counters(scene: Scene, frame: Frame) -> Iterator[str]:
    for mark in scene.counters:
        x, y = frame.at((mark.commune.lon, mark.commune.lat))
        place = f'x="{x - 2.2:.1f}" y="{y - 2.2:.1f}" width="4.4" height="4.4"'
        yield f'<rect {place} fill="{_INK}" stroke="#fff" stroke-width=".7"/>'


def _route(scene: Scene, route: DayRoute, frame: Frame) -> Iterator[str]:
    """The ways of a day in its colour and dashes, aside from those of other days."""
    count = len(scene.routes)
    aside = min(1.1, _BAND_PT / count) * (route.number - (count + 1) / 2)
    dashes = _DASHES[route.day.weekday % len(_DASHES)]
    for way in route.ways:
        points = [scene.nodes[code] for code in way if code in scene.nodes]
        if len(points) < 2:
            continue
        shift = f'transform="translate({aside:.1f} {-aside / 2:.1f})" fill="none"'
        path = f'd="M{frame.line(points)}" {shift} stroke-linejoin="round"'
        colour = f'stroke="{route.colour}" stroke-dasharray="{dashes}"'
        yield f'<path {path} stroke="#fff" stroke-width="2.4" opacity=".8"/>'
        yield f'<path {path} {colour} stroke-width="1.3"/>'


def _depots(scene: Scene, frame: Frame) -> Iterator[str]:
    for depot in scene.depots:
        x, y = frame.at((depot.lon, depot.lat))
        place = f'transform="translate({x:.1f} {y:.1f}) scale(.42)"'
        yield f'<path d="{_HOUSE}" {place} fill="#000" stroke="#fff" stroke-width="2"/>'


def _stops(scene: Scene, frame: Frame) -> Iterator[str]:
    """The marks of the stops; those of one place stand side by side."""
    seats: Counter[Point] = Counter()
    for route in scene.routes:
        look = route.day.weekday % len(_SHAPES)
        for mark in route.stops:
            if mark.point is None:
                continue
            x, y = frame.at(mark.point)
            x += seats[mark.point] * (_MARK_PT + 1)
            seats[mark.point] += 1
            yield day_mark(x, y, look, route.colour, mark.label)


def day_mark(x: float, y: float, look: int, colour: str, label: str) -> str:
    """The mark of a stop, its label in the shape and colour of its weekday."""
    letters = "#fff" if look in _PALE_LETTERS else _INK
    size = 13 if len(label) < 3 else 10
    return (
        f'<g transform="translate({x:.1f} {y:.1f}) scale({_MARK_PT / 30:.3f})">'
        f'<g fill="{colour}" stroke="#fff" stroke-width="2.5">{_SHAPES[look]}</g>'
        f'<text y="{size * 0.36:.1f}" font-size="{size}" font-weight="700" text-anchor="middle" '
        f'fill="{letters}">{text(label)}</text></g>'
    )


def name_at(
    x: float, y: float, name: str, size: float, *, anchor: str = "middle", weight: int = 400
) -> str:
    """A name, its middle (or start, or end) at a point, readable over lines and colours."""
    shown = (
        f'x="{x:.1f}" y="{y + size * 0.36:.1f}" font-size="{size}" font-weight="{weight}" '
        f'text-anchor="{anchor}"'
    )
    halo = 'stroke="#fff" stroke-width="1.8" stroke-linejoin="round"'
    words = text(name)
    return (
        f'<text {shown} {halo} fill="#fff">{words}</text><text {shown} fill="{_INK}">{words}</text>'
    )


def _scale_bar(frame: Frame) -> Iterator[str]:
    length, width = frame.km()
    x, y = frame.margin, frame.height - 5
    path = f"M{x:.1f} {y - 3:.1f}v3h{width:.1f}v-3"
    yield f'<path d="{path}" fill="none" stroke="{_INK}" stroke-width=".8"/>'
    yield name_at(x + width / 2, y - 6, f"{length} km", 6)


def place_drawing(scene: Scene, code: str, stop: Stop, width: float, height: float) -> str:
    """Where a session is held: its commune among its neighbours.

    Args:
        scene: the map of the tour.
        code: of the commune.
        stop: the session, with its point if it is known.
        width: of the drawing, in points.
        height: likewise.
    """
    known = {view.commune.code: view.commune for view in scene.communes}
    known |= {commune.code: commune for commune in scene.surroundings}
    rings = scene.contours.get(code, ())
    point = _own_point(stop, known.get(code))
    points = [*(p for ring in rings for p in ring), *([point] if point else [])]
    if not points:
        return _svg(Frame((0, 0, 1, 1), width, height), [])
    lon, lat = zip(*points, strict=True)
    pad = 0.3 * max(max(lon) - min(lon), max(lat) - min(lat), 0.02)
    frame = Frame((min(lon) - pad, min(lat) - pad, max(lon) + pad, max(lat) + pad), width, height)
    parts = [
        _area(scene.contours.get(other, ()), frame, 'fill="#f2f3f3" stroke="#9aa5a8"')
        for other in known
        if other != code
    ]
    parts.append(_area(rings, frame, f'fill="#f0e4c8" stroke="{_BORDER}" stroke-width="1.4"'))
    pin = list(_pin(frame, point, stop.name)) if point else []
    around = [commune for commune in known.values() if commune.code != code]
    parts += _names_around(frame, around, frame.at(point or points[0]), stop.name)
    return _svg(frame, [*parts, *pin, *_scale_bar(frame)])


def _names_around(
    frame: Frame, communes: Iterable[Commune], centre: Point, name: str
) -> Iterator[str]:
    """The names of neighbours that fit on the drawing and cover nothing, the nearest first."""
    size, own = 7.5, 10 * _LETTER * len(name) / 2 + 4
    x, y = centre
    taken = [(x - own, y - 24, x + own, y + 16), (0.0, frame.height - 16, 70.0, frame.height)]
    places = [(frame.at((commune.lon, commune.lat)), commune.name) for commune in communes]
    for (x, y), told in sorted(places, key=lambda one: dist(one[0], centre)):
        half = size * _LETTER * len(told) / 2 + 3
        box = (x - half, y - size / 2 - 2, x + half, y + size / 2 + 2)
        inside = min(box[:2]) >= 0 and box[2] <= frame.width and box[3] <= frame.height
        if inside and not any(meet(box, other) for other in taken):
            taken.append(box)
            yield name_at(x, y, told, size)


def _own_point(stop: Stop, commune: Commune | None) -> Point | None:
    """Where a session is held; its commune's chef-lieu where it does not say."""
    if stop.lon is not None and stop.lat is not None:
        return stop.lon, stop.lat
    return (commune.lon, commune.lat) if commune else None


def _pin(frame: Frame, point: Point, name: str) -> Iterator[str]:
    """A pin, and the name of the commune under it, within the drawing."""
    x, y = frame.at(point)
    size = min(10.0, frame.width / (_LETTER + 0.06) / max(1, len(name)))
    shape = "M0 0C-3-6-7-9-7-14a7 7 0 0 1 14 0c0 5-4 8-7 14z"
    yield f'<g transform="translate({x:.1f} {y:.1f})">'
    yield f'<path d="{shape}" fill="#b00020" stroke="#fff"/>'
    yield '<circle cy="-14" r="2.6" fill="#fff"/></g>'
    half = size * (_LETTER + 0.06) * len(name) / 2
    middle = min(max(x, half), max(half, frame.width - half))
    yield name_at(middle, y + 9, name, size, weight=700)
