# SPDX-License-Identifier: MIT
"""instructions.py -- part (a): what bench/step counts in bench/pairs."""
import os
import subprocess

from allocators import PROGRAMS, preload
from report import print_grid

PARTS = "remote 64, "  # what both sides do makes up the pair


def count(library):
    """{pattern: instructions for one operation}"""
    command = [os.path.join(PROGRAMS, "step"), *preload(library),
               os.path.join(PROGRAMS, "pairs")]
    text = subprocess.run(command, stdout=subprocess.PIPE, text=True,
                          check=True).stdout
    counts = {}
    for line in text.splitlines():
        name, operations, instructions = line.split("\t")
        counts[name] = int(instructions) / int(operations)
    halves = [name for name in counts if name.startswith(PARTS)]
    counts["remote 64"] = sum(counts.pop(name) for name in halves)
    return counts


def run(libraries):
    """{pattern: {allocator: instructions}}"""
    columns = {name: count(path) for name, path in libraries.items()}
    rows = {pattern: {name: counts[pattern]
                      for name, counts in columns.items()}
            for pattern in columns["mneme"]}
    show(rows)
    return rows


def show(rows):
    print_grid("Instructions for one malloc and its free, loop included:",
               rows, "{:.1f}")
