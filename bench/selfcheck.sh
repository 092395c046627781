#!/bin/sh
# selfcheck.sh BUILD DIRECTORY - do the verdicts hold? Three duets of a tenk-serve with itself, resampled:
#
#   aa      two copies: how often is a difference claimed that is not there
#   plus2   new burns 2 % more CPU time per request (BUILD/handicap/tenk-serve): how often is it found, alternating
#   plus1   new burns 1 % more: how often is it found with both at the same time
#
# What must hold: at most 1 % false alarms, and either difference called worse in 95 % of the sessions of a minute.
# A run that is there is not measured again, one that was cut short is completed. Each takes a minute and a half on a machine that
# does nothing else. SELFCHECK_RUN is a command to run each measurement with ("nice -n -5"). What came out stands as a Markdown
# table in BUILD/selfcheck.md.
# Exit: 0 all of it holds; 1 something does not, or a measurement failed; 2 wrong usage.
set -eu

if [ $# -ne 2 ]; then
    echo "usage: bench/selfcheck.sh BUILD DIRECTORY" >&2
    exit 2
fi
build=$(cd "$1" && pwd)
mkdir -p "$2"
directory=$(cd "$2" && pwd)
run=${SELFCHECK_RUN:-}

# bench NAME ARGUMENT... - runs tenk-bench; what it says goes to NAME.out and NAME.log.
bench() {
    name=$1
    shift
    $run "$build/tenk-bench" "$@" >"$directory/$name.out" 2>"$directory/$name.log" || {
        cat "$directory/$name.log" >&2
        exit 1
    }
}

# measure NAME ARGUMENT... - the duet of that name, new, completed, or only reported.
measure() {
    name=$1
    shift
    if [ -f "$directory/$name/run.json" ]; then
        set -- --resume "$directory/$name"
    else
        set -- "$@" --no-cost -o "$directory/$name"
    fi
    echo "== $name"
    bench "$name" --aa "$@"
    cat "$directory/$name.out"
}

# claim NAME SCHEME COMPARISON PER_CENT - is the share of the sessions under "alternating" or "at the same time" as it must be?
missed=0 targets=
claim() {
    share=$(sed -n "s/^ *$2, pairs, cpu  *[0-9]*  *\([0-9.]*\) %.*/\1/p" "$directory/$1.out")
    if awk -v share="${share:-none}" -v most="$4" "BEGIN { exit !(share != \"none\" && share $3 most) }"; then
        word=holds
    else
        word=SHORT missed=1
    fi
    said="$1, $2: ${share:-no} % of the sessions, must be $3 $4 %: $word"
    echo "  $said"
    targets="$targets* $said
"
}

# cost RUN KIND - microseconds of CPU time per request of base in that run: alone (timing) or both (duet).
cost() {
    "$build/tenk-compare" "$directory/$1" --json | awk -v kind="\"$2\"," '
        $1 == "\"kind\":" { this = $2 }
        $1 == "\"metric\":" { metric = $2 }
        $1 == "\"base\":" && this == kind && metric == "\"cpu\"," { sub(",", "", $2); print $2; exit }'
}

# plant NAME PER_CENT KIND - the duet with so much planted, of what a request costs as measured for half a minute before it: a
# virtual machine may be a third slower than a minute ago. A run that is completed keeps what was planted at its start.
plant() {
    if [ ! -f "$directory/$1/run.json" ]; then
        rm -rf "$directory/$1-before"
        bench "$1-before" --duet "$base" "$base" -n 12 --no-cost -o "$directory/$1-before"
        before=$(cost "$1-before" "$3")
        planted=$(awk -v us="$before" -v percent="$2" 'BEGIN { printf "%.1f", us * 10 * percent }')
        echo "planted for $1: $planted ns of $before us"
        server "$1" "$planted" >/dev/null
    fi
    measure "$1" --duet "$base" "$directory/$1.sh"
}

# server NAME NANOSECONDS - a tenk-serve that burns so much per request.
server() {
    {
        echo '#!/bin/sh'
        echo "TENK_HANDICAP_NS='$2' exec '$build/handicap/tenk-serve' \"\$@\""
    } >"$directory/$1.sh"
    chmod +x "$directory/$1.sh"
    echo "$directory/$1.sh"
}

# table - the lines about sessions of the three runs side by side, with the targets bold, and the differences they resample.
table() {
    sed -n '3s/ *$//p; s/^### \(duet: .*\)/\1:/p' "$directory/aa/results.md"
    echo
    echo '| two servers, compared | sessions | aa: false alarms | found in 95 % from | plus2: called worse | plus1: called worse |'
    echo '|---|---:|---:|---:|---:|---:|'
    awk -F '   *' '
        function cell(run, scheme, bold) { return bold ? "**" share[run, scheme] "**" : share[run, scheme] }
        FNR == 1 { run++ }
        /^  [a-z].*, (cpu|req\/s) .* %/ { share[run, $2] = $4; if (run == 1) { scheme[++count] = $2; sessions[$2] = $3; from[$2] = $5 } }
        END { for (i = 1; i <= count; i++) { s = scheme[i]; paired = s ~ /pairs/
                  printf "| %s | %s | %s | %s | %s | %s |\n", s, sessions[s], cell(1, s, paired), from[s],
                         cell(2, s, s ~ /^alternating/), cell(3, s, s ~ /^at the same time/) } }' \
        "$directory/aa.out" "$directory/plus2.out" "$directory/plus1.out"
    echo
    printf %s "$targets"
    for name in aa plus2 plus1; do
        sed -n "s/^new over base, /* $name, new over base, /p" "$directory/$name.out"
    done
}

measure aa
base=$(server base 0)
plant plus2 2 timing
plant plus1 1 duet
echo "targets"
claim aa alternating '<=' 1
claim aa 'at the same time' '<=' 1
claim plus2 alternating '>=' 95
claim plus1 'at the same time' '>=' 95
table >"$build/selfcheck.md"
exit $missed
