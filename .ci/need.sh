# What the runs of the second stage have in common: to be sourced.

# Ends a run that lacks something, with what that is.
cannot() { echo "cannot run: $*"; exit 77; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif sudo -n true 2>/dev/null; then sudo "$@"
    else return 1
    fi
}

# need PROGRAM PACKAGE…: sees to it that there is a program, from packages of the distribution where it is missing.
need() {
    local program=$1
    shift
    command -v "$program" >/dev/null && return
    command -v apt-get >/dev/null || cannot "$program is not installed, and there is no apt-get (Debian: $*)"
    echo "Installing $*"
    { as_root apt-get update -q && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy \
        --no-install-recommends "$@"; } >/dev/null || cannot "apt-get could not install $program (Debian: $*)"
    command -v "$program" >/dev/null || cannot "there is no $program after the installation of $*"
}

# Chromium, at the path that CHROMIUM has then.
need_chromium() {
    [ -n "${CHROMIUM:-}" ] || need chromium chromium chromium-sandbox fonts-liberation
    export CHROMIUM="${CHROMIUM:-$(command -v chromium)}"
}
