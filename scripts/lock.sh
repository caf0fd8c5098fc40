#!/usr/bin/env bash
# Write the lock files again, after a change of setup.py or requirements/*/pyproject.toml.
#   scripts/lock.sh             keep every version that still fits
#   scripts/lock.sh --upgrade   take the newest of everything
# Needs uv (python -m pip install uv).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../requirements"

lock() { # environment, its extras
    local environment=$1 extras=() extra marker
    shift
    for extra in "$@"; do extras+=(--extra "$extra"); done
    (
        cd "$environment" # uv reads the constraints and platforms from the pyproject.toml here
        uv pip compile ../../setup.py ${extras[@]+"${extras[@]}"} --universal --python-version 3.11 --quiet \
            --custom-compile-command scripts/lock.sh --output-file lock.txt ${options[@]+"${options[@]}"}
        # a package needed everywhere carries the marker "on any of our platforms": only longer to read
        marker=$(sed -n 's/^tensorflow==[^;]*\( ; .*\)/\1/p' lock.txt)
        awk -v marker="$marker" 'substr($0, length($0) - length(marker) + 1) == marker {
            $0 = substr($0, 1, length($0) - length(marker)) } 1' lock.txt >lock.new
        mv lock.new lock.txt
    )
    echo "requirements/$environment/lock.txt: $(grep -c '^[a-z]' "$environment/lock.txt") pins"
}

command -v uv >/dev/null || { echo "error: uv must be on the PATH; run: python -m pip install uv" >&2; exit 2; }
options=("$@")
lock tf217 io synth dev
lock tf221 jax synth dev
