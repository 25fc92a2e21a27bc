#!/bin/sh
# SPDX-License-Identifier: MIT
# redis-server on Mneme under the load of redis-benchmark, with its data saved,
# reloaded and rewritten; the replies have the same sum as without Mneme.
. "$(dirname "$0")/common"
need redis-server redis-cli redis-benchmark

# start COMMAND...: run it as the server, on a port that is free.
start() {
    mkdir -p data
    rm -rf data/*
    for attempt in 1 2 3 4 5 6 7 8 9 10; do
        port=$((20000 + ($$ * 7 + attempt * 997) % 20000))
        "$@" --port "$port" --bind 127.0.0.1 --dir "$work/data" \
            --save '' --enable-debug-command yes >log 2>&1 &
        server=$!
        for wait in $(seq 200); do
            if redis-cli -p "$port" ping 2>/dev/null | grep -q PONG; then
                # Another server's port answers too; ours is still there.
                kill -0 "$server" 2>/dev/null && return
            fi
            kill -0 "$server" 2>/dev/null || break
            sleep 0.05
        done
        kill "$server" 2>/dev/null || true
        wait "$server" || true
    done
    cat log >&2
    fail "the server does not start"
}

stop() {
    redis-cli -p "$port" shutdown nosave 2>/dev/null || true
    status=0
    wait "$server" || status=$?
    server=
    [ "$status" -eq 0 ] || {
        tail -n 40 log >&2
        fail "the server ended with status $status"
    }
}
server=
trap '[ -z "$server" ] || kill -9 $server 2>/dev/null; rm -rf "$work"' EXIT

load() {
    redis-cli -p "$port" flushall >/dev/null
    # Reproducible: each key's value follows from its number.
    awk 'BEGIN {
        for (i = 0; i < 30000; i++) {
            n = i * 7919 % 10007
            printf "SET k:%d %0*d\r\n", n, i % 300 + 1, i
            printf "HSET h:%d f%d %d\r\n", n % 500, i % 97, i
            printf "RPUSH l:%d %d\r\n", n % 300, i
            printf "ZADD z:%d %d m%d\r\n", n % 100, i * 31 % 1000, i
            printf "SADD s:%d %d\r\n", n % 50, i
            printf "APPEND a:%d %d\r\n", n % 20, i
            if (i % 4 == 0) printf "DEL k:%d\r\n", i * 31 % 10007
            if (i % 5 == 0) printf "LPOP l:%d\r\n", i % 300
            if (i % 50 == 0) printf "LRANGE l:%d 0 -1\r\n", i % 300
        }
    }' | redis-cli -p "$port" | md5sum
    redis-cli -p "$port" debug digest
    redis-cli -p "$port" debug reload
    redis-cli -p "$port" debug digest
    redis-cli -p "$port" save
    redis-cli -p "$port" dbsize
    redis-cli -p "$port" eval \
        'local t = {} for i = 1, 20000 do t[i] = i .. "x" end
         return #table.concat(t)' 0
}

bench() {
    redis-benchmark -p "$port" -q -n 4000 -c 20 -P 4 \
        -t set,get,lpush,lpop,sadd,hset,zadd,lrange_100,mset >bench 2>&1 ||
        fail "redis-benchmark: $(cat bench)"
}

start redis-server
load >own
stop
start "$mneme" run -- redis-server
load >mneme
bench
redis-cli -p "$port" bgrewriteaof >/dev/null
redis-cli -p "$port" bgsave >/dev/null 2>&1 || true
redis-cli -p "$port" memory purge >/dev/null
redis-cli -p "$port" config set activedefrag yes >defrag 2>&1 || true
bench
stop
same own mneme "redis-server"
[ "$(grep -c . mneme)" -ge 7 ] || fail "too few replies: $(cat mneme)"
checked "redis-server: replies, reload, save, benchmark, fork, defrag:" \
    "$(cat defrag)"
