"""Draw architecture.svg from architecture.txt: boxes on a grid and arrows, for light and dark pages."""

from html import escape
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
COLUMN, ROW, WIDTH, HEIGHT, MARGIN = 230, 92, 180, 56, 20
_STYLE = """\
text { font: 14px system-ui, sans-serif; fill: #1a1d21; }
.small { font-size: 12px; fill: #545c66; }
rect { fill: #ffffff; stroke: #79818c; stroke-width: 1.5; }
.code rect { fill: #e8f0fe; stroke: #0b57d0; }
.aws rect { fill: #fff4e5; stroke: #b06000; }
path { fill: none; stroke: #545c66; stroke-width: 1.5; marker-end: url(#head); }
.both { marker-start: url(#head); }
#head path { fill: #545c66; stroke: none; marker-end: none; }
@media (prefers-color-scheme: dark) {
  text { fill: #e8eaed; }
  .small { fill: #aab2bc; }
  rect { fill: #1c2024; stroke: #848d98; }
  .code rect { fill: #14233d; stroke: #8ab4f8; }
  .aws rect { fill: #2b2114; stroke: #f4c469; }
  path { stroke: #aab2bc; }
  #head path { fill: #aab2bc; }
}"""


class Box(NamedTuple):
    """A box of the picture; x and y are the pixels of its upper left corner."""

    x: int
    y: int
    title: str
    description: str
    kind: str


def draw(source: str) -> str:
    """Return the SVG picture of a source. Raises ValueError for a line that is neither a box nor an arrow."""
    boxes: dict[str, Box] = {}
    arrows: list[tuple[str, str, bool]] = []
    for line in source.splitlines():
        word, _, rest = line.partition(" ")
        if word == "box":
            name, cell, _, title, description, kind = (part.strip() for part in rest.split("|"))
            column, row = map(int, cell.split())
            boxes[name] = Box(MARGIN + column * COLUMN, MARGIN + row * ROW, title, description, kind)
        elif word == "arrow":
            start, end = (part.strip() for part in rest.split(">"))
            arrows.append((start.removesuffix("<").strip(), end, start.endswith("<")))
        elif line.strip() and not line.startswith("#"):
            raise ValueError(f"neither a box nor an arrow: {line}")
    width = max(box.x for box in boxes.values()) + WIDTH + MARGIN
    height = max(box.y for box in boxes.values()) + HEIGHT + MARGIN
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
            "<title>From a model to predictions</title>",
            f"<style>\n{_STYLE}\n</style>",
            '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" orient="auto-start-reverse"'
            ' markerWidth="8" markerHeight="8"><path d="M0 0L8 4L0 8z"/></marker></defs>',
            *(_draw_arrow(boxes[start], boxes[end], is_both=is_both) for start, end, is_both in arrows),
            *(_draw_box(box) for box in boxes.values()),
            "</svg>\n",
        ]
    )


def _draw_box(box: Box) -> str:
    middle = box.x + WIDTH // 2
    return (
        f'<g class="{box.kind}"><rect x="{box.x}" y="{box.y}" width="{WIDTH}" height="{HEIGHT}" rx="8"/>'
        f'<text x="{middle}" y="{box.y + 24}" text-anchor="middle">{escape(box.title)}</text>'
        f'<text class="small" x="{middle}" y="{box.y + 43}" text-anchor="middle">{escape(box.description)}</text></g>'
    )


def _draw_arrow(start: Box, end: Box, *, is_both: bool = False) -> str:
    if is_both:  # of two boxes in one column
        return f'<path class="both" d="M{start.x + WIDTH // 2} {start.y + HEIGHT + 2}V{end.y - 2}"/>'
    if start.x == end.x:  # downwards
        return f'<path d="M{start.x + WIDTH // 2} {start.y + HEIGHT}V{end.y - 2}"/>'
    is_left = end.x < start.x
    begin = (start.x + WIDTH // 2, start.y + HEIGHT) if is_left else (start.x + WIDTH, start.y + HEIGHT // 2)
    goal = (end.x + WIDTH // 2, end.y - 2) if is_left else (end.x - 2, end.y + HEIGHT // 2)
    if begin[1] == goal[1]:
        return f'<path d="M{begin[0]} {begin[1]}H{goal[0]}"/>'
    halfway = (begin[1] + goal[1]) // 2 if is_left else (begin[0] + goal[0]) // 2
    bend = f"V{halfway}H{goal[0]}V{goal[1]}" if is_left else f"H{halfway}V{goal[1]}H{goal[0]}"
    return f'<path d="M{begin[0]} {begin[1]}{bend}"/>'


if __name__ == "__main__":
    (HERE / "architecture.svg").write_text(draw((HERE / "architecture.txt").read_text()))
