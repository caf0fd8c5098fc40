# shellcheck shell=bash
# Sourced by demo.sh and reproduce/*.sh: a step is a command that is not run again where its result exists.
# Where `journal` names a file, every step that ends well is written into it: title, command, time, what it printed.
# Needs `python`, see environment.sh.

note_step() { # title, seconds, file with what was printed (none: the step was done before), command...
    [ -n "${journal:-}" ] || return 0
    "$python" - "$journal" "$@" <<'PYTHON'
import datetime, json, pathlib, shlex, sys
journal, title, seconds, printed, *command = sys.argv[1:]
journal = pathlib.Path(journal)
if not printed and journal.exists() and json.dumps(title, ensure_ascii=False) in journal.read_text(encoding="utf-8"):
    sys.exit()
entry = {"title": title, "command": shlex.join(command), "seconds": float(seconds),
         "ended": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
         "output": pathlib.Path(printed).read_text(encoding="utf-8", errors="replace") if printed else ""}
with journal.open("a", encoding="utf-8") as file:
    file.write(json.dumps(entry, ensure_ascii=False) + "\n")
PYTHON
}

# What the commands write appears whole or not at all, so a result that exists is a result that is finished.
step() { # title, what exists when it is done (empty: always run), command...
    local title=$1 result=$2 started=$SECONDS status=0 printed
    shift 2
    printf '\n== %s\n    %s\n' "$title" "$*"
    if [ -n "$result" ] && [ -e "$result" ]; then
        note_step "$title" 0 "" "$@" # where the journal was lost
        echo "   done before: $result"
        return
    fi
    printed=$(mktemp)
    "$@" | tee "$printed" || status=${PIPESTATUS[0]} # progress goes to stderr and stays visible
    [ "$status" -ne 0 ] || note_step "$title" "$((SECONDS - started))" "$printed" "$@"
    rm -f "$printed"
    [ "$status" -eq 0 ] || return "$status"
    echo "   took $((SECONDS - started)) s"
}
