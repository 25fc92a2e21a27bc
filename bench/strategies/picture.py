# SPDX-License-Identifier: MIT
"""picture.py -- the picture of bench/strategies/run: four charts, one legend.

A chart is drawn with its left upper corner at 0, 0 and moved to its place.
"""
import math

from svg import COLOURS, INK, box, legend, line, place, save as save_svg, tag, \
    words

WIDTH = 800
HEIGHT = 740
MARGIN = 16


def unique(values):
    return list(dict.fromkeys(values))


def use_chart(entries, colours, width, height):
    """Groups of bars: a load is a group, a bar what can be used there."""
    left, top, bottom = 34, 26, height - 22
    loads = unique(entry["load"] for entry in entries)
    worst = {(entry["load"], entry["name"]): float(entry["worst"])
             for entry in entries}
    group = (width - left) / len(loads)
    bar = (group - 14) / len(colours)

    def y_of(value):
        return bottom - (bottom - top) * value / 100

    parts = [words(0, 12, "Use of an arena of 1 MiB, all records counted "
                   "(%, worst of all runs)", 13, font_weight="bold")]
    for value in range(0, 101, 20):
        parts += [line(left, y_of(value), width, y_of(value)),
                  words(left - 5, y_of(value) + 4, str(value), 11, "end")]
    for i, load in enumerate(loads):
        x = left + i * group + 7
        parts.append(words(x + (group - 14) / 2, bottom + 15, load, 12,
                           "middle"))
        for j, (name, colour) in enumerate(colours.items()):
            value = worst.get((load, name))
            if value is not None:
                parts.append(box(x + j * bar, y_of(value), bar - 1.5,
                                 bottom - y_of(value), colour))
    parts.append(line(left, bottom, width, bottom, INK))
    return parts


def log_chart(title, rows, colours, ticks, size):
    """A bar and a mark for each name, on a logarithmic axis.

    rows: {name: (bar, mark)}."""
    width, height = size
    left, top, bottom = 66, 26, height - 20
    pitch = (bottom - top) / len(rows)

    def x_of(value):
        low, high = math.log(ticks[0]), math.log(ticks[-1])
        part = (math.log(max(value, ticks[0])) - low) / (high - low)
        return left + (width - left - 30) * min(part, 1)

    parts = [words(0, 12, title, 13, font_weight="bold")]
    for tick in ticks:
        parts += [line(x_of(tick), top, x_of(tick), bottom),
                  words(x_of(tick), bottom + 14, f"{tick:g}", 11, "middle")]
    for i, (name, (bar, mark)) in enumerate(rows.items()):
        y = top + i * pitch
        parts += [words(left - 5, y + pitch / 2 + 4, name, 11, "end"),
                  box(left, y + 3, x_of(bar) - left, pitch - 6,
                      colours[name])]
        if mark:
            parts += [line(x_of(mark), y + 2, x_of(mark), y + pitch - 2, INK,
                           2),
                      words(x_of(mark) + 4, y + pitch / 2 + 4, f"{mark:.0f}",
                            10)]
    parts.append(line(left, top, left, bottom, INK))
    return parts


def ticks_for(rows, choices):
    """The tick marks that all values lie between."""
    values = [value for row in rows.values() for value in row if value]
    low = max(i for i, tick in enumerate(choices)
              if i == 0 or tick <= min(values) / 1.5)
    high = min((i for i, tick in enumerate(choices) if tick >= max(values)),
               default=len(choices) - 1)
    return choices[low:high + 1]


def cost_chart(entries, what, colours, size):
    rows = {entry["name"]: (float(entry[what + "_mean"] or 0),
                            float(entry[what + "_most"] or 0))
            for entry in entries}
    word = {"alloc": "an allocation", "free": "a release"}[what]
    ticks = ticks_for(rows, [20, 50, 100, 200, 500, 1000, 2000, 5000,
                             10000])
    return log_chart(f"Instructions of {word} (mark: most)", rows, colours,
                     ticks, size)


def attack_chart(entries, colours, size):
    rows = {}
    for entry in entries:
        needed = max(float(entry["needed"]), rows.get(entry["name"], (0,))[0])
        rows[entry["name"]] = (needed, float(entry["bound"]))
    return log_chart("Memory needed / bytes held (mark: the bound)", rows,
                     colours, [1, 2, 5, 10, 20, 50, 100], size)


def series_chart(entries, colours, size):
    """Lines: the part of the free memory that is in its largest block."""
    width, height = size
    left, top, bottom = 34, 26, height - 20
    last = max(int(entry["step"]) for entry in entries)

    def x_of(step):
        return left + (width - left - 12) * step / last

    def y_of(part):
        return bottom - (bottom - top) * part

    parts = [words(0, 12, "Largest free block, % of what is free, over time", 13,
                   font_weight="bold")]
    for value in range(0, 101, 20):
        parts += [line(left, y_of(value / 100), width, y_of(value / 100)),
                  words(left - 5, y_of(value / 100) + 4, str(value), 11,
                        "end")]
    for step in range(0, last + 1, 20000):
        parts += [line(x_of(step), top, x_of(step), bottom),
                  words(x_of(step), bottom + 14, f"{step // 1000}k", 11,
                        "middle")]
    for name, colour in colours.items():
        points = " ".join(
            f"{x_of(int(entry['step'])):.1f},"
            f"{y_of(int(entry['largest']) / max(int(entry['free']), 1)):.1f}"
            for entry in entries if entry["name"] == name)
        if points:
            parts.append(tag("polyline", points=points, fill="none",
                             stroke=colour, stroke_width=1.5))
    parts.append(line(left, bottom, width, bottom, INK))
    return parts


def save(results, path):
    colours = dict(zip(unique(entry["name"] for entry in results["use"]),
                       COLOURS))
    half = (WIDTH - 3 * MARGIN) // 2
    small = (half, 210)
    right = 2 * MARGIN + half
    inner = WIDTH - 2 * MARGIN
    parts = [
        box(0, 0, WIDTH, HEIGHT, "#ffffff"),
        place(legend(colours), MARGIN, 12),
        place(use_chart(results["use"], colours, inner, 220), MARGIN, 40),
        place(cost_chart(results["cost"], "alloc", colours, small),
              MARGIN, 282),
        place(cost_chart(results["cost"], "free", colours, small), right, 282),
        place(attack_chart(results["attack"], colours, small), MARGIN, 514),
        place(series_chart(results["series"], colours, small), right, 514),
    ]
    save_svg(parts, WIDTH, HEIGHT, path)
