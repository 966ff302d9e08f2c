#!/usr/bin/env bash
# spawn.sh N COMMAND...: N processes of COMMAND as torchrun starts them on one node, each with a GPU of its own.
set -uo pipefail

size=$1 ranks=() status=0
shift
# Below the ports that systems give to nobody by themselves.
port=$((20000 + $$ % 10000))
for ((rank = 0; rank < size; rank++)); do
  CUDA_VISIBLE_DEVICES=$rank TORCHELASTIC_RUN_ID=spawn RANK=$rank LOCAL_RANK=$rank WORLD_SIZE=$size MASTER_ADDR=127.0.0.1 MASTER_PORT=$port "$@" &
  ranks+=($!)
done
# What is left of them when this process is ended, as by timeout.
trap 'kill "${ranks[@]}" 2>/dev/null' EXIT
for process in "${ranks[@]}"; do
  wait "$process" || status=$?
done
exit "$status"
