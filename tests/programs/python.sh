#!/bin/sh
# SPDX-License-Identifier: MIT
# python3: many objects, json, threads, processes.
. "$(dirname "$0")/common"
need python3

export PYTHONHASHSEED=0
cat >job.py <<'EOF'
import collections
import gc
import hashlib
import json
import random
import re
import subprocess
import sys
import threading
import zlib

random.seed(7)

class Node:
    def __init__(self, depth):
        self.children = [Node(depth - 1) for _ in range(3)] if depth else []
        self.name = "n" * random.randrange(200)
        self.cycle = self

def total(node):
    return len(node.name) + sum(total(child) for child in node.children)

print([total(Node(7)) for _ in range(5)], gc.collect() > 0)

table = {str(i): list(range(i % 50)) for i in range(50000)}
text = json.dumps(table)
print(len(text), json.loads(text) == table)
print(hashlib.sha256(zlib.compress(text.encode())).hexdigest())
print(len(re.findall(r"\d+5", text)))

results = collections.Counter()
lock = threading.Lock()

def work(seed):
    numbers = random.Random(seed)
    blocks = [bytearray(numbers.randrange(1, 100000)) for _ in range(300)]
    numbers.shuffle(blocks)
    while blocks:
        size = len(blocks.pop())
        with lock:
            results[size % 10] += 1

for _ in range(5):
    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print(sorted(results.items()))

for i in range(10):
    done = subprocess.run([sys.executable, "-c", f"print({i} ** 50)"],
                          capture_output=True, text=True, check=True)
    print(done.stdout.strip())

# Growing and shrinking in large steps.
data = bytearray()
for i in range(200):
    data += bytes([i]) * 50000
    if i % 7 == 0:
        del data[: len(data) // 3]
print(len(data), hashlib.md5(data).hexdigest())
EOF
both "python3: objects, json, threads, processes" python3 job.py
PYTHONMALLOC=malloc both "the same without Python's own pools" \
    env PYTHONMALLOC=malloc python3 job.py
