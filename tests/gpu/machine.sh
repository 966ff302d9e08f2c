# What this machine has: programs, kernels, NVIDIA's libraries; and what it says of itself.
# shellcheck shell=bash

programs=net10.0
benchmarks=$root/benchmarks/bin/Release/$programs/RevUp.Benchmarks
interop_tests=$root/tests/RevUp.Interop.Tests/bin/Release/$programs/RevUp.Interop.Tests
engine_tests=$root/tests/RevUp.Tests/bin/Release/$programs/RevUp.Tests
tool=$root/src/RevUp.Cli/bin/Release/$programs/RevUp.Cli
twins=$root/benchmarks/pytorch

find_machine() {
  find_runtime
  if ((rehearsal)); then
    use_stand_ins
  else
    use_libraries
    use_tools
    compile_kernels
  fi
}

# The runtime of the bundle; in a checkout, the one that built it.
find_runtime() {
  [[ -x $benchmarks ]] || fail "$benchmarks is missing: run ./build.sh first, or unpack artifacts/gpu-bundle.tar.xz, which" \
    "\`./build.sh gpu-bundle\` makes, and run its tests/gpu/run.sh."
  if [[ -x $root/dotnet/dotnet ]]; then
    export DOTNET_ROOT=$root/dotnet
  elif command -v dotnet >/dev/null; then
    DOTNET_ROOT=$(dirname "$(readlink -f "$(command -v dotnet)")")
    export DOTNET_ROOT
  fi
  export DOTNET_CLI_TELEMETRY_OPTOUT=1 TESTINGPLATFORM_TELEMETRY_OPTOUT=1
}

use_stand_ins() {
  local folder=${REVUP_STAND_INS:-$root/artifacts/cuda-on-cpu}
  [[ -e $folder/libcuda.so.1 ]] || fail "a rehearsal needs the stand-ins of a checkout (./build.sh test builds them), and" \
    "$folder/libcuda.so.1 is missing; name their folder in REVUP_STAND_INS."
  # Named one by one, since a bundle has no folder of stand-ins for REVUP_TEST_CUDA to choose.
  unset REVUP_TEST_CUDA
  export REVUP_CUDA_LIBRARY=$folder/libcuda.so.1 REVUP_CUDNN_LIBRARY=$folder/libcudnn.so.9
  export REVUP_CUBLASLT_LIBRARY=$folder/libcublasLt.so.12 REVUP_CUDA_KERNELS=$folder/revup_kernels.fatbin
  export REVUP_NCCL_LIBRARY=$folder/libnccl.so.2 REVUP_NVTX_LIBRARY=$folder/librevup_nvtx.so
  export REVUP_CUDA_ON_CPU_MEMORY=134217728 REVUP_CUDA_ON_CPU_DEVICES=2 OMP_WAIT_POLICY=passive
}

# The loader finds the toolkit's and the system's libraries; Python's packages must be named to it. cuDNN loads
# more libraries by itself, so folders are put on its path, too.
use_libraries() {
  local library folder
  export REVUP_TEST_CUDA=real
  command -v nvidia-smi >/dev/null || fail "nvidia-smi is not on the PATH, so there is no NVIDIA driver here; to go through the" \
    "motions without a GPU, give --rehearse."
  while read -r folder; do
    LD_LIBRARY_PATH=$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
    for library in "$folder"/libcudnn.so.9; do [[ ! -e $library ]] || export REVUP_CUDNN_LIBRARY=$library; done
    for library in "$folder"/libcublasLt.so.1[23]; do [[ ! -e $library ]] || export REVUP_CUBLASLT_LIBRARY=$library; done
    for library in "$folder"/libnccl.so.2; do [[ ! -e $library ]] || export REVUP_NCCL_LIBRARY=$library; done
  done < <(python_library_folders)
  export LD_LIBRARY_PATH=${LD_LIBRARY_PATH:-}
}

python_library_folders() {
  python3 - 2>/dev/null <<'PYTHON'
import glob, sysconfig
for folder in sorted(glob.glob(sysconfig.get_paths()["purelib"] + "/nvidia/*/lib")):
    print(folder)
PYTHON
}

