# Shared by the scripts that measure; to be sourced.

# Rebuilds one crate, its dependencies being there already.
rebuild() { # folder, cargo arguments…
    local folder=$1; shift
    touch "$folder"/src/*.rs
    cargo "$@" --quiet --manifest-path "$folder/Cargo.toml" 2>/dev/null
}
# The same; prints the processor seconds it took (user and system).
seconds() {
    local TIMEFORMAT='%U %S'
    { time rebuild "$@"; } 2>&1 | awk 'END { print $1 + $2 }'
}
# Says that something is over its limit, and has the script that sources this end with an error.
over=0
limit() { # what, value, limit
    awk "BEGIN { exit !($2 > $3) }" || return 0
    printf '%s: %s, and the limit is %s\n' "$1" "$2" "$3" >&2
    over=1
}
ratio() { awk "BEGIN { printf \"%.3f\", $1 / $2 }"; }
median() { sort -n | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'; }
