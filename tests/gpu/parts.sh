# What each part does, on a GPU and in a rehearsal.
# shellcheck shell=bash

# Sizes of the measurements: a GPU's, or such that a processor ends in seconds.
set_sizes() {
  if ((rehearsal)); then
    kernel_options=(--elements 16384 --repeats 2 --memory 16)
    network=(--recipe volume-64 --size 8 --memory 48)
    step_options=("${network[@]}" --blocks 3 --batch 1 --steps 2)
    largest_bound=2
    depth_options=("${network[@]}" --batch 1 --blocks 3,6)
    volume_options=(--memory 30 --unit 8 --bound 8)
    profile_options=(--recipe volume-64 --set "data.extents=[8,8,8]" --set training.batchSize=1 --steps 2:3)
    twin_options=(--model "$root/src/RevUp.Cli/recipes/volume-64.json" --extents 8,8,8 --batch 1 --steps 2 --warmup 1 --device cpu)
    rounds=1
  else
    kernel_options=(--elements "$((1 << 26))" --repeats 50)
    step_options=(--batch 128 --steps 30)
    largest_bound=16384
    depth_options=(--batch 32 --blocks 50,100,200,500,1000)
    volume_options=()
    profile_options=(--recipe imagenet-revup-50 --set training.batchSize=128)
    # RevUp's steps come after the 20 with more power iterations that a run begins with: so do the twins'.
    twin_options=(--model revup-50 --size 224 --batch 128 --steps 30 --warmup 25 --precision bf16 --device cuda)
    rounds=3
  fi
}

# A rehearsal has two devices for its ranks.
count_gpus() { if ((rehearsal)); then echo "$REVUP_CUDA_ON_CPU_DEVICES"; else nvidia-smi --list-gpus | wc -l; fi; }

has_nccl() { [[ -e ${REVUP_NCCL_LIBRARY:-} ]] || ldconfig -p | grep 'libnccl\.so\.2' >/dev/null; }

has_torch() { python3 -c 'import torch' 2>/dev/null; }

part_conformance() {
  local engine='' namespace
  begin conformance
  # First what the rest depends on: convolutions for which cuDNN offers nothing deterministic run another way.
  study cudnn 60 cudnn
  if ((rehearsal)); then
    step interop 240 "$interop_tests" --no-ansi --progress off --filter 'FullyQualifiedName~Cuda'
    step engine 240 "$engine_tests" --no-ansi --progress off --filter 'FullyQualifiedName~Reversible.BlockGradientTests'
    skip memcheck "a rehearsal has no GPU"
    skip racecheck "a rehearsal has no GPU"
    conclude
    return
  fi
  step interop 150 "$interop_tests" --no-ansi --progress off
  for namespace in Layers Memory Parity Reversible Traps Golden Runs.Asynchronous Training.Asynchronous Training.Recorded \
    Cli.CudaDeviceTests; do
    engine+="${engine:+|}FullyQualifiedName~RevUp.Tests.$namespace"
  done
  step engine 180 "$engine_tests" --no-ansi --progress off --filter "$engine"
  if ! command -v compute-sanitizer >/dev/null; then
    skip memcheck "compute-sanitizer is not on the PATH"
    skip racecheck "compute-sanitizer is not on the PATH"
    conclude
    return
  fi
  # Statuses of calls are checked by their callers: what NVIDIA's libraries ask the driver for in vain, and events that are not
  # reached yet, are no findings.
  step memcheck 240 compute-sanitizer --tool memcheck --report-api-errors no --target-processes all --error-exitcode 9 \
    "$interop_tests" --no-ansi --progress off --filter 'FullyQualifiedName~Conformance'
  # Races can only be in our kernels: the libraries' kernels are left out for time.
  step racecheck 240 compute-sanitizer --tool racecheck --report-api-errors no --target-processes all --error-exitcode 9 \
    "$interop_tests" --no-ansi --progress off \
    --filter 'FullyQualifiedName~Conformance&FullyQualifiedName!~ConvolutionTests&FullyQualifiedName!~LinearTests'
  conclude
}

part_kernels() {
  begin kernels
  set_sizes
  study kernels 240 kernels "${kernel_options[@]}"
  if ((!rehearsal)) && has_torch; then
    step ceilings 240 python3 "$twins/ceilings.py"
  else
    skip ceilings "needs PyTorch and a GPU"
  fi
  conclude
}

# One round of everything first: what there is no time left for then is the other rounds.
part_train() {
  local round policy
  begin train
  set_sizes
  has_torch || skip pytorch "python3 has no PyTorch"
  compare 1
  # The host's time of a step with a graph; without one it is in the rows above.
  study graph 120 gpu-throughput --cuda-graph on --policies invert --bound 0 "${step_options[@]}"
  study depth 300 gpu-depth "${depth_options[@]}"
  study volume 300 gpu-volume --policies store,invert "${volume_options[@]}"
  for policy in store checkpoint invert; do
    study "largest-$policy" 240 gpu-throughput --policies "$policy" --bound "$largest_bound" "${step_options[@]}"
    if ((!rehearsal)) && has_torch; then
      twin_row "pytorch-$policy-largest" "$policy" --largest-batch
    fi
  done
  for ((round = 2; round <= rounds; round++)); do
    compare "$round"
  done
  conclude
}

