#!/usr/bin/env bash
# slurm.sh [REVUP]: trains on two ranks under a Slurm of one node that this script starts and stops.
# Needs root, slurm-wlm, munge and mpich. REVUP is the tool, artifacts/revup by default.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
revup=$(realpath "${1:-$root/artifacts/revup}")
work=$(mktemp -d)
node=$(hostname -s)
daemons=()
export SLURM_CONF=$work/slurm.conf

clean() {
  for process in "${daemons[@]}"; do kill "$process" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}

fail() { echo "failed: $*" >&2; tail -5 "$work"/*.log >&2 || true; exit 1; }

start_slurm() {
  mkdir -p "$work/state" "$work/spool"
  cat > "$SLURM_CONF" <<EOF
ClusterName=revup
SlurmctldHost=$node(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$work/munge/socket
CryptoType=crypto/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
NodeName=$node NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=$node Default=YES State=UP
EOF
  # munge wants folders that others cannot write.
  mkdir -m 755 "$work/munge"
  chmod 755 "$work"
  head -c 1024 /dev/urandom > "$work/munge/key"
  chmod 400 "$work/munge/key"
  munged --foreground --force --key-file "$work/munge/key" --socket "$work/munge/socket" \
    --pid-file "$work/munge/pid" --log-file "$work/munge/log" --seed-file "$work/munge/seed" \
    > "$work/munged.log" 2>&1 &
  daemons+=($!)
  until [[ -S $work/munge/socket ]]; do
    kill -0 ${daemons[0]} 2>/dev/null || fail munged
    sleep 0.1
  done
  slurmctld -D > "$work/slurmctld.log" 2>&1 &
  daemons+=($!)
  slurmd -D -N "$node" > "$work/slurmd.log" 2>&1 &
  daemons+=($!)
  for _ in {1..100}; do
    [[ $(sinfo -h -o %T 2>/dev/null) == idle ]] && return
    sleep 0.2
  done
  fail "the node is $(sinfo -h -o %T 2>&1)"
}

train() { # NAME OPTION...
  echo train --recipe "$work/recipe.json" --output "$work/$1" --threads 1 "${@:2}"
}

digest() { cat "$work/$1"/checkpoints/*/model.safetensors | sha256sum | cut -c1-16; }

[[ $(id -u) == 0 ]] || fail "the daemons need root"
trap clean EXIT
cat > "$work/recipe.json" <<'EOF'
{ "name": "slurm",
  "data": { "dataset": "synthetic", "extents": [8, 8], "classes": 4, "trainingSamples": 64 },
  "model": { "downsampling": "squeeze", "stages": [ { "blocks": 2, "channels": 4 } ] },
  "training": { "epochs": 4, "batchSize": 4, "accumulate": 2, "sumInRankOrder": true } }
EOF
start_slurm
echo "$(slurmctld -V) on one node"
export OMP_WAIT_POLICY=passive
# shellcheck disable=SC2046 # words of a command
"$revup" $(train alone) > "$work/alone.log" 2>&1 || fail "one process"

# shellcheck disable=SC2046
srun --mpi=pmi2 -n 2 --kill-on-bad-exit=1 "$revup" $(train ranks) > "$work/ranks.log" 2>&1 || fail "srun"
grep -ho 'on 2 ranks of .*' "$work/ranks.log" | head -1
[[ $(digest alone) == "$(digest ranks)" ]] || fail "other weights than one process"
echo "srun --mpi=pmi2: weights equal to one process ($(digest ranks))"

# A script of sbatch is one process, however many tasks its allocation has.
cat > "$work/job" <<EOF
#!/bin/bash
exec "$revup" $(train script)
EOF
sbatch -W -n 2 -o "$work/script.log" "$work/job" > "$work/sbatch.log" 2>&1 || fail "sbatch"
[[ $(digest alone) == "$(digest script)" ]] || fail "sbatch: other weights than one process"
grep -q 'ranks of' "$work/script.log" && fail "sbatch: a script took itself for ranks"
echo "sbatch without srun: one process ($(digest script))"

# A signal for the step stops all ranks with a checkpoint.
# shellcheck disable=SC2046
srun --mpi=pmi2 -n 2 --kill-on-bad-exit=1 "$revup" $(train stopped --set training.epochs=100000) \
  > "$work/stopped.log" 2>&1 &
step=$!
until grep -q 'step 5/' "$work/stopped.log" 2>/dev/null; do
  kill -0 $step 2>/dev/null || fail "srun ended early"
  sleep 0.1
done
scancel -s USR1 "$(squeue -h -o %A | head -1)"
wait $step || true
grep -o 'Stopped after step [0-9]* with the checkpoint' "$work/stopped.log" || fail "scancel -s USR1: no checkpoint"
