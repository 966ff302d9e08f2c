# What the build says: one line per stage; everything else goes to artifacts/logs.
# shellcheck shell=bash

if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
  bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' dim=$'\e[2m' reset=$'\e[0m'
else
  bold='' green='' red='' dim='' reset=''
fi

# fail TEXT...: one paragraph that names what is wrong and what to do, then the end.
fail() {
  printf '%serror%s: %s\n' "$red" "$reset" "$*" >&2
  exit 1
}

# line MARK NAME REMARK: in the place of what `running` wrote.
line() {
  if [[ -t 1 ]]; then printf '\r\e[K'; fi
  printf '%s %-34s %s%s%s\n' "$1" "$2" "$dim" "$3" "$reset"
}

# running NAME: what is being done now, on a terminal only.
running() {
  if [[ -t 1 ]]; then printf '· %s' "$1"; fi
}

# Microseconds. The decimal separator of EPOCHREALTIME depends on the locale, so it is dropped.
now() { echo "${EPOCHREALTIME//[!0-9]/}"; }

# since START: "3.2 s"
since() {
  local tenths=$((($(now) - $1) / 100000))
  echo "$((tenths / 10)).$((tenths % 10)) s"
}

# The compilers' errors if the log has any, once each, with paths from the root; otherwise the log's last lines.
excerpt() {
  local errors
  errors=$(sed "s| \[$root/[^]]*\]\$||; s|$root/||g" "$1" | awk '/(^|[: ])(fatal )?error( [A-Z]+[0-9]*)? ?:|CMake Error|^E: / && !seen[$0]++' |
    sed -n 1,20p)
  if [[ -n $errors ]]; then echo "$errors"; else tail -n 20 "$1"; fi
}

# stage NAME LOG COMMAND...: runs the command with its output in artifacts/logs/LOG.log. The command is not a function of
# several steps: `set -e` does not hold inside it.
stage() {
  local name=$1 log=$logs/$2.log start status=0
  shift 2
  start=$(now)
  mkdir -p "$logs"
  running "$name"
  "$@" >"$log" 2>&1 </dev/null || status=$?
  if ((status == 0)); then
    line "$green✓$reset" "$name" "$(since "$start")"
  else
    line "$red✗$reset" "$name" "$(since "$start")"
    excerpt "$log" >&2
    fail "the stage \"$name\" ended with status $status. The lines above are from ${log#"$root"/}, which has the rest."
  fi
}