# The toolkit's programs and NVIDIA's profilers, which an image may have without their folders on the PATH.
use_tools() {
  local folder
  nvcc=$(find_nvcc) || fail "nvcc is neither on the PATH nor in /usr/local/cuda/bin; install NVIDIA's CUDA toolkit 12 or later," \
    "or name its compiler in CUDACXX."
  for folder in "${nvcc%/*}" /opt/nvidia/nsight-compute/* /opt/nvidia/nsight-systems/*/bin; do
    if [[ -d $folder ]]; then PATH=$PATH:$folder; fi
  done
}

find_nvcc() {
  local candidate
  for candidate in "${CUDACXX:-}" "$(command -v nvcc)" /usr/local/cuda/bin/nvcc; do
    if [[ -x $candidate ]]; then
      echo "$candidate"
      return
    fi
  done
  return 1
}

# The build of native/cuda; where CMake or a build program is missing, its command in one line, with the flags read from the
# file that states them. A warning of a compiler that nobody has tried yet is counted and ends nothing.
compile_kernels() {
  local folder=$root/artifacts/cuda unit=$root/artifacts/cuda/revup_kernels.cu flags generator=()
  mkdir -p "$folder"
  if command -v cmake >/dev/null && { command -v ninja || command -v make; } >/dev/null; then
    if command -v ninja >/dev/null; then generator=(-G Ninja); fi
    stage "kernels: configure" kernels-configure cmake -S "$root/native/cuda" -B "$results/cmake" "${generator[@]}" \
      "-DREVUP_NVCC=$nvcc" "-DREVUP_FATBIN_FOLDER=$folder"
    stage "kernels: compile" kernels-compile cmake --build "$results/cmake"
  else
    flags=$(kernel_flags)
    printf '#include "%s"\n' "$root"/native/cuda/*.cu >"$unit"
    # shellcheck disable=SC2086 # several words
    stage "kernels: compile" kernels-compile "$nvcc" $flags -fatbin -o "$folder/revup_kernels.fatbin" "$unit"
  fi
  export REVUP_CUDA_KERNELS=$folder/revup_kernels.fatbin
}

# The words between "set(flags" and ")" of cmake/KernelFatbin.cmake, without comments, quotes and the dependency file.
kernel_flags() {
  sed -n '/set(flags/,/)$/p' "$root/cmake/KernelFatbin.cmake" | sed 's/#.*//; s/set(flags//; s/"//g; s/)$//' | tr '\n' ' '
}

describe_machine() {
  printf '# RevUp on a GPU%s\n\n' "$( ((rehearsal)) && echo ': a rehearsal on stand-ins, at tiny sizes; no figure of it means anything')"
  printf -- '- Date: %s; sources: %s\n' "$(date -u '+%Y-%m-%d %H:%M UTC')" "$(revision)"
  printf -- '- Processor: %s, %s processors; system: %s\n' "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)" \
    "$(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' /etc/os-release)"
  ((rehearsal)) && return
  printf -- '- GPU, driver, memory, clocks now and at most (SM, memory): %s\n' "$(nvidia-smi --format=csv,noheader \
    --query-gpu=name,driver_version,memory.total,clocks.sm,clocks.mem,clocks.max.sm,clocks.max.mem | head -n 1)"
  printf -- '- Compiler: %s; warnings: %s\n' "$("$nvcc" --version | grep release)" \
    "$(grep -ci warning "$logs/kernels-compile.log")"
  printf -- '- PyTorch: %s\n' "$(python3 -c 'import torch; print(torch.__version__)' 2>&1 | tail -n 1)"
  printf -- '- RevUp finds: %s\n' "$("$tool" devices --json | tr -s ' \n' ' ')"
}

# What the bundle was made from, or the checkout's commit.
revision() {
  if [[ -f $root/revision ]]; then cat "$root/revision"; else git -C "$root" describe --always --dirty; fi
}
