#!/bin/sh
# SPDX-License-Identifier: MIT
# Programs that were built for libgc.so.1 print the same on Mneme's: a browser,
# three language run times with threads, finalizers and weak tables, and small
# tools. The second run of each collects every 64 KiB.
. "$(dirname "$0")/common"
need w3m guile neko nekoc ecl chase mmv debfoster
library=$MNEME_BUILD/lib/mneme
export HOME="$work"

# alike WHAT COMMAND...: it ends with status 0 and prints the same on both.
alike() {
    what=$1
    shift
    "$@" >own 2>&1 </dev/null || {
        cat own >&2
        fail "$what: status $? on libgc"
    }
    for size in 8M 64k; do
        GC_INITIAL_HEAP_SIZE=$size LD_LIBRARY_PATH=$library \
            "$@" >mneme 2>&1 </dev/null || {
            tail mneme >&2
            fail "$what: status $? on Mneme"
        }
        same own mneme "$what"
    done
    [ -s own ] || fail "$what: prints nothing"
    checked "$what"
}

# The library is taken, and not only asked for.
for program in w3m guile neko ecl chase mmv debfoster; do
    LD_LIBRARY_PATH=$library ldd "$(command -v $program)" |
        grep -q "$library/libgc.so.1" || fail "$program: another libgc"
done

awk 'BEGIN {
    print "<html><title>Tables</title><body><h1>Tables &amp; lists</h1>"
    for (i = 0; i < 1500; i++) {
        printf "<p>Paragraph %d, <a href=l%d>a link</a>, <b>bold</b>.", i, i
        printf "<table border=1><tr><td>%d<td>%d<tr><td colspan=2>", i, i * i
        for (k = 0; k < i % 40; k++) printf "word "
        print "</table><ul><li>one<ol><li>two<li>three</ol></ul>"
    }
    print "<form><input name=a value=b><select><option>x</select></form>"
}' >page.html
printf '<pre>a  b\n\tc</pre><dl><dt>t<dd>d</dl><img alt=picture src=x>' >b.html
alike "w3m: a page of tables" w3m -dump -T text/html page.html
[ "$(wc -l <own)" -gt 10000 ] || fail "w3m did too little"
alike "w3m: narrow" w3m -dump -cols 40 -T text/html page.html
alike "w3m: several pages" w3m -dump -T text/html b.html
alike "w3m: source" w3m -dump_source page.html

cp "$here/libgc.scm" "$here/libgc.lisp" "$here/libgc.neko" .
export GUILE_AUTO_COMPILE=0
alike "guile: threads, weak tables, guardians" guile libgc.scm
alike "ecl: threads, classes, strings" ecl --norc --shell libgc.lisp
alike "nekoc" sh -c 'nekoc libgc.neko && md5sum libgc.n'
alike "neko: threads, objects, tables" neko libgc.n

mkdir files
for i in 1 2 3 4 5 6 7 8 9; do
    echo $i >files/name$i.txt
    ln -s name$i.txt files/link$i
done
alike "mmv" mmv -n 'files/name*.txt' 'files/#1.text'
alike "chase" chase files/link1 files/link2 files/link3
alike "debfoster" debfoster --help
