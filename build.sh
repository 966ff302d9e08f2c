#!/usr/bin/env bash
# Sets up, builds, tests and demonstrates RevUp. `./build.sh help` lists the commands.
set -euo pipefail

caller=$PWD
root=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
cd "$root"
artifacts=artifacts
logs=$root/$artifacts/logs
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1 DOTNET_CLI_UI_LANGUAGE=en

# shellcheck source=tools/console.sh
source tools/console.sh
# shellcheck source=tools/setup.sh
source tools/setup.sh
# shellcheck source=tools/stages.sh
source tools/stages.sh
# shellcheck source=tools/tests.sh
source tools/tests.sh
# shellcheck source=tools/cuda.sh
source tools/cuda.sh
# shellcheck source=tools/bundle.sh
source tools/bundle.sh
# shellcheck source=tools/portable.sh
source tools/portable.sh
# shellcheck source=tools/package.sh
source tools/package.sh

usage() {
  cat <<TEXT
${bold}./build.sh [COMMAND]${reset}

  build                 set up what is missing and build everything (the default)
  --with-cuda           build with the CUDA kernels; on Debian, download a missing CUDA compiler first (210 MB)
  cuda-compile          compile only the CUDA kernels, warnings as errors; downloads a missing compiler in the same way
  demo [OPTION...]      build, compare the memory policies, train on Fashion-MNIST and evaluate;
                        --segment trains a U-Net on drawn lesions instead
  test [FILTER]         build and run every test, or the tests whose full name contains FILTER
  test-avx2 [FILTER]    build and run the interop tests and short trainings with AVX2 alone, without AVX-512
  test-ranks [NAME...]  build and run the scripts of tests/ranks, or those named: two-nodes, slurm, kill
  sanitize [FILTER]     build and run the interop tests under AddressSanitizer and UBSan, CUDA kernels included
  benchmark [OPTION...] build and measure; the first OPTION names a study
  pack                  make the NuGet package RevUp, with its native libraries, in artifacts/packages
  gpu-bundle            pack everything for a GPU machine, for tests/gpu/run.sh, into artifacts/gpu-bundle.tar.xz
  check                 verify the formatting of the C++ and C# sources
  format                correct the formatting of the C++ and C# sources
  clean                 remove everything that was built
  help                  this text

After a build, ${bold}artifacts/revup${reset} runs the command-line tool. The output of every stage is in artifacts/logs.
TEXT
}

