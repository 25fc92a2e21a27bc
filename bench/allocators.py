# SPDX-License-Identifier: MIT
"""allocators.py -- what is measured, and where its library is."""
import ctypes.util
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
BUILD = os.environ.get("MNEME_BUILD", os.path.join(ROOT, "build"))
PROGRAMS = os.path.join(BUILD, "bench")
PEERS = {"jemalloc": "jemalloc", "mimalloc": "mimalloc",
         "tcmalloc": "tcmalloc_minimal"}


def find(extra):
    """{name: library}; the system's malloc is no library: None.

    `extra`: a list of "name=path" beside the peers that are installed."""
    found = {"mneme": os.path.join(BUILD, "lib", "libmneme.so"),
             "system": None}
    for name, library in PEERS.items():
        library = ctypes.util.find_library(library)
        if library:
            found[name] = library
    for item in extra:
        name, _, path = item.partition("=")
        if not os.path.exists(path):
            sys.exit(f"run: --with {item}: no such library")
        found[name] = os.path.abspath(path)
    return found


def preload(library):
    """The options of step and spend for this library."""
    return ["--preload", library] if library else []
