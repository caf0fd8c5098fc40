# shellcheck shell=bash disable=SC2034
# Sourced by demo.sh and test.sh: find Python, make the virtual environment once, put it on the PATH.
# Sets: project (the checkout), venv, python.
#
#   PYTHON            the Python to build on; else the first of python3.12, python3.11, python3.13, ... that works
#   WAVEGAN_TF_VENV   where the environment lives (default: .venv in the checkout)
#   WAVEGAN_TF_ENV    tf217 or tf221 instead of the one that suits this machine, in .venv-tf217 or .venv-tf221

project=$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 2
}

# Whether a command is a Python that can build the environment. Version managers put commands on the PATH
# that exist and yet fail, so each is run. Prints its version; the exit code is 3 without ensurepip.
try_python() { # command, newest minor version allowed
    "$1" - "$2" 2>/dev/null <<'PYTHON'
import sys
print("%d.%d" % sys.version_info[:2])
if not (3, 11) <= sys.version_info[:2] <= (3, int(sys.argv[1])):
    sys.exit(1)
try:
    import ensurepip, venv
except ImportError:
    sys.exit(3)
PYTHON
}

find_python() { # newest minor version allowed, commands in order of preference; sets base_python
    local newest=$1 candidate version status without_ensurepip=
    shift
    for candidate in "$@"; do
        command -v "$candidate" >/dev/null || continue
        status=0
        version=$(try_python "$candidate" "$newest") || status=$?
        case $status in
            0) base_python=$candidate && return ;;
            3) without_ensurepip=$candidate ;;
        esac
    done
    [ -z "$without_ensurepip" ] || fail \
        "$without_ensurepip cannot make virtual environments (its module ensurepip is missing); install it (Debian," \
        "Ubuntu: sudo apt install python3-venv), or set PYTHON to another Python"
    [ -z "${PYTHON:-}" ] || fail \
        "PYTHON (=$PYTHON) must be Python 3.11 to 3.$newest; it ${version:+is Python }${version:-does not run}"
    fail "Python 3.11 to 3.$newest must be on the PATH (tried: $*); install it, or set PYTHON to where it is"
}

# The stamp holds what the environment was made from, so that looking whether it is up to date takes no Python.
is_ready() {
    local environment
    [ -x "$venv/bin/python" ] || return 1
    for environment in ${WAVEGAN_TF_ENV:-tf217 tf221}; do
        {
            printf '%s\n' "$venv" "$environment" "$project"
            cat "$project/setup.py" "$project/requirements/$environment/lock.txt"
        } | cmp -s - "$venv/set-up-stamp" && return
    done
    return 1
}

set_up() {
    local newest=13 version
    case ${WAVEGAN_TF_ENV:-} in
        '') set -- python3.12 python3.11 python3.13 python3 python ;;
        tf217) newest=12 && set -- python3.12 python3.11 python3 python ;;
        tf221) set -- python3.13 python3.12 python3.11 python3 python ;;
        *) fail "WAVEGAN_TF_ENV (=$WAVEGAN_TF_ENV) must be tf217 or tf221, or unset for the one that suits" ;;
    esac
    [ -z "${PYTHON:-}" ] || set -- "$PYTHON"
    venv=${WAVEGAN_TF_VENV:-$project/.venv${WAVEGAN_TF_ENV:+-$WAVEGAN_TF_ENV}}
    case $venv in /*) ;; *) venv=$PWD/$venv ;; esac
    [ ! -d "$venv" ] || venv=$(cd -P "$venv" && pwd)
    # libraries of other environments must not get in
    unset PYTHONPATH PYTHONHOME
    export PYTHONNOUSERSITE=1

    if is_ready; then
        if [ -n "${PYTHON:-}" ]; then
            version=$(try_python "$PYTHON" "$newest") || find_python "$newest" "$PYTHON"
            [ -d "$venv/lib/python$version" ] || fail \
                "PYTHON (=$PYTHON) is Python $version, and $venv was made with another; remove that folder," \
                "or set WAVEGAN_TF_VENV to another folder"
        fi
    else
        find_python "$newest" "$@"
        "$base_python" "$project/scripts/set_up.py" "$venv" ${WAVEGAN_TF_ENV:+"$WAVEGAN_TF_ENV"} || exit
    fi
    python=$venv/bin/python
    PATH=$venv/bin:$PATH
}

set_up
