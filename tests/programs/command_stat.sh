#!/bin/sh
# SPDX-License-Identifier: MIT
# The promises of `mneme stat`: what is seen from outside is what Mneme says
# inside, the causes add up also while the process is busy, and it goes on.
. "$(dirname "$0")/common"
need python3

cat >compare.py <<'EOF'
import json
import sys

def parts(stats):
    causes = dict(stats["causes"])
    if sum(causes.values()) != stats["committed"]:
        sys.exit(f"the causes do not add up: {stats}")
    # How these two divide is an estimate from a sample that goes on.
    causes["blocks"] = causes.pop("payload") + causes.pop("rounding")
    return {**stats, "causes": causes}

for line in open("outside"):
    seen = json.loads(line)
    outside = parts(seen["now"])
if len(sys.argv) > 1:
    inside = parts(json.loads(open("inside").read()))
    if not seen["one_moment"] or outside != inside:
        sys.exit(f"inside:  {inside}\noutside: {outside}")
EOF

# begin ARGUMENT...: the program to look at; its number in $process.
begin() {
    rm -f fifo number
    mkfifo fifo
    : >inside
    "$mneme" run -- sh -c 'echo $$ >number; exec "$@"' - \
        "$programs/observed" "$@" <fifo >inside &
    exec 3>fifo
    for wait in $(seq 200); do
        [ ! -s inside ] || break
        sleep 0.05
    done
    process=$(cat number)
}

end() {
    exec 3>&-
    wait $! || fail "the program was disturbed: status $?"
}

begin
"$mneme" stat --json "$process" >outside
python3 compare.py exactly || fail "not what the program itself says"
"$mneme" stat "$process" >shown
for word in payload rounding untouched metadata committed; do
    grep -q "$word" shown || fail "no $word: $(cat shown)"
done
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
    # The build may lie where only root looks.
    cp "$mneme" mneme-copy
    chmod 755 . mneme-copy
    refuses 125 "may not be read" setpriv --reuid=65534 --clear-groups \
        "$work/mneme-copy" stat "$process"
fi
end
checked "from outside as from inside"

begin busy
: >outside
for round in $(seq 30); do
    "$mneme" stat --json "$process" >>outside
done
end
python3 compare.py || fail "while threads are busy"
checked "the causes add up while threads are busy"

sleep 60 &
refuses 125 "does not run on Mneme" "$mneme" stat $!
kill $!
wait $! || true
refuses 125 "no process $!" "$mneme" stat $!
refuses 125 "which process?" "$mneme" stat
refuses 125 "expected the number of one process" "$mneme" stat 1 2
refuses 125 "expected the number of one process" "$mneme" stat 0
checked "processes that cannot be looked at"

refuses 0 "payload" "$mneme" stat -- perl -e 1
refuses 3 '"peak": {' "$mneme" stat --json perl -e 'exit 3'
checked "a program to run"
