# SPDX-License-Identifier: MIT
"""Small objects of an interpreter that come, stay and go; fixed work."""
import json
import random

random.seed(7)
table = {}
for i in range(120000):
    key = "k%d" % random.randrange(30000)
    table[key] = {"id": i, "name": key * 3, "list": list(range(i % 40)),
                  "nested": {"a": [str(j) for j in range(i % 7)]}}
    if i % 3 == 0:
        table.pop("k%d" % random.randrange(30000), None)
text = json.dumps(table)
again = json.loads(text)
assert len(again) == len(table)
words = sorted(text.replace(",", " ").split())
print(len(words) and "done")
