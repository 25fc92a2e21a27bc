# SPDX-License-Identifier: MIT
"""tree.py -- what the scripts that check this tree share."""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.environ.get("MNEME_BUILD", os.path.join(ROOT, "build"))
os.chdir(ROOT)


def sources(*folders):
    """The paths of all C sources and headers in these folders, sorted."""
    found = []
    for folder in folders:
        for parent, _, files in os.walk(folder):
            found += [os.path.join(parent, file) for file in files
                      if re.search(r"\.[ch]$", file)]
    return sorted(found)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def without_comments(path):
    """A C source with its comments and the insides of its strings blanked,
    every line still in its place."""
    def blank(match):
        text = match.group(0)
        if text[0] in "\"'":
            return text[0] + " " * (len(text) - 2) + text[-1]
        return re.sub(r"[^\n]", " ", text)

    return re.sub(r"//[^\n]*|/\*.*?\*/|\"(\\.|[^\"\\\n])*\"|'(\\.|[^'\\\n])+'",
                  blank, read(path), flags=re.DOTALL)


def output(*command):
    """What the command prints; if it fails, so does the check."""
    result = subprocess.run(command, capture_output=True, text=True,
                            check=False)
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{result.stdout}{result.stderr}")
    return result.stdout


def finish(problems, summary):
    """End the check: print its problems, or what it found in order."""
    for problem in problems:
        print(problem)
    print(f"{os.path.basename(sys.argv[0])}: {summary}; "
          f"{len(problems)} problems")
    sys.exit(1 if problems else 0)
