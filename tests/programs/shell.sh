#!/bin/sh
# SPDX-License-Identifier: MIT
# A pipeline that forks all the time, with threads' heaps and locks in between.
. "$(dirname "$0")/common"

cat >job <<'EOF'
#!/bin/sh
set -eu
for i in $(seq 60); do
    (
        seq "$i" $((i * 50)) | sed "s/1/$i/" | sort | uniq -c |
            awk '{ sum += $1 * $2 } END { print NR, sum }' |
            tr ' ' ':' | cat
    )
    result=$(expr "$i" \* 3) && echo "$result $(basename /a/b/$i)"
done | tee copy | md5sum
wc -l <copy
find / -maxdepth 1 -name 'b*' | xargs -n 1 echo | sort
tar -cf - job | gzip -n | gunzip | tar -tf -
EOF
chmod +x job
both "a pipeline with a thousand processes" ./job
both "the same in bash" bash ./job
