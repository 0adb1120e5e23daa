"""A compositor that renders only changed and visible rows.

Textual's own compositor asks every widget in sight for all its rows, containers too, whenever a cell has changed. Most
of those rows have not changed, or lie under another widget's.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise

from textual._compositor import Compositor
from textual.geometry import Region
from textual.strip import Strip


class ConsoleCompositor(Compositor):
    """Asks widgets, those in front first, only for the rows that have changed and are not covered."""

    def _render_chops(self, crop: Region, is_rendered_line: Callable[[int], bool]) -> Sequence[Mapping[int, Strip]]:
        rows: list[dict[int, Strip | None]] = [dict.fromkeys(cuts[:-1]) for cuts in self.cuts]
        # By row the parts that no widget has drawn yet: where each begins, and ends.
        bare = {
            y: {x: end for x, end in pairwise(self.cuts[y]) if x < crop.right and end > crop.x}
            for y in crop.line_range
            if is_rendered_line(y)
        }
        for widget, (region, clip) in self.visible_widgets.items():
            place = region.intersection(clip)
            undrawn = {y: [x for x in bare[y] if place.x <= x < place.right] for y in place.line_range if y in bare}
            for first, count in _runs(y for y, parts in undrawn.items() if parts):
                run = Region(place.x - region.x, first - region.y, place.width, count)
                for y, strip in enumerate(widget.render_lines(run), first):
                    for x in undrawn[y]:
                        rows[y][x] = strip.crop(x - place.x, bare[y].pop(x) - place.x)
                    if not bare[y]:
                        del bare[y]
            if not bare:
                break
        return rows  # type: ignore[return-value]  # parts outside of the crop stay None, as they do in Textual's own


def _runs(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Group rising numbers into runs: the first, and their count."""
    for _, run in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        members = list(run)
        yield members[0][1], len(members)
