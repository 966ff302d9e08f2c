#!/usr/bin/env bash
# two-nodes.sh [REVUP [MPI...]]: trains on two "machines", which are network and UTS namespaces of
# this one with a cable between them. Then it cuts the cable: each rank must end by itself. Needs
# root and iproute2. REVUP is the tool, artifacts/revup by default; MPI is openmpi or mpich, both by
# default.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
revup=$(realpath "${1:-$root/artifacts/revup}")
mpis=("${@:2}")
((${#mpis[@]})) || mpis=(openmpi mpich)
deadline=3  # seconds that a rank waits for another
grace=5     # seconds that it may take to end after that
nodes=(revup-a revup-b)
addresses=(10.77.0.1 10.77.0.2)
work=$(mktemp -d)

clean() {
  for node in "${nodes[@]}"; do
    for process in $(ip netns pids "$node" 2>/dev/null); do kill -9 "$process" 2>/dev/null || true; done
    ip netns del "$node" 2>/dev/null || true
  done
  rm -rf "$work"
}

fail() { echo "failed: $*" >&2; exit 1; }

# A command on one of the machines, with its host name.
on() {
  local node=$1
  shift
  ip netns exec "$node" unshare --uts bash -c 'hostname "$0"; exec "$@"' "$node" "$@"
}

connect() {
  for node in "${nodes[@]}"; do
    ip netns add "$node"
    ip -n "$node" link set lo up
  done
  ip link add cable netns "${nodes[0]}" type veth peer name cable netns "${nodes[1]}"
  for i in 0 1; do
    ip -n "${nodes[$i]}" addr add "${addresses[$i]}/24" dev cable
    ip -n "${nodes[$i]}" link set cable up
  done
}

# In place of ssh: HOST COMMAND...
write_agent() {
  cat > "$work/agent" <<EOF
#!/bin/bash
while [[ \$1 == -* ]]; do shift; done
node=${nodes[0]}
[[ \$1 == ${addresses[1]} ]] && node=${nodes[1]}
shift
exec ip netns exec \$node unshare --uts bash -c "hostname \$node; \$*"
EOF
  # Messages of a rank stay on its machine: the cable may be cut.
  cat > "$work/rank" <<EOF
#!/bin/bash
exec "$revup" "\$@" 2>> "$work/messages.\$(hostname)"
EOF
  chmod +x "$work/agent" "$work/rank"
}

recipe() {
  cat > "$work/recipe.json" <<'EOF'
{ "name": "two-nodes",
  "data": { "dataset": "synthetic", "extents": [8, 8], "classes": 4, "trainingSamples": 64 },
  "model": { "downsampling": "squeeze", "stages": [ { "blocks": 2, "channels": 4 } ] },
  "training": { "epochs": 4, "batchSize": 4, "accumulate": 2, "sumInRankOrder": true } }
EOF
}

train() { # NAME OPTION...
  echo train --recipe "$work/recipe.json" --output "$work/$1" --threads 1 "${@:2}"
}

launch() { # openmpi|mpich ARGUMENT...: two ranks, one on each machine
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMP_WAIT_POLICY=passive
  local hosts="${addresses[0]}:1,${addresses[1]}:1"
  if [[ $1 == openmpi ]]; then
    on "${nodes[0]}" mpirun.openmpi -np 2 --host "$hosts" --bind-to none --mca plm_rsh_agent "$work/agent" \
      --mca oob_tcp_if_include cable --mca btl_tcp_if_include cable "$work/rank" "${@:2}"
  else
    # UCX would find shared memory: the two machines have one kernel.
    UCX_TLS=tcp,self UCX_NET_DEVICES=cable \
      on "${nodes[0]}" mpirun.mpich -genvlist UCX_TLS,UCX_NET_DEVICES,OMP_WAIT_POLICY -np 2 -hosts "$hosts" \
      -launcher ssh -launcher-exec "$work/agent" -iface cable "$work/rank" "${@:2}"
  fi
}

digest() { cat "$work/$1"/checkpoints/*/model.safetensors | sha256sum | cut -c1-16; }

ranks() { pgrep -f "^.*RevUp.Cli.* --output $work/$1 " || true; }

[[ $(id -u) == 0 ]] || fail "namespaces need root"
trap clean EXIT
clean
mkdir -p "$work"
connect
write_agent
recipe
# shellcheck disable=SC2046 # words of a command
"$revup" $(train alone) > "$work/alone.log" 2>&1 || fail "one process: $(tail -1 "$work/alone.log")"

for mpi in "${mpis[@]}"; do
  rm -f "$work"/messages.*
  # shellcheck disable=SC2046
  launch $mpi $(train $mpi) > "$work/$mpi.log" 2>&1 || fail "$mpi: $(cat "$work/$mpi.log" "$work"/messages.*)"
  grep -ho 'on 2 ranks of .*' "$work/messages.${nodes[0]}" | head -1
  [[ $(digest alone) == "$(digest $mpi)" ]] || fail "$mpi: other weights than one process"
  for node in "${nodes[@]}"; do
    grep -q "\"$node\"" "$work/$mpi/run.json" || fail "$mpi: run.json does not name $node"
  done
  echo "$mpi: ${nodes[*]}, weights equal to one process ($(digest $mpi))"

  rm -f "$work"/messages.*
  # shellcheck disable=SC2046
  launch $mpi $(train cut --set training.epochs=100000 --set training.rankTimeoutSeconds=$deadline) \
    > "$work/cut.log" 2>&1 &
  launcher=$!
  until grep -q 'step 5/' "$work/messages.${nodes[0]}" 2>/dev/null; do
    kill -0 $launcher 2>/dev/null || fail "$mpi: $(cat "$work/cut.log" "$work"/messages.*)"
    sleep 0.1
  done
  [[ $(ranks cut | wc -l) -ge 2 ]] || fail "$mpi: no two ranks"
  ip -n "${nodes[0]}" link set cable down
  start=$(date +%s%N)
  while [[ -n $(ranks cut) ]]; do
    (( $(date +%s%N) - start < (deadline + grace) * 1000000000 )) || fail "$mpi: a rank still runs: $(ranks cut)"
    sleep 0.1
  done
  echo "$mpi: cable cut, deadline $deadline s; both ranks ended after $(( ($(date +%s%N) - start) / 1000000 )) ms"
  for node in "${nodes[@]}"; do
    grep -h "on $node.*error: .*in step .*still waits for" "$work/messages.$node" \
      || fail "$mpi: $node says nothing: $(tail -3 "$work/messages.$node")"
  done
  # mpirun itself waits for the other machine.
  for node in "${nodes[@]}"; do
    for process in $(ip netns pids "$node"); do kill -9 "$process" 2>/dev/null || true; done
  done
  wait $launcher 2>/dev/null || true
  rm -rf "$work/cut"
  ip -n "${nodes[0]}" link set cable up
done
