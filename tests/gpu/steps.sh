# Steps of a part: each bounded in time, kept once it is done, and listed with its verdict in the results.
# shellcheck shell=bash

part_seconds=530

# begin PART: its steps share nine minutes from now on.
begin() {
  part=$1 failures=()
  deadline=$((SECONDS + part_seconds))
  mkdir -p "$results/done" "$results/rows" "$results/reports" "$results/verdicts"
}

# conclude: ends the run after a part with failed steps.
conclude() {
  ((${#failures[@]} == 0)) || fail "of the part $part failed: ${failures[*]}. The ends of their logs are above, the logs in" \
    "${logs#"$root"/}; the same command tries these steps again."
}

# step NAME SECONDS COMMAND...: runs it unless it is done already. A failure is shown with the end of the log, and the part goes
# on: its other steps do not depend on it, and the time of a GPU machine is short. Where they do, the status says so. A step
# that the part has no time left for ends the run, and the same command goes on there.
step() {
  local name=$1 limit=$2 log=$logs/$1.log start=$SECONDS status=0 left=$((deadline - SECONDS))
  shift 2
  if [[ -e $results/done/$name ]]; then
    line "$green✓$reset" "$name" "done before"
    return
  fi
  ((left > 20)) || fail "the nine minutes of the part $part are over before its step $name: give the same command again."
  running "$name"
  timeout -k 10 "$((limit < left ? limit : left))" "$@" >"$log" 2>&1 </dev/null || status=$?
  verdict "$name" "$( ((status == 0)) && echo passed || echo "failed ($status)")" "$((SECONDS - start)) s" "$*"
  if ((status == 0)); then
    line "$green✓$reset" "$name" "$((SECONDS - start)) s"
    touch "$results/done/$name"
    return
  fi
  line "$red✗$reset" "$name" "$((SECONDS - start)) s"
  tail -n 30 "$log" >&2
  # 124 and 137 are timeout's.
  ((limit < left || (status != 124 && status != 137))) ||
    fail "the nine minutes of the part $part ended in its step $name: give the same command again."
  failures+=("$name")
  return 1
}

# skip NAME REASON: a step that this machine has no tool for; it is listed, and it is not a success.
skip() {
  verdict "$1" skipped "" "$2"
  line - "$1" "skipped: $2"
}

verdict() { printf '| %s | %s | %s | `%s` |\n' "$1" "$2" "$3" "${4//"$root"\//}" >"$results/verdicts/$part-$1.md"; }

# rows NAME SECONDS COMMAND...: a step whose last line of output, or whose gpu-throughput.jsonl, are measured rows.
rows() {
  local name=$1 file=$results/rows/$1.jsonl
  step "$@" || return 1
  if [[ ! -e $file ]]; then
    if [[ -e $results/reports/$name/gpu-throughput.jsonl ]]; then
      cp "$results/reports/$name/gpu-throughput.jsonl" "$file"
    else
      grep '^{' "$logs/$name.log" | tail -n 1 >"$file"
    fi
  fi
}

# study NAME SECONDS STUDY OPTION...: a step that is a study of the benchmarks, with its report kept for the results.
study() {
  local name=$1 limit=$2 study=$3
  shift 3
  step "$name" "$limit" "$benchmarks" "$study" --output "$results/reports/$name" "$@"
}

# One file: the machine, every verdict, the ratios, and the report of every study under a heading of its own.
write_results() {
  local report
  {
    cat "$results/machine.md"
    printf '\n## Steps\n\n| step | verdict | time | command |\n| --- | --- | ---: | --- |\n'
    cat "$results"/verdicts/*.md 2>/dev/null
    for report in "$results/ratios.md" "$results"/reports/*/*.md; do
      if [[ -e $report ]]; then
        printf '\n'
        sed 's/^#/##/' "$report"
      fi
    done
  } >"$results/results.md"
}
