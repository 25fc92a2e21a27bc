# SPDX-License-Identifier: MIT
"""report.py -- the tables of bench/run."""
import statistics

PEAK_KIB_LEAST = 8 * 1024


def print_grid(title, rows, form):
    """rows: {row: {column: number, or None}}; `form` says how it is shown."""
    columns = list(dict.fromkeys(name for row in rows.values()
                                 for name in row))
    left = max([16] + [len(name) + 1 for name in rows])
    width = max([9] + [len(name) + 1 for name in columns])
    print(title + "\n")
    print(" " * left + "".join(f"{name:>{width}}" for name in columns))
    for name, row in rows.items():
        cells = [row.get(column) for column in columns]
        print(f"{name:{left}}" + "".join(
            f"{'' if cell is None else form.format(cell):>{width}}"
            for cell in cells))
    print()


def field(results, name, scale=1):
    """One figure of each load and allocator; loads that lack it are left
    out."""
    rows = {load: {allocator: None if row.get(name) is None
                   else row[name] / scale
                   for allocator, row in names.items()}
            for load, names in results.items()}
    return {load: row for load, row in rows.items()
            if any(value is not None for value in row.values())}


def relative(rows):
    """Each figure as a multiple of the least of its row, and their mean."""
    found = {}
    for load, row in rows.items():
        least = min(value for value in row.values() if value is not None)
        found[load] = {name: None if value is None else value / least
                       for name, value in row.items()}
    names = list(next(iter(found.values()), {}))
    if len(found) > 1:
        found["geometric mean"] = {
            name: statistics.geometric_mean(
                row[name] for row in found.values()) for name in names}
    return found


def peaks(results):
    """Peaks as multiples of the least. Of loads that need a few MiB the
    library itself is what is compared, so they are left out."""
    rows = field(results, "peak_kib")
    return relative({load: row for load, row in rows.items()
                     if min(row.values()) >= PEAK_KIB_LEAST})


def show_programs(results, rounds):
    """results: {load: {allocator: figures}}, as programs.run returns them."""
    print_grid(f"CPU seconds, user and system, medians of {rounds} rounds:",
               field(results, "cpu"), "{:.2f}")
    print_grid("CPU time as a multiple of the least, from ratios within a "
               "round:", relative(field(results, "cpu_share")), "{:.2f}")
    print_grid("Spread of CPU seconds, most less least, % of the median:",
               field(results, "cpu_spread"), "{:.0f}")
    print_grid("Peak resident MiB:", field(results, "peak_kib", 1024),
               "{:.1f}")
    print_grid("Peak resident as a multiple of the least, where that is over "
               f"{PEAK_KIB_LEAST // 1024} MiB:", peaks(results), "{:.2f}")
    print_grid("Resident MiB at the end, all released:",
               field(results, "end_kib", 1024), "{:.1f}")
    print_grid("Page faults, thousands:", field(results, "faults", 1000),
               "{:.1f}")
    calls = field(results, "calls")
    if calls:
        print_grid("System calls for memory, with those of the start:",
                   calls, "{:.0f}")


def show_stages(stages):
    """stages: {load: {stage: {allocator: KiB}}}"""
    for load, rows in stages.items():
        print_grid(f"Resident MiB in {load}:",
                   {stage: {name: kib / 1024 for name, kib in row.items()}
                    for stage, row in rows.items()}, "{:.1f}")