# compare ROUND: RevUp and its twins in turn, so that a change of the GPU's clocks meets all of them.
compare() {
  local round=$1 policy
  for policy in store checkpoint invert; do
    revup_row "revup-$policy-$round" "$policy"
    has_torch || continue
    twin_row "pytorch-$policy-eager-$round" "$policy"
    ((rehearsal)) || twin_row "pytorch-$policy-compiled-$round" "$policy" --compile
  done
  step "ratios-$round" 60 python3 "$here/ratios.py" "$results/rows" "$results/ratios.md"
}

# revup_row NAME POLICY
revup_row() {
  rows "$1" 120 "$benchmarks" gpu-throughput --output "$results/reports/$1" --policies "$2" --bound 0 "${step_options[@]}"
}

# twin_row NAME POLICY OPTION...
twin_row() {
  local name=$1 mode=$2
  shift 2
  [[ $mode != store ]] || mode=plain
  # What torch.compile generates is kept for the next round.
  TORCHINDUCTOR_CACHE_DIR=$results/inductor rows "$name" 240 python3 "$twins/throughput.py" --mode "$mode" "${twin_options[@]}" "$@"
}

# One GPU is a communicator of one rank, which must cost nothing. Several GPUs train with the weights of one process as well.
part_ranks() {
  local gpus train
  begin ranks
  set_sizes
  if ! has_nccl; then
    skip one-rank "libnccl.so.2 is not found"
    skip all-ranks "libnccl.so.2 is not found"
    conclude
    return
  fi
  study one-rank 420 gpu-ranks "${step_options[@]}" --rounds "$rounds"
  gpus=$(count_gpus)
  if ((gpus < 2)); then
    skip all-ranks "this machine has $gpus GPU"
    conclude
    return
  fi
  step all-ranks 420 "$here/spawn.sh" "$gpus" "$benchmarks" gpu-ranks --output "$results/reports/all-ranks" \
    "${step_options[@]}" --rounds "$rounds"
  train=("$tool" train --device cuda --recipe volume-64 --set "data.extents=[8,8,8]" --set training.steps=4
    --set training.checkpointEverySteps=4 --set "training.accumulate=$gpus" --set training.sumInRankOrder=true)
  [[ -e $results/done/weights ]] || rm -rf "$results/ranks" "$results"/done/train-{one,all}
  step train-one 60 "$here/spawn.sh" 1 "${train[@]}" --output "$results/ranks/one" &&
    step train-all 60 "$here/spawn.sh" "$gpus" "${train[@]}" --output "$results/ranks/all" &&
    step weights 10 diff -r --exclude='*.json' "$results/ranks/one/checkpoints" "$results/ranks/all/checkpoints"
  conclude
}

part_profile() {
  local command
  begin profile
  set_sizes
  command=("$tool" profile --device cuda --policy invert "${profile_options[@]}")
  if step profiled 180 "${command[@]}"; then
    mkdir -p "$results/reports/profiled"
    { printf '# Where the time of a step goes\n\n```text\n' && cat "$logs/profiled.log" && printf '```\n'; } \
      >"$results/reports/profiled/profile.md"
  fi
  if ((rehearsal)); then
    skip nsys "a rehearsal has no GPU"
    skip ncu "a rehearsal has no GPU"
    conclude
    return
  fi
  if command -v nsys >/dev/null; then
    step nsys 180 "${command[@]}" --nsys "$results/profile/steps" &&
      step nsys-kernels 60 nsys stats --force-export=true --report cuda_gpu_kern_sum,nvtx_gpu_proj_sum \
        "$results/profile/steps.nsys-rep"
  else
    skip nsys "nsys is not on the PATH"
  fi
  if command -v ncu >/dev/null; then
    # The clocks stay as they are; one call of each kernel after the ones to warm up is enough for its counters. Between its
    # passes over a kernel ncu saves the memory that the kernel may write, which is the whole arena: hence a small one.
    step ncu 240 ncu --clock-control none --target-processes all --section SpeedOfLight --section MemoryWorkloadAnalysis \
      --kernel-id '::regex:.*:4' --export "$results/profile/kernels" --force-overwrite \
      "$benchmarks" kernels --elements "$((1 << 26))" --memory 4096 --repeats 2 --output "$results/profile" &&
      step ncu-kernels 60 ncu --import "$results/profile/kernels.ncu-rep" --csv --page raw
  else
    skip ncu "ncu is not on the PATH"
  fi
  conclude
}
