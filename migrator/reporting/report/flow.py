"""The picture of a flow: how wide and where each band and each name is, for SVG."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from migrator.reporting.report.model import Link, Share, Tone
from migrator.text import count, shortened_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from migrator.reporting.report.model import Flow

SHOWN = 12
"""How many directories have a name on each side; the rest are one."""

_TALL, _SLOT, _GAP, _TOP, _BAR = 320.0, 40.0, 8.0, 34.0, 7.0
_THINNEST = 1.5


class Band(NamedTuple):
    """Sessions on their way: the outline, for `d` of a path."""

    outline: str
    tone: Tone
    words: str


class Node(NamedTuple):
    """A side's directory: its bar, and where its name and its number of sessions stand."""

    x: float
    y: float
    height: float
    name: str
    sessions: str
    text_x: float
    text_y: float


class Drawing(NamedTuple):
    """A picture of this size; `bar` is how wide the bar of a node is."""

    width: int
    height: int
    bar: float
    bands: tuple[Band, ...]
    sources: tuple[Node, ...]
    targets: tuple[Node, ...]


def drawing(flow: Flow, width: int, room: int, letters: int) -> Drawing:
    """Lay a flow out: `room` is what the names on each side have, `letters` how many of them fit in there."""
    links = _merged(flow.links)
    scale = _TALL / (sum(link.part.sessions for link in links) or 1)
    thick = {link: max(link.part.sessions * scale, _THINNEST) for link in links}
    sources = [*dict.fromkeys(link.source for link in links)]
    rank = {source: place for place, source in enumerate(sources)}
    targets = sorted(dict.fromkeys(link.target for link in links), key=_mean_place(links, rank))
    ranks = rank, {target: place for place, target in enumerate(targets)}
    left = _column(sources, links, thick, lambda link: link.source)
    right = _column(targets, links, thick, lambda link: link.target)
    tall = max(_height(left), _height(right))
    starts, ends = room + _BAR, width - room - _BAR
    at_source = _stacked(left, links, thick, lambda link: (link.source, (ranks[1][link.target], link.part.tone)), tall)
    at_target = _stacked(right, links, thick, lambda link: (link.target, (ranks[0][link.source], link.part.tone)), tall)
    bands = tuple(
        Band(
            _outline(starts, at_source[link], ends, at_target[link], thick[link]),
            link.part.tone,
            f"{link.source} \u2192 {link.target}: {count(link.part.sessions, 'session')}, {link.part.words}",
        )
        for link in links
    )
    return Drawing(
        width,
        round(tall + _TOP),
        _BAR,
        bands,
        tuple(_nodes(left, tall, room, room - 8, letters)),
        tuple(_nodes(right, tall, ends, ends + _BAR + 8, letters)),
    )


class _Slot(NamedTuple):
    name: str
    sessions: int
    bar: float

    @property
    def height(self) -> float:
        return max(self.bar, _SLOT)


def _merged(links: Iterable[Link]) -> list[Link]:
    """Return the links of the directories with most sessions, those first; those of the others are added up."""
    sizes = Counter[str](), Counter[str]()
    for link in links:
        sizes[0][link.source] += link.part.sessions
        sizes[1][link.target] += link.part.sessions
    names = [_names(side) for side in sizes]
    tally = Counter[tuple[str, str, Tone, str]]()
    for link in links:
        tally[names[0][link.source], names[1][link.target], link.part.tone, link.part.words] += link.part.sessions
    places = {name: place for place, name in enumerate(dict.fromkeys(names[0].values()))}
    found = [
        Link(source, target, Share(words, number, tone)) for (source, target, tone, words), number in tally.items()
    ]
    return sorted(found, key=lambda link: (places[link.source], -link.part.sessions))


def _names(sizes: Counter[str]) -> Mapping[str, str]:
    """Map each name to itself, or to how many others there are."""
    named = [name for name, _ in sizes.most_common()]
    if len(named) <= SHOWN + 1:
        return {name: name for name in named}
    others = f"{len(named) - SHOWN:,} others"
    return {name: name if place < SHOWN else others for place, name in enumerate(named)}


def _mean_place(links: Iterable[Link], rank: Mapping[str, int]) -> Callable[[str], float]:
    """Return what puts each target beside its sources, so that few bands cross."""
    weights, places = Counter[str](), Counter[str]()
    for link in links:
        weights[link.target] += link.part.sessions
        places[link.target] += link.part.sessions * rank[link.source]
    return lambda target: places[target] / (weights[target] or 1)


def _column(
    names: Iterable[str], links: Sequence[Link], thick: Mapping[Link, float], of: Callable[[Link], str]
) -> list[_Slot]:
    bars: dict[str, float] = dict.fromkeys(names, 0.0)
    sessions = Counter[str]()
    for link in links:
        bars[of(link)] += thick[link]
        sessions[of(link)] += link.part.sessions
    return [_Slot(name, sessions[name], bar) for name, bar in bars.items()]


def _height(slots: Sequence[_Slot]) -> float:
    return sum(slot.height for slot in slots) + _GAP * (len(slots) - 1)


def _tops(slots: Sequence[_Slot], tall: float) -> dict[str, float]:
    """Map each name to the top of its bar; a column that is shorter than the other stands in the middle."""
    y, found = _TOP + (tall - _height(slots)) / 2, {}
    for slot in slots:
        found[slot.name] = y + (slot.height - slot.bar) / 2
        y += slot.height + _GAP
    return found


def _stacked(
    slots: Sequence[_Slot],
    links: Iterable[Link],
    thick: Mapping[Link, float],
    key: Callable[[Link], tuple[str, tuple[int, Tone]]],
    tall: float,
) -> dict[Link, float]:
    """Map each link to the top of its band at the bar of a side, one above the other."""
    free, found = _tops(slots, tall), {}
    for link in sorted(links, key=key):
        name = key(link)[0]
        found[link] = free[name]
        free[name] += thick[link]
    return found


def _outline(left: float, top: float, right: float, end: float, thick: float) -> str:
    middle = (left + right) / 2
    return (
        f"M{left:.1f} {top:.1f}C{middle:.1f} {top:.1f} {middle:.1f} {end:.1f} {right:.1f} {end:.1f}v{thick:.1f}"
        f"C{middle:.1f} {end + thick:.1f} {middle:.1f} {top + thick:.1f} {left:.1f} {top + thick:.1f}z"
    )


def _nodes(slots: Sequence[_Slot], tall: float, x: float, text_x: float, letters: int) -> Iterable[Node]:
    tops = _tops(slots, tall)
    for slot in slots:
        y = tops[slot.name]
        name = shortened_path(slot.name, letters)
        yield Node(x, y, slot.bar, name, count(slot.sessions, "session"), text_x, y + slot.bar / 2)
