#!/bin/sh
# SPDX-License-Identifier: MIT
# sqlite3 gives the same answers and writes the same database on Mneme.
. "$(dirname "$0")/common"
need sqlite3

cat >job.sql <<'EOF'
PRAGMA journal_mode = wal;
CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, weight REAL, data BLOB);
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
                         WHERE i < 60000)
INSERT INTO item SELECT i, printf('item %d', i * 7919 % 60013),
                        i * 1.5, zeroblob(i % 100) FROM n;
CREATE INDEX by_name ON item (name);
CREATE TABLE edge (a INTEGER, b INTEGER);
INSERT INTO edge SELECT id, (id * 31) % 60000 + 1 FROM item;
CREATE INDEX edge_b ON edge (b);
SELECT count(*), sum(weight), max(name) FROM item;
SELECT x.name, count(*) c FROM item x JOIN edge e ON e.b = x.id
    GROUP BY x.name ORDER BY c DESC, x.name LIMIT 10;
SELECT substr(name, 6, 1) k, count(*), avg(weight),
    group_concat(id) FROM item WHERE id % 37 = 0 GROUP BY k ORDER BY k;
BEGIN;
DELETE FROM item WHERE id % 3 = 0;
UPDATE item SET name = name || name || name WHERE id % 5 = 0;
COMMIT;
SELECT count(*), sum(length(name)) FROM item;
SELECT name, row_number() OVER (ORDER BY name DESC) FROM item LIMIT 5;
SELECT json_group_array(json_object('n', name)) FROM
    (SELECT name FROM item ORDER BY id LIMIT 200);
VACUUM;
PRAGMA integrity_check;
EOF
cat >job <<'EOF'
#!/bin/sh
rm -f base base-*
sqlite3 base <job.sql && sqlite3 base .dump | md5sum
EOF
chmod +x job
both "sqlite3: insert, index, join, window, json, vacuum, dump" ./job
