# SPDX-License-Identifier: MIT
"""programs.py -- part (b): whole programs, each in a process of its own.

In a round every load runs once on each allocator, in turn, and a round begins
with another allocator each time. A load that sleeps is run on all of them at
once, since its time is no figure.
"""
import concurrent.futures
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

from allocators import HERE, PROGRAMS, ROOT, preload

# The program of bench/ and its arguments. One that is not there is left out.
LOADS = {
    "lifo 64": ["sizes", "lifo", "64", "20000000"],
    "lifo 8192": ["sizes", "lifo", "8192", "10000000"],
    "lifo 65536": ["sizes", "lifo", "65536", "3000000"],
    "batch 64": ["sizes", "batch", "64", "15000000"],
    "batch 1024": ["sizes", "batch", "1024", "8000000"],
    "batch 16384": ["sizes", "batch", "16384", "500000"],
    "larson": ["larson"],
    "remote": ["remote"],
    "storm": ["storm"],
    "threads": ["threads"],
    "live": ["live"],
    "medium": ["medium"],
    "large": ["large"],
    "chain": ["chain", "31"],
    "mixed": ["mixed"],
    "phases": ["phases"],
    "idle": ["idle"],
}
SLEEPERS = ("phases", "idle")
CALLS = "mmap,munmap,mremap,madvise,mprotect,brk"


def compile_heap(folder):
    sources = sorted(os.path.join(ROOT, "src/heap", name)
                     for name in os.listdir(os.path.join(ROOT, "src/heap"))
                     if name.endswith(".c"))
    return " && ".join(
        f"cc -std=gnu11 -O2 -D_GNU_SOURCE -I{ROOT}/include -I{ROOT}/src "
        f"-c {source} -o {folder}/object.o" for source in sources)


def names():
    return ["cc", "python", *LOADS]


def loads(folder, wanted):
    """{load: command}"""
    found = {"cc": ["sh", "-c", compile_heap(folder)],
             "python": [sys.executable,
                        os.path.join(HERE, "inputs/objects.py")]}
    for name, (program, *arguments) in LOADS.items():
        path = os.path.join(PROGRAMS, program)
        if os.path.exists(path):
            found[name] = [path, *arguments]
    return {name: command for name, command in found.items()
            if not wanted or name in wanted}


def environment():
    # Or the interpreter's own pools would serve most of its objects.
    return dict(os.environ, PYTHONMALLOC="malloc")


def stages(text):
    """{stage: resident KiB}, as load_tell and phases write them. What else a
    program says has another form."""
    lines = [line.split("\t") for line in text.splitlines()]
    return {line[0]: int(line[1]) for line in lines
            if len(line) == 2 and line[1].isdigit()}


def measure(command, library):
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as spent:
        result = subprocess.run(
            [os.path.join(PROGRAMS, "spend"), *preload(library), spent.name,
             *command], env=environment(), stdout=subprocess.PIPE, text=True,
            check=True)
        microseconds, peak, faults = map(int, spent.read().split())
    return {"cpu": microseconds / 1e6, "peak": peak, "faults": faults,
            "stages": stages(result.stdout)}


def count_calls(command, library):
    """How many system calls for memory; None without strace."""
    if not shutil.which("strace"):
        return None
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as table:
        preloaded = ["-E", "LD_PRELOAD=" + library] if library else []
        subprocess.run(["strace", "-f", "--seccomp-bpf", "-c", "-U",
                        "calls,name", "-e", "trace=" + CALLS, "-o",
                        table.name, *preloaded, *command],
                       env=environment(), stdout=subprocess.DEVNULL,
                       check=True)
        rows = [line.split() for line in table.read().splitlines()]
    return sum(int(row[0]) for row in rows if row[1:] and row[1] in
               CALLS.split(","))


def tell(what):
    if sys.stderr.isatty():
        print(f"\r{what:40}", end="\r", file=sys.stderr, flush=True)


def turn(libraries, number):
    """The allocators, from another one on each time."""
    items = list(libraries.items())
    first = number % len(items)
    return items[first:] + items[:first]


def run_once(load, command, order):
    """{allocator: measurement}"""
    if load not in SLEEPERS:
        return {name: measure(command, path) for name, path in order}
    with concurrent.futures.ThreadPoolExecutor(len(order)) as pool:
        futures = {name: pool.submit(measure, command, path)
                   for name, path in order}
        return {name: future.result() for name, future in futures.items()}


def run_rounds(libraries, commands, count):
    """{load: [{allocator: measurement} for each round]}"""
    runs = {load: [] for load in commands}
    for number in range(count):
        order = turn(libraries, number)
        for load, command in commands.items():
            runs[load].append(run_once(load, command, order))
            tell(f"round {number + 1} of {count}: {load}")
    return runs


def share(rounds, name):
    """The CPU time of `name` over the mean of all, within each round."""
    return statistics.median(
        of[name]["cpu"] / statistics.mean(run["cpu"] for run in of.values())
        for of in rounds)


def summary(load, rounds, name):
    runs = [of[name] for of in rounds]
    cpu = [run["cpu"] for run in runs]
    ends = [list(run["stages"].values())[-1] for run in runs if run["stages"]]
    found = {"peak_kib": statistics.median(run["peak"] for run in runs),
             "end_kib": statistics.median(ends) if ends else None,
             "faults": statistics.median(run["faults"] for run in runs)}
    if load not in SLEEPERS:
        found |= {"cpu": statistics.median(cpu), "cpu_least": min(cpu),
                  "cpu_most": max(cpu), "cpu_share": share(rounds, name),
                  "cpu_spread": 100 * (max(cpu) - min(cpu))
                  / max(statistics.median(cpu), 0.001)}
    return found


def summarize_stages(rounds):
    """{stage: {allocator: median KiB}}"""
    first = rounds[0]
    return {stage: {name: statistics.median(of[name]["stages"][stage]
                                            for of in rounds)
                    for name in first}
            for stage in next(iter(first.values()))["stages"]}


def run(libraries, count, wanted, calls):
    """What the tables of report.py show."""
    with tempfile.TemporaryDirectory() as folder:
        commands = loads(folder, wanted)
        runs = run_rounds(libraries, commands, count)
        results = {load: {name: summary(load, rounds, name)
                          for name in libraries}
                   for load, rounds in runs.items()}
        if calls:
            for load, row in results.items():
                tell(f"system calls: {load}")
                for name, path in libraries.items():
                    row[name]["calls"] = count_calls(commands[load], path)
    told = {load: summarize_stages(rounds) for load, rounds in runs.items()}
    return {"rounds": count, "programs": results,
            "stages": {load: rows for load, rows in told.items()
                       if len(rows) > 1}}