# A test computes on one thread: the engine's and the package's tests, about one half of the time, are a process beside
# the others.
run_all_tests() {
  local arguments project engine=(RevUp.Tests.{Inference,Memory,Models,Packaging,Planning,Reversible,Training,Traps}.)
  build
  set_up_peers
  build_stand_ins cuda-on-cpu "$artifacts/cmake"
  if (($# == 0)); then
    launch_tests RevUp.Tests.engine RevUp.Tests --filter "$(with_names "${engine[@]}")"
    run_executable cuda-on-cpu "$artifacts/cuda-on-cpu/cuda_on_cpu_tests"
    run_executable accesses "$artifacts/cuda-on-cpu/access_tests"
    run_executable races "$artifacts/cuda-on-cpu/race_tests"
    run_tests RevUp.Interop.Tests RevUp.Interop.Tests
    run_tests RevUp.Tests RevUp.Tests --filter "$(without_names "${engine[@]}")"
    collect RevUp.Tests.engine
    report
    return
  fi
  run_executable cuda-on-cpu "$artifacts/cuda-on-cpu/cuda_on_cpu_tests" "$*"
  run_executable accesses "$artifacts/cuda-on-cpu/access_tests" "$*"
  run_executable races "$artifacts/cuda-on-cpu/race_tests" "$*"
  test_arguments "$@"
  for project in "${test_projects[@]}"; do
    run_tests "$project" "$project" "${arguments[@]}"
  done
  report
}

# REVUP_MAX_ISA chooses our own kernels and oneDNN's.
run_avx2_tests() {
  local arguments trainings=() name
  build
  build_stand_ins cuda-on-cpu "$artifacts/cmake"
  test_arguments "$@"
  test_environment=(REVUP_MAX_ISA=avx2)
  launch_tests avx2 RevUp.Interop.Tests "${arguments[@]}"
  for name in Golden LearningTests MemoryPlanner PrecisionTests ProcessorLimit GpuStudy; do
    trainings+=("FullyQualifiedName~$name")
  done
  (($# > 0)) || arguments=(--filter "$(IFS='|' && echo "${trainings[*]}")")
  run_tests avx2-training RevUp.Tests "${arguments[@]}"
  collect avx2
  report
}

# The runtime is not instrumented: it handles its own faults, and what it leaves at its end is not our leak.
run_sanitized_tests() {
  local arguments library_folder=$artifacts/sanitized runtime stand_ins
  build
  cmake_build sanitized "$artifacts/cmake-sanitized" "$library_folder" -DREVUP_SANITIZE=ON
  runtime=$("${CXX:-c++}" -print-file-name=libasan.so)
  stand_ins=$root/$library_folder/cuda-on-cpu
  test_arguments "$@"
  test_environment=("LD_PRELOAD=$(readlink -f "$runtime")" "REVUP_CPU_LIBRARY=$root/$library_folder/librevup_cpu.so"
    "REVUP_IMAGE_LIBRARY=$root/$library_folder/librevup_image.so"
    "REVUP_CUDA_LIBRARY=$stand_ins/libcuda.so.1" "REVUP_CUDNN_LIBRARY=$stand_ins/libcudnn.so.9"
    "REVUP_CUBLASLT_LIBRARY=$stand_ins/libcublasLt.so.12" "REVUP_NVTX_LIBRARY=$stand_ins/librevup_nvtx.so"
    "REVUP_NCCL_LIBRARY=$stand_ins/libnccl.so.2"
    "REVUP_CUDA_KERNELS=$stand_ins/revup_kernels.fatbin"
    ASAN_OPTIONS=detect_leaks=0:handle_segv=0:handle_sigfpe=0 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1)
  build_stand_ins cuda-on-cpu-sanitized "$artifacts/cmake-sanitized"
  if (($# == 0)); then
    launch_tests sanitized-convolutions RevUp.Interop.Tests --filter "$(with_names .ConvolutionTests.)"
    arguments=(--filter "$(without_names .ConvolutionTests.)")
  fi
  run_executable cuda-on-cpu-sanitized "$stand_ins/cuda_on_cpu_tests" "$*"
  run_tests sanitized RevUp.Interop.Tests "${arguments[@]}"
  (($# > 0)) || collect sanitized-convolutions
  report
}

# Both languages are looked at before the verdict. A failing stage ends only its own subshell.
check_format() {
  local status=0
  prepare_format
  (format_native --dry-run -Werror) || status=1
  # Every build runs the analyzers, so that they are not run here.
  (format_managed whitespace whitespace RevUp.sln --verify-no-changes) || status=1
  (format_managed style style RevUp.sln --severity warn --verify-no-changes) || status=1
  ((status == 0)) || fail "the formatting differs from what the formatters write; ./build.sh format corrects" \
    "it.$(format_version_remark)"
}

correct_format() {
  prepare_format
  format_native -i
  format_managed format RevUp.sln --severity warn
}

prepare_format() {
  require_dotnet
  find_clang_format
  find native tests/cuda-on-cpu \( -name '*.cpp' -o -name '*.h' -o -name '*.cu' -o -name '*.cuh' \) -print0 \
    >"$artifacts/native-sources"
  build_generator
}

format_native() { stage "C++ format" format-native xargs -0 -a "$artifacts/native-sources" "$clang_format" "$@"; }

# The formatter compiles, with the generator that a Release build has made.
build_generator() { stage generator generator dotnet build interop/RevUp.Operations -c Release -v quiet -tl:off; }

# format_managed NAME ARGUMENT...
format_managed() { Configuration=Release stage "C# $1" "format-$1" dotnet format "${@:2}"; }

clean() {
  rm -rf "$artifacts"
  find benchmarks interop samples src tests \( -name bin -o -name obj \) -type d -prune -exec rm -rf {} +
  line "$green✓$reset" clean "artifacts, bin and obj are gone; runs/ is kept"
}

command=${1:-build}
(($# == 0)) || shift
mkdir -p "$artifacts"
case $command in
  build)
    build
    printf 'artifacts/revup runs the tool; ./build.sh help lists what else there is.\n'
    ;;
  --with-cuda)
    require_nvcc
    build
    ;;
  cuda-compile) compile_kernels ;;
  demo)
    build
    cd "$caller"
    exec "$root/artifacts/revup" demo "$@"
    ;;
  test) run_all_tests "$@" ;;
  test-avx2) run_avx2_tests "$@" ;;
  test-ranks) run_rank_tests "$@" ;;
  sanitize) run_sanitized_tests "$@" ;;
  benchmark)
    build
    exec benchmarks/bin/Release/net10.0/RevUp.Benchmarks "$@"
    ;;
  pack) pack ;;
  gpu-bundle) gpu_bundle ;;
  check) check_format ;;
  format) correct_format ;;
  clean) clean ;;
  help | -h | --help) usage ;;
  *) fail "\"$command\" is not a command of build.sh. ./build.sh help lists them." ;;
esac
