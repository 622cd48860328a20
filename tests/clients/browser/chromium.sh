# Finds Chromium, or installs the distribution's, and exports its path as CHROMIUM. To be sourced by a `run` that drives it.
# `cannot` ends that run with what it lacks.

cannot() { echo "cannot run: $*"; exit 77; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif sudo -n true 2>/dev/null; then sudo "$@"
    else return 1
    fi
}

if [ -z "${CHROMIUM:-}" ] && ! CHROMIUM=$(command -v chromium); then
    command -v apt-get >/dev/null || cannot "there is neither Chromium nor apt-get: set CHROMIUM to the browser's path"
    echo "Installing Chromium"
    packages=(chromium chromium-sandbox fonts-liberation)
    { as_root apt-get update -q && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy \
        --no-install-recommends "${packages[@]}"; } >/dev/null ||
        cannot "apt-get could not install Chromium: install it, or set CHROMIUM to its path"
    CHROMIUM=$(command -v chromium) || cannot "there is no Chromium after its installation"
fi
export CHROMIUM
