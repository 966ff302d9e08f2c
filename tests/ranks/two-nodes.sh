#!/usr/bin/env bash
# two-nodes.sh [REVUP]: trains on two "machines", which are network and UTS namespaces of this one
# with a cable between them. Then it cuts the cable: each rank must end by itself. Needs root and
# iproute2. REVUP is the tool, artifacts/revup by default.
source "$(dirname "$0")/cases.sh"

revup=$(realpath "${1:-$root/artifacts/revup}")
deadline=3  # seconds that a rank waits for another
grace=5     # seconds that it may take to end after that
nodes=(revup-a revup-b)
addresses=(10.77.0.1 10.77.0.2)

# Ends what runs on the machines.
empty() {
  local node process
  for node in "${nodes[@]}"; do
    for process in $(ip netns pids "$node" 2>/dev/null); do kill -9 "$process" 2>/dev/null || true; done
  done
}

clean() {
  empty
  for node in "${nodes[@]}"; do ip netns del "$node" 2>/dev/null || true; done
  rm -rf "$work"
}

# A command on one of the machines, with its host name.
on() {
  local node=$1
  shift
  ip netns exec "$node" unshare --uts bash -c 'hostname "$0"; exec "$@"' "$node" "$@"
}

connect() {
  local node i
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
  cat >"$work/agent" <<AGENT
#!/bin/bash
while [[ \$1 == -* ]]; do shift; done
node=${nodes[0]}
[[ \$1 == ${addresses[1]} ]] && node=${nodes[1]}
shift
exec ip netns exec \$node unshare --uts bash -c "hostname \$node; \$*"
AGENT
  # Messages of a rank stay on its machine: the cable may be cut.
  cat >"$work/rank" <<RANK
#!/bin/bash
exec "$revup" "\$@" 2>> "$work/messages.\$(hostname)"
RANK
  chmod +x "$work/agent" "$work/rank"
}

launch() { # openmpi|mpich ARGUMENT...: two ranks, one on each machine
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

ranks() { pgrep -f "^.*RevUp.Cli.* --output $work/$1 " || true; }

# One training on both machines.
train_on_both() { # openmpi|mpich
  local node
  rm -f "$work"/messages.*
  # shellcheck disable=SC2046 # words of a command
  launch "$1" $(train "$1") >"$work/launch.log" 2>&1 || fail "$(cat "$work/launch.log" "$work"/messages.*)"
  grep -ho 'on 2 ranks of .*' "$work/messages.${nodes[0]}" | head -1
  require_equal alone "$1"
  for node in "${nodes[@]}"; do
    grep -q "\"$node\"" "$work/$1/run.json" || fail "run.json does not name $node"
  done
}

cut_the_cable() { # openmpi|mpich
  local launcher start node
  rm -rf "$work"/messages.* "$work/cut"
  # shellcheck disable=SC2046
  launch "$1" $(train cut --set training.epochs=100000 --set training.rankTimeoutSeconds=$deadline) \
    >"$work/launch.log" 2>&1 &
  launcher=$!
  until grep -qs 'step 5/' "$work/messages.${nodes[0]}"; do
    kill -0 $launcher 2>/dev/null || fail "$(cat "$work/launch.log" "$work"/messages.*)"
    sleep 0.1
  done
  [[ $(ranks cut | wc -l) -ge 2 ]] || fail "there are no two ranks"
  ip -n "${nodes[0]}" link set cable down
  start=$(milliseconds)
  while [[ -n $(ranks cut) ]]; do
    (($(milliseconds) - start < (deadline + grace) * 1000)) || fail "a rank still runs: $(ranks cut)"
    sleep 0.1
  done
  echo "both ranks ended after $(($(milliseconds) - start)) ms, with a deadline of $deadline s"
  for node in "${nodes[@]}"; do
    grep -h "on $node.*error: .*in step .*still waits for" "$work/messages.$node" \
      || fail "$node says nothing: $(tail -3 "$work/messages.$node")"
  done
  # mpirun itself waits for the other machine.
  empty
  wait $launcher 2>/dev/null || true
  ip -n "${nodes[0]}" link set cable up
}

prepare() {
  need_root "a namespace"
  need ip iproute2
  need pgrep procps
  ip netns del revup-trial 2>/dev/null || true
  { ip netns add revup-trial && ip -n revup-trial link add cable type veth peer name other \
    && ip netns exec revup-trial unshare --uts true && ip netns del revup-trial; } \
    || skip "this machine makes no namespaces with a cable"
  connect
  write_agent
  write_recipe
  # shellcheck disable=SC2046
  "$revup" $(train alone) >"$work/alone.log" 2>&1 || fail "$(cat "$work/alone.log")"
}

two_nodes() { # openmpi|mpich COMMAND
  need "mpirun.$1" "$([[ $1 == openmpi ]] && echo openmpi-bin || echo mpich)"
  "$2" "$1"
}

clean
mkdir -p "$work"
check "one process, and a cable between two namespaces" prepare
for mpi in openmpi mpich; do
  [[ -d $work/alone/checkpoints ]] || break
  check "two nodes under $mpi train what one process trains" two_nodes $mpi train_on_both
  check "two nodes under $mpi end when the cable is cut" two_nodes $mpi cut_the_cable
done
report
