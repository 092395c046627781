#!/bin/sh
# selfcheck.sh BUILD DIRECTORY - do the verdicts hold? Three duets of a tenk-serve with itself, resampled:
#
#   aa      two copies: how often is a difference claimed that is not there
#   plus2   new burns 2 % more CPU time per request (BUILD/handicap.so): how often is it found, alternating
#   plus1   new burns 1 % more: how often is it found with both at the same time
#
# A run that is there is not measured again, one that was cut short is completed. Each takes two minutes on a machine that
# does nothing else. SELFCHECK_RUN is a command to run each measurement with ("nice -n -5").
set -eu

if [ $# -ne 2 ]; then
    echo "usage: bench/selfcheck.sh BUILD DIRECTORY" >&2
    exit 2
fi
build=$(cd "$1" && pwd)
mkdir -p "$2"
directory=$(cd "$2" && pwd)
run=${SELFCHECK_RUN:-}

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
    $run "$build/tenk-bench" --aa "$@" 2>"$directory/$name.log" || {
        cat "$directory/$name.log" >&2
        exit 1
    }
}

# cost KIND - microseconds of CPU time per request of base in the run aa: alone (timing) or both (duet).
cost() {
    "$build/tenk-compare" "$directory/aa" --json | awk -v kind="\"$1\"," '
        $1 == "\"kind\":" { this = $2 }
        $1 == "\"metric\":" { metric = $2 }
        $1 == "\"base\":" && this == kind && metric == "\"cpu\"," { sub(",", "", $2); print $2; exit }'
}

# server NAME NANOSECONDS - a tenk-serve that burns so much per request.
server() {
    {
        echo '#!/bin/sh'
        echo "export LD_PRELOAD='$build/handicap.so' TENK_HANDICAP_NS='$2'"
        echo "exec '$build/tenk-serve' \"\$@\""
    } >"$directory/$1.sh"
    chmod +x "$directory/$1.sh"
    echo "$directory/$1.sh"
}

# share US PERCENT - nanoseconds that are so many per cent of it.
share() {
    awk -v us="$1" -v percent="$2" 'BEGIN { printf "%.1f", us * 10 * percent }'
}

measure aa
base=$(server base 0)
plus2=$(share "$(cost timing)" 2)
plus1=$(share "$(cost duet)" 1)
echo "planted: $plus2 ns of $(cost timing) us, and $plus1 ns of $(cost duet) us"
echo
measure plus2 --duet "$base" "$(server plus2 "$plus2")"
measure plus1 --duet "$base" "$(server plus1 "$plus1")"
