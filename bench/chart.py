# SPDX-License-Identifier: MIT
"""chart.py -- the picture of bench/run: loads down, a bar for each allocator.

On the left its CPU time as a multiple of the least, on the right its peak of
resident memory. A bar that is longer than there is room tells its value.
"""
import report
from svg import COLOURS, INK, LEGEND_ROW, box, legend, line, place, save, words

WIDTH = 900
MARGIN = 16
LEFT = 96       # for the names of the loads
MOST = 3        # the multiple at the right edge
BAR = 6
GAP = 9
HEAD = 26       # a chart's title
MORE_COLOURS = ["#aa4499", "#999933", "#88ccee", "#661100"]


def bar(name, value, colour, top, x_of):
    parts = [box(x_of(0), top, x_of(min(value, MOST)) - x_of(0), BAR - 1,
                 colour)]
    if value > MOST or name == "mneme":
        x = x_of(min(value, MOST)) + 3
        parts.append(words(x, top + BAR - 0.5, f"{value:.3g}", 8))
    return parts


def chart(title, rows, colours, width, named):
    """rows: {load: {allocator: multiple, or None}}"""
    left = LEFT if named else 8
    pitch = BAR * len(colours) + GAP
    bottom = HEAD + pitch * len(rows)

    def x_of(value):
        return left + (width - left - 30) * value / MOST

    parts = [words(left, 12, title, 13, font_weight="bold")]
    for tick in range(MOST + 1):
        parts += [line(x_of(tick), HEAD, x_of(tick), bottom,
                       *([INK] if tick == 1 else [])),
                  words(x_of(tick), bottom + 13, str(tick), 11, "middle")]
    for i, (load, row) in enumerate(rows.items()):
        top = HEAD + i * pitch + GAP / 2
        if named:
            parts.append(words(left - 6, top + (pitch - GAP) / 2 + 4, load,
                               12, "end"))
        for j, (name, colour) in enumerate(colours.items()):
            if row.get(name) is not None:
                parts += bar(name, row[name], colour, top + j * BAR, x_of)
    return parts


def draw(programs, path):
    """programs: {load: {allocator: figures}}"""
    names = list(next(iter(programs.values())))
    colours = dict(zip(names, COLOURS + MORE_COLOURS))
    cpu = report.relative(report.field(programs, "cpu_share"))
    peak = report.peaks(programs)
    rows = {load: None for load in [*programs, "geometric mean"]
            if load in cpu or load in peak}
    half = (WIDTH - 2 * MARGIN + LEFT) // 2
    top = 18 + 2 * LEGEND_ROW
    height = top + HEAD + (BAR * len(names) + GAP) * len(rows) + 28
    save([box(0, 0, WIDTH, height, "#ffffff"),
          place(legend(colours, WIDTH - 2 * MARGIN), MARGIN, 12),
          place(chart("CPU time / the least",
                      {load: cpu.get(load, {}) for load in rows},
                      colours, half, True), MARGIN, top),
          place(chart("Peak resident / the least",
                      {load: peak.get(load, {}) for load in rows}, colours,
                      WIDTH - 2 * MARGIN - half, False), MARGIN + half, top)],
         WIDTH, height, path)
