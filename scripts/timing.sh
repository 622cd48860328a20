# Shared by the scripts that time builds; to be sourced.

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
median() { sort -n | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'; }
