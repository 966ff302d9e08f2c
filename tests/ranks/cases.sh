# Cases of the scripts of this folder, and their count. A script that includes it has a folder,
# $work, until it ends. It may put `clean` in place of ours, and calls `report` last.
# shellcheck shell=bash
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
log=$work/case.log
running=    # process of the case that runs
limit=120   # seconds that a case may take
succeeded=0 failed=0 skipped=0
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMP_WAIT_POLICY=passive

# In a case: ends it. Status 77 stands for "skipped".
fail() { echo "$*"; exit 1; }
skip() { echo "$*"; exit 77; }

need() { # PROGRAM PACKAGE
  command -v "$1" >/dev/null || skip "$1 is not there: apt-get install $2"
}

need_root() { ((EUID == 0)) || skip "$1 needs root"; }

clean() { rm -rf "$work"; }

end() {
  [[ -z $running ]] || kill -- "-$running" 2>/dev/null || true
  clean
}
trap end EXIT

# check NAME COMMAND...: one case. What it prints stands below its line, indented. Its process group
# ends at the limit.
check() {
  local name=$1 status=0 tenths=0
  shift
  set -m
  ("$@") >"$log" 2>&1 </dev/null &
  running=$!
  set +m
  while kill -0 "$running" 2>/dev/null && ((tenths++ < 10 * limit)); do sleep 0.1; done
  if kill -0 "$running" 2>/dev/null; then
    kill -- "-$running" || true
    echo "longer than $limit s" >>"$log"
  fi
  wait "$running" || status=$?
  running=
  case $status in
    0) succeeded=$((succeeded + 1)) && echo "passed $name" ;;
    77) skipped=$((skipped + 1)) && echo "skipped $name" ;;
    *) failed=$((failed + 1)) && echo "failed $name" ;;
  esac
  sed 's/^/  /' "$log"
}

# As the test executables count, for the script that adds all up.
report() {
  printf '  succeeded: %d\n  failed: %d\n  skipped: %d\n' $succeeded $failed $skipped
  printf '%d passed, %d failed, %d skipped\n' $succeeded $failed $skipped
  ((failed == 0))
}

# write_recipe: a training of 32 steps, two passes each, that ends within seconds.
write_recipe() {
  cat >"$work/recipe.json" <<'JSON'
{ "name": "ranks",
  "data": { "dataset": "synthetic", "extents": [8, 8], "classes": 4, "trainingSamples": 64 },
  "model": { "downsampling": "squeeze", "stages": [ { "blocks": 2, "channels": 4 } ] },
  "training": { "epochs": 4, "batchSize": 4, "accumulate": 2, "sumInRankOrder": true } }
JSON
}

train() { # NAME OPTION...: the words of a command
  echo train --recipe "$work/recipe.json" --output "$work/$1" --threads 1 "${@:2}"
}

milliseconds() { echo $(($(date +%s%N) / 1000000)); }

digest() { # NAME: of the weights and the optimiser's state at the end
  local newest
  newest=$(find "$work/$1/checkpoints" -maxdepth 1 -name 'step-*' | sort | tail -n 1)
  cat "$newest"/{model,optimizer}.safetensors | sha256sum | cut -c1-16
}

require_equal() { # NAME NAME
  [[ $(digest "$1") == "$(digest "$2")" ]] || fail "$2 ends with other weights than $1"
}
