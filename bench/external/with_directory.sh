# Sourced by the scripts beside it: runs a server of somebody else's that needs a directory of its own for its
# configuration. The directory goes when the server ends; SIGTERM is passed on, as tenk-bench expects.
#
#   directory             set here
#   run_server COMMAND...  in the foreground until SIGTERM; exit 0 when the server ended by it

directory=$(mktemp -d /tmp/tenk-external-XXXXXX)
chmod 755 "$directory"
server=

stop_server() {
    [ -z "$server" ] || kill -TERM "$server" 2>/dev/null || :
}
trap stop_server TERM INT
trap 'rm -rf "$directory"' EXIT

run_server() {
    "$@" &
    server=$!
    # wait(1) returns early when the trap has run: the server is still ending then.
    while kill -0 "$server" 2>/dev/null; do
        wait "$server" && status=0 || status=$?
    done
    exit 0
}
