# SPDX-License-Identifier: MIT
"""svg.py -- what pictures are made of: texts, lines and boxes.

Each function returns the text of an element. A chart is a list of them, drawn
with its left upper corner at 0, 0 and moved to its place.
"""
import html
import math

# Colours that stay apart for the colour-blind (Okabe and Ito, 2008).
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00",
           "#5f5f5f", "#000000", "#8c564b", "#17becf"]
GRID = "#dddddd"
INK = "#222222"
LEGEND_ROW = 18


def tag(name, content=None, **attributes):
    text = "".join(f' {key.replace("_", "-")}="{value}"'
                   for key, value in attributes.items())
    return f"<{name}{text}/>" if content is None else \
        f"<{name}{text}>{content}</{name}>"


def words(x, y, content, size=12, anchor="start", **attributes):
    return tag("text", html.escape(content), x=f"{x:.1f}", y=f"{y:.1f}",
               font_size=size, text_anchor=anchor, fill=INK, **attributes)


def line(x1, y1, x2, y2, colour=GRID, width=1):
    return tag("line", x1=f"{x1:.1f}", y1=f"{y1:.1f}", x2=f"{x2:.1f}",
               y2=f"{y2:.1f}", stroke=colour, stroke_width=width)


def box(x, y, width, height, colour):
    return tag("rect", x=f"{x:.1f}", y=f"{y:.1f}", width=f"{width:.1f}",
               height=f"{height:.1f}", fill=colour)


def place(parts, x, y):
    return tag("g", "\n".join(parts), transform=f"translate({x},{y})")


def legend(colours, width=math.inf):
    """A box and a name for each colour, in rows of LEGEND_ROW."""
    parts = []
    x = y = 0
    for name, colour in colours.items():
        needed = 30 + 7.2 * len(name)
        if x + needed > width:
            x, y = 0, y + LEGEND_ROW
        parts += [box(x, y, 12, 12, colour), words(x + 17, y + 11, name)]
        x += needed
    return parts


def save(parts, width, height, path):
    with open(path, "w", encoding="utf-8") as file:
        file.write(tag("svg", "\n" + "\n".join(parts) + "\n",
                       xmlns="http://www.w3.org/2000/svg", width=width,
                       height=height, viewBox=f"0 0 {width} {height}",
                       font_family="sans-serif") + "\n")
