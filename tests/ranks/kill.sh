#!/usr/bin/env bash
# kill.sh [COUNT [SEED [REVUP]]]: trains on two ranks, kills one of them at a random moment, waits
# for the others to end, and resumes to the end; COUNT times (20), under Open MPI and MPICH in turns.
# Prints a row of a table for each, and fails unless every run ends with the bytes of one process.
# REVUP is the tool, artifacts/revup by default.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
count=${1:-20}
RANDOM=${2:-1}
revup=$(realpath "${3:-$root/artifacts/revup}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMP_WAIT_POLICY=passive

cat > "$work/recipe.json" <<'EOF'
{ "name": "kill",
  "data": { "dataset": "synthetic", "extents": [12, 12], "classes": 4, "trainingSamples": 256, "padding": 1,
    "flip": true },
  "model": { "downsampling": "squeeze", "stages": [ { "blocks": 2, "channels": 8 }, { "blocks": 1,
    "channels": 32, "width": 8 } ] },
  "training": { "epochs": 5, "evaluateEveryEpochs": 5, "batchSize": 8, "accumulate": 2, "sumInRankOrder": true,
    "checkpointEverySteps": 2 } }
EOF

fail() { echo "failed: $*" >&2; exit 1; }

milliseconds() { echo $(($(date +%s%N) / 1000000)); }

launch() { # openmpi|mpich NAME: two ranks in the background; $! is their launcher
  local words=(mpirun.mpich)
  [[ $1 == openmpi ]] && words=(mpirun.openmpi --bind-to none --oversubscribe)
  "${words[@]}" -np 2 "$revup" train --recipe "$work/recipe.json" --output "$work/$2" --threads 1 --resume auto \
    > "$work/$2.log" 2>&1 &
}

wait_for_first_step() { # PROCESS NAME
  until grep -q 'step [0-9]' "$work/$2.log"; do
    kill -0 "$1" 2>/dev/null || fail "$2: $(cat "$work/$2.log")"
    sleep 0.02
  done
}

rank() { # NAME NUMBER: the process id
  local process
  for process in $(pgrep -f "RevUp.Cli.* --output $work/$1 "); do
    if tr '\0' '\n' < "/proc/$process/environ" | grep -qxE "(OMPI_COMM_WORLD_RANK|PMI_RANK)=$2" \
      && tr '\0' '\n' < "/proc/$process/cmdline" | head -1 | grep -q RevUp.Cli; then
      echo "$process"
    fi
  done
}

newest() { ls "$work/$1/checkpoints" 2>/dev/null | sort | tail -1; }

digest() { cat "$work/$1/checkpoints/$(newest "$1")"/{model,optimizer}.safetensors | sha256sum | cut -c1-16; }

"$revup" train --recipe "$work/recipe.json" --output "$work/whole" --threads 1 > "$work/whole.log" 2>&1
launch openmpi timed
launcher=$!
wait_for_first_step $launcher timed
start=$(milliseconds)
wait $launcher || fail "the timed run: $(cat "$work/timed.log")"
duration=$(($(milliseconds) - start))
[[ $(digest timed) == "$(digest whole)" ]] || fail "two ranks differ from one process"

echo '| MPI | no. | rank | after, ms | all ended after, ms | newest checkpoint | resumed run |'
echo '| --- | ---: | ---: | ---: | ---: | --- | --- |'
equal=0
for ((number = 1; number <= count; number++)); do
  mpi=$([[ $((number % 2)) == 1 ]] && echo openmpi || echo mpich)
  moment=$((RANDOM * duration / 32768))
  victim=$((RANDOM % 2))
  launch $mpi run
  launcher=$!
  wait_for_first_step $launcher run
  sleep "$(printf '%d.%03d' $((moment / 1000)) $((moment % 1000)))"
  process=$(rank run $victim)
  ended="over before"
  if [[ -n $process ]] && kill -9 "$process" 2>/dev/null; then
    start=$(milliseconds)
    wait $launcher || true
    while [[ -n $(rank run 0)$(rank run 1) ]]; do sleep 0.02; done
    ended=$(($(milliseconds) - start))
  else
    wait $launcher || true
  fi
  checkpoint=$(newest run)
  launch $mpi run
  wait $! || fail "the resumed run: $(cat "$work/run.log")"
  verdict=different
  if [[ $(digest run) == "$(digest whole)" ]]; then
    verdict=equal
    equal=$((equal + 1))
  fi
  echo "| $mpi | $number | $victim | $moment | $ended | ${checkpoint:-none yet} | $verdict |"
  rm -rf "$work/run" "$work/run.log"
done
echo
echo "Equal: $equal of $count."
[[ $equal == "$count" ]]
