#!/usr/bin/env bash
# kill.sh [COUNT [SEED [REVUP]]]: trains on two ranks, kills one of them at a random moment, waits
# for the others to end, and resumes to the end; COUNT times (20), under Open MPI and MPICH in turns.
# Every run must end with the bytes of one process. REVUP is the tool, artifacts/revup by default.
source "$(dirname "$0")/cases.sh"

count=${1:-20}
RANDOM=${2:-1}
revup=$(realpath "${3:-$root/artifacts/revup}")
duration=0

write_recipe() {
  cat >"$work/recipe.json" <<'JSON'
{ "name": "kill",
  "data": { "dataset": "synthetic", "extents": [12, 12], "classes": 4, "trainingSamples": 256, "padding": 1,
    "flip": true },
  "model": { "downsampling": "squeeze", "stages": [ { "blocks": 2, "channels": 8 }, { "blocks": 1,
    "channels": 32, "width": 8 } ] },
  "training": { "epochs": 5, "evaluateEveryEpochs": 5, "batchSize": 8, "accumulate": 2, "sumInRankOrder": true,
    "checkpointEverySteps": 2 } }
JSON
}

launch() { # openmpi|mpich NAME: two ranks in the background; $! is their launcher
  local words=(mpirun.mpich)
  [[ $1 == openmpi ]] && words=(mpirun.openmpi --bind-to none --oversubscribe)
  # shellcheck disable=SC2046 # words of a command
  "${words[@]}" -np 2 "$revup" $(train "$2" --resume auto) >"$work/$2.log" 2>&1 &
}

wait_for_first_step() { # PROCESS NAME
  until grep -qs 'step [0-9]' "$work/$2.log"; do
    kill -0 "$1" 2>/dev/null || fail "$2: $(cat "$work/$2.log")"
    sleep 0.02
  done
}

rank() { # NUMBER: the process id
  local process
  for process in $(pgrep -f "RevUp.Cli.* --output $work/run "); do
    if tr '\0' '\n' <"/proc/$process/environ" | grep -qxE "(OMPI_COMM_WORLD_RANK|PMI_RANK)=$1" \
      && tr '\0' '\n' <"/proc/$process/cmdline" | head -1 | grep -q RevUp.Cli; then
      echo "$process"
    fi
  done 2>/dev/null
}

# One process, and the time that two ranks take from their first step to the end.
prepare() {
  local launcher start
  need mpirun.openmpi openmpi-bin
  need mpirun.mpich mpich
  need pgrep procps
  write_recipe
  # shellcheck disable=SC2046
  "$revup" $(train whole) >"$work/whole.log" 2>&1 || fail "$(cat "$work/whole.log")"
  launch openmpi timed
  launcher=$!
  wait_for_first_step $launcher timed
  start=$(milliseconds)
  wait $launcher || fail "$(cat "$work/timed.log")"
  echo $(($(milliseconds) - start)) >"$work/duration"
  require_equal whole timed
}

kill_and_resume() { # openmpi|mpich VICTIM MOMENT
  local launcher process start checkpoint
  rm -rf "$work/run" "$work/run.log"
  launch "$1" run
  launcher=$!
  wait_for_first_step $launcher run
  sleep "$(printf '%d.%03d' $(($3 / 1000)) $(($3 % 1000)))"
  process=$(rank "$2")
  if [[ -n $process ]] && kill -9 "$process" 2>/dev/null; then
    start=$(milliseconds)
    wait $launcher || true
    while [[ -n $(rank 0)$(rank 1) ]]; do sleep 0.02; done
    echo "all ended after $(($(milliseconds) - start)) ms"
  else
    wait $launcher || true
    echo "the run had ended before"
  fi
  checkpoint=$(find "$work/run/checkpoints" -maxdepth 1 -name 'step-*' 2>/dev/null | sort | tail -n 1 || true)
  launch "$1" run
  wait $! || fail "the resumed run: $(cat "$work/run.log")"
  require_equal whole run
  echo "resumed from ${checkpoint##*/} to the bytes of one process"
}

check "one process and two ranks end alike" prepare
[[ ! -s $work/duration ]] || duration=$(<"$work/duration")
for ((number = 1; duration > 0 && number <= count; number++)); do
  mpi=$([[ $((number % 2)) == 1 ]] && echo openmpi || echo mpich)
  moment=$((RANDOM * duration / 32768)) victim=$((RANDOM % 2))
  check "kill $number under $mpi: rank $victim, $moment ms after its first step" \
    kill_and_resume $mpi $victim $moment
done
report
