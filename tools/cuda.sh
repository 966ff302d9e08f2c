# The CUDA kernels: with which compiler they are built, and where that comes from.
# shellcheck shell=bash

toolkit=$root/$artifacts/cuda-toolkit

# The path of nvcc 12.0 or later; fails if there is none.
find_nvcc() {
  local candidate
  for candidate in "${CUDACXX:-}" "$(command -v nvcc)" /usr/local/cuda/bin/nvcc "$toolkit/bin/nvcc"; do
    if [[ -x $candidate && $("$candidate" --version) =~ release\ ([0-9]+) ]] && ((BASH_REMATCH[1] >= 12)); then
      echo "$candidate"
      return
    fi
  done
  return 1
}

require_nvcc() { find_nvcc >/dev/null || stage "CUDA compiler" get-cuda tools/get-cuda.sh "$toolkit"; }

# build_kernels [OPTION...]: artifacts/cuda/revup_kernels.fatbin, on machines that have nvcc, and the ranges of NVTX where
# its headers are, too.
build_kernels() {
  local stamp=$artifacts/kernels.stamp folder=$artifacts/cmake-cuda nvcc inputs
  local outputs=("$artifacts/cuda/revup_kernels.fatbin" "$artifacts/native/librevup_nvtx.so")
  nvcc=$(find_nvcc) || return 0
  inputs="$root $nvcc $(stat -L -c '%s %Y' "$nvcc") $(fingerprint cmake native/cuda native/nvtx native/include)"
  if [[ -f $stamp && $(<"$stamp") == "$inputs $(fingerprint "${outputs[@]}")" ]]; then
    line "$green✓$reset" kernels "up to date"
    return
  fi
  rm -rf "$folder"
  stage "kernels: configure" kernels-configure cmake -S native/cuda -B "$folder" -G Ninja "-DREVUP_NVCC=$nvcc" "$@"
  stage "kernels: compile" kernels-compile cmake --build "$folder"
  echo "$inputs $(fingerprint "${outputs[@]}")" >"$stamp"
}

# Compiles the kernels again, with warnings and register spills as errors. Prints their registers and compares the
# machine code with its limits.
compile_kernels() {
  set_up
  require_nvcc
  rm -f "$artifacts/kernels.stamp"
  build_kernels -DREVUP_KERNEL_WARNINGS_AS_ERRORS=ON
  # A kernel is reported once for each architecture.
  awk '/Compiling entry function/ { kernels++ } / bytes spill stores/ { spilled += $5 } / Used [0-9]+ registers/ {
    if ($5 > most) most = $5 } END { printf "%d kernels and architectures, at most %d registers, %d bytes spilled\n",
    kernels, most, spilled }' "$logs/kernels-compile.log"
  compare_limits
}

# Another version of the compiler makes other code.
compare_limits() {
  local nvcc folder=$artifacts/cuda limits=native/cuda/limits.txt
  nvcc=$(find_nvcc)
  if [[ $("$nvcc" --version) != *"release 12.4,"* ]]; then
    echo "$limits is for nvcc 12.4 and was not compared."
    return
  fi
  # cuobjdump finds nvdisasm on the path.
  PATH=$(dirname "$nvcc"):$PATH stage "kernels: disassemble" kernels-disassemble bash -c \
    "cuobjdump -res-usage $folder/revup_kernels.fatbin >$folder/resources.txt &&
     cuobjdump -sass $folder/revup_kernels.fatbin >$folder/code.txt"
  awk -v proposal="$folder/limits.txt" -f tools/kernel-limits.awk "$limits" "$folder/resources.txt" "$folder/code.txt" ||
    fail "the machine code of the kernels differs from $limits. If that is right, take $folder/limits.txt in its place."
  echo "All kernels are within $limits."
}
