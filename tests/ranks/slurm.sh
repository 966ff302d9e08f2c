#!/usr/bin/env bash
# slurm.sh [REVUP]: trains on two ranks under a Slurm of one node that this script starts and stops.
# Needs root, slurm-wlm and munge; with GPUs, the stand-ins of tests/cuda-on-cpu. REVUP is the tool,
# artifacts/revup by default.
source "$(dirname "$0")/cases.sh"

revup=$(realpath "${1:-$root/artifacts/revup}")
node=$(hostname -s)
daemons=$work/daemons
cuda=$root/artifacts/cuda-on-cpu
export SLURM_CONF=$work/slurm.conf

clean() {
  local process
  [[ ! -e $daemons ]] || while read -r process; do
    kill "$process" 2>/dev/null || true
    for _ in {1..50}; do
      kill -0 "$process" 2>/dev/null || break
      sleep 0.1
    done
    kill -9 "$process" 2>/dev/null || true
  done < <(tac "$daemons")
  rm -rf "$work"
}

start() { # NAME COMMAND...: a daemon
  "${@:2}" >"$work/$1.log" 2>&1 &
  echo $! >>"$daemons"
}

write_configuration() {
  mkdir -p "$work/state" "$work/spool"
  # Ports of its own: the machine may be a node of a cluster.
  cat >"$SLURM_CONF" <<CONFIGURATION
ClusterName=revup
SlurmctldHost=$node(127.0.0.1)
SlurmctldPort=16817
SlurmdPort=16818
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
CONFIGURATION
}

start_slurm() {
  need_root "Slurm's daemons: each"
  need slurmctld slurm-wlm
  need munged munge
  (($(nproc) > 1)) || skip "two tasks need two processors"
  write_configuration
  # munge wants folders that others cannot write.
  mkdir -m 755 "$work/munge"
  chmod 755 "$work"
  head -c 1024 /dev/urandom >"$work/munge/key"
  chmod 400 "$work/munge/key"
  start munged munged --foreground --force --key-file "$work/munge/key" --socket "$work/munge/socket" \
    --pid-file "$work/munge/pid" --log-file "$work/munge/log" --seed-file "$work/munge/seed"
  for _ in {1..100}; do
    [[ ! -S $work/munge/socket ]] || break
    sleep 0.1
  done
  start slurmctld slurmctld -D
  start slurmd slurmd -D -N "$node"
  for _ in {1..150}; do
    [[ $(sinfo -h -o %T 2>/dev/null) != idle ]] || break
    sleep 0.2
  done
  [[ $(sinfo -h -o %T 2>&1) == idle ]] || skip "Slurm does not start on this machine: $(tail -qn 2 "$work"/*d.log)"
  slurmctld -V
  write_recipe
  # shellcheck disable=SC2046 # words of a command
  "$revup" $(train alone) >"$work/alone.log" 2>&1 || fail "$(cat "$work/alone.log")"
}

step() { # NAME OPTION... -- ARGUMENT...: two ranks under srun, to their end
  local name=$1 options=()
  shift
  while [[ $1 != -- ]]; do options+=("$1") && shift; done
  # shellcheck disable=SC2046
  srun "${options[@]}" -n 2 --kill-on-bad-exit=1 "$revup" $(train "$name" "${@:2}") >"$work/$name.log" 2>&1 \
    || fail "$(cat "$work/$name.log")"
  grep -ho 'on 2 ranks of .*' "$work/$name.log" | head -1
}

mpich() {
  need mpirun.mpich mpich
  step mpich --mpi=pmi2 --
  require_equal alone mpich
}

open_mpi() {
  need mpirun.openmpi openmpi-bin
  ldconfig -p | grep -q 'libpmix\.so ' || skip "Slurm finds no libpmix.so: apt-get install libpmix-dev"
  step openmpi --mpi=pmix --
  require_equal alone openmpi
}

# MPI of two processes that know nothing of each other.
other_protocol() {
  need mpirun.openmpi openmpi-bin
  # shellcheck disable=SC2046
  srun --mpi=none -n 2 --kill-on-bad-exit=1 "$revup" $(train none) >"$work/none.log" 2>&1 && fail "it has trained"
  grep -m 1 '\] error: ' "$work/none.log" || cat "$work/none.log"
  [[ ! -e $work/none ]] || fail "it has written a folder"
}

# A script of sbatch is one process, however many tasks its allocation has.
script() {
  cat >"$work/job" <<JOB
#!/bin/bash
exec "$revup" $(train script)
JOB
  sbatch -W -n 2 -o "$work/script.log" "$work/job" || fail "$(cat "$work/script.log")"
  require_equal alone script
  ! grep 'ranks of' "$work/script.log" || fail "it took itself for a rank"
}

# A signal for the step stops all ranks with a checkpoint.
stop() {
  local step
  need mpirun.mpich mpich
  # shellcheck disable=SC2046
  srun --mpi=pmi2 -n 2 --kill-on-bad-exit=1 "$revup" $(train stopped --set training.epochs=100000) \
    >"$work/stopped.log" 2>&1 &
  step=$!
  until grep -qs 'step 5/' "$work/stopped.log"; do
    kill -0 $step 2>/dev/null || fail "$(cat "$work/stopped.log")"
    sleep 0.1
  done
  scancel -s USR1 "$(squeue -h -o %A | head -1)"
  wait $step || true
  grep -o 'Stopped after step [0-9]* with the checkpoint' "$work/stopped.log" || fail "$(cat "$work/stopped.log")"
}

# The ranks meet by Slurm's variables, or where srun speaks MPICH's protocol, by the same.
gpus() { # none|pmi2
  [[ -e $cuda/libnccl.so.2 ]] || skip "there are no stand-ins for CUDA: ./build.sh test-ranks builds them"
  export REVUP_CUDA_LIBRARY=$cuda/libcuda.so.1 REVUP_CUDNN_LIBRARY=$cuda/libcudnn.so.9
  export REVUP_CUBLASLT_LIBRARY=$cuda/libcublasLt.so.12 REVUP_NCCL_LIBRARY=$cuda/libnccl.so.2
  export REVUP_CUDA_KERNELS=$cuda/revup_kernels.fatbin
  export REVUP_CUDA_ON_CPU_DEVICES=2 REVUP_CUDA_ON_CPU_MEMORY=134217728
  # shellcheck disable=SC2046
  [[ -e $work/gpu ]] || "$revup" $(train gpu --device cuda) >"$work/gpu.log" 2>&1 || fail "$(cat "$work/gpu.log")"
  step "gpus-$1" "--mpi=$1" -- --device cuda
  grep -q 'ranks of NCCL' "$work/gpus-$1.log" || fail "$(cat "$work/gpus-$1.log")"
  require_equal gpu "gpus-$1"
}

check "Slurm of one node, and one process" start_slurm
if [[ -e $work/alone/checkpoints ]]; then
  check "srun --mpi=pmi2 with MPICH trains what one process trains" mpich
  check "srun --mpi=pmix with Open MPI trains what one process trains" open_mpi
  check "srun --mpi=none on CPUs is refused" other_protocol
  check "sbatch without srun is one process" script
  check "scancel -s USR1 stops all ranks with a checkpoint" stop
  check "srun --mpi=none on GPUs trains what one process trains" gpus none
  check "srun --mpi=pmi2 on GPUs trains what one process trains" gpus pmi2
fi
report
