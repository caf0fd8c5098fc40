#!/usr/bin/env bash
# Set up (first start only), then run the fast tests.
#   scripts/test.sh                      all but those marked slow
#   scripts/test.sh tests/snap_tf -x     pytest's arguments, paths from the top of the checkout
#   scripts/test.sh -m slow              the slow ones
set -euo pipefail
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}" || echo "${BASH_SOURCE[0]}")")/environment.sh"

# One process per core, as far as memory goes: a process with TensorFlow takes up to 2 GB.
n_processes() {
    local n n_fit quota period
    n=$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN)
    if read -r quota period 2>/dev/null </sys/fs/cgroup/cpu.max && [ "$quota" != max ]; then
        n_fit=$(((quota + period - 1) / period))
        [ "$n" -le "$n_fit" ] || n=$n_fit
    fi
    if [ -r /proc/meminfo ]; then
        n_fit=$(awk '/^MemAvailable/ { print int($2 / 2000000) }' /proc/meminfo)
        [ "$n" -le "$n_fit" ] || n=$n_fit
    fi
    [ "$n" -le 8 ] || n=8
    [ "$n" -ge 1 ] || n=1
    echo "$n"
}

cd "$project"
exec "$python" -m pytest -m "not slow" -n "$(n_processes)" "$@"
