#!/bin/sh
# SPDX-License-Identifier: MIT
# git makes the same objects and packs on Mneme.
. "$(dirname "$0")/common"
need git

export HOME="$work" GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.org
export GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=a@example.org
export GIT_AUTHOR_DATE='1700000000 +0000' GIT_COMMITTER_DATE='1700000000 +0000'

cat >job <<'EOF'
#!/bin/sh
set -eu
rm -rf repository copy
git init -q -b main repository
cd repository
git config gc.auto 0
git config pack.threads 2
for round in 1 2 3 4 5 6 7 8; do
    for file in 1 2 3 4 5 6 7 8 9 10 11 12; do
        mkdir -p "d$file"
        seq $((round * file)) $((round * file + 400 * file)) >"d$file/f"
    done
    git add -A
    git commit -q -m "round $round"
done
git checkout -q -b side HEAD~3
seq 1 50 >side
git add side
git commit -q -m side
git merge -q -m merge main
git log --stat --graph
git diff HEAD~1
git blame d3/f | md5sum
git gc -q --aggressive --prune=now
git fsck --full --strict
git rev-parse HEAD
git cat-file --batch-check --batch-all-objects | md5sum
git grep -c 77
git archive HEAD | md5sum
git clone -q . ../copy
git -C ../copy log --oneline
EOF
chmod +x job
both "git: commit, merge, log, diff, gc, fsck, archive, clone" ./job
[ "$(wc -l <mneme)" -gt 50 ] || fail "the job did too little"
