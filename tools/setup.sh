# What a build needs from the system, and how to get what is missing.
# shellcheck shell=bash

# The .NET SDK that global.json asks for, also where its install script puts it.
require_dotnet() {
  local reason
  if ! command -v dotnet >/dev/null && [[ -x $HOME/.dotnet/dotnet ]]; then
    PATH=$HOME/.dotnet:$PATH
  fi
  if ! ldconfig -p 2>/dev/null | grep -q libicuuc; then
    # Without ICU the runtime refuses to start unless it is told that one culture is enough.
    export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
  fi
  if ! reason=$(dotnet --version 2>&1); then
    fail "RevUp is built with the .NET 10 SDK, and \`dotnet --version\` says: ${reason//$'\n'/ } -- install the SDK as" \
      "https://dotnet.microsoft.com/download/dotnet/10.0 describes (on Ubuntu 24.04: apt-get install dotnet-sdk-10.0)," \
      "see that \`dotnet\` is on the PATH, and run the same command again."
  fi
}

has_header() {
  printf '#if !__has_include(<%s>)\n#error missing\n#endif\n' "$1" | "${CXX:-c++}" -fsyntax-only -x c++ - 2>/dev/null
}

has_cmake() {
  local version
  version=$(cmake --version 2>/dev/null | sed -n 's/^cmake version //p')
  [[ -n $version && $(printf '3.22\n%s\n' "$version" | sort -V | head -n 1) == 3.22 ]]
}

# The Debian and Ubuntu packages of what is not there, one a line.
missing_packages() {
  command -v "${CXX:-c++}" >/dev/null || echo g++
  has_cmake || echo cmake
  command -v ninja >/dev/null || echo ninja-build
  has_header oneapi/dnnl/dnnl_version.h || echo libdnnl-dev
  has_header jpeglib.h || echo libjpeg-dev
  has_header turbojpeg.h || echo libturbojpeg0-dev
  has_header png.h || echo libpng-dev
  [[ -e /usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz ]] || echo dataset-fashion-mnist
}

apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y "$@"; }

# install PACKAGE...: with apt where that needs no password, otherwise the line to run.
install() {
  local by_hand="apt-get update && apt-get install -y --no-install-recommends $*"
  command -v apt-get >/dev/null || fail "these Debian packages, or your system's equivalent, are missing: $*. Install them" \
    "and run the same command again."
  as_root=()
  if ((EUID != 0)); then
    as_root=(sudo -n)
    sudo -n true 2>/dev/null || fail "packages are missing and installing them needs a password. Run this line and then the" \
      "same command again: sudo sh -c '$by_hand'"
  fi
  stage "package lists" apt-update apt update
  stage "install $*" apt-install apt install --no-install-recommends "$@"
}

# Without a compiler no header is found either; asking apt for one that is there does no harm.
set_up() {
  local missing
  require_dotnet
  command -v "${CXX:-sh}" >/dev/null || fail "CXX is \"$CXX\", which is not on the PATH. Unset it, or give it the name of a C++" \
    "compiler."
  mapfile -t missing < <(missing_packages)
  ((${#missing[@]} == 0)) || install "${missing[@]}"
  mapfile -t missing < <(missing_packages)
  ((${#missing[@]} == 0)) || fail "after the set-up these are still missing: ${missing[*]}. The system's version is too old" \
    "(CMake 3.22 or later is needed), or it lies where the compiler and the shell do not look."
}

# An interpreter with PyTorch: where tests look for one, too.
has_torch() {
  local python
  for python in "${REVUP_PYTHON:-}" python3 /usr/bin/python3; do
    if [[ -n $python ]] && "$python" -c 'import numpy, torch' 2>/dev/null; then return; fi
  done
  return 1
}

# What tests compare with or start: PyTorch, by the rules of the other packages, and ONNX Runtime, which NuGet has.
set_up_peers() {
  has_torch || install python3-torch
  /usr/bin/python3 -c 'import nibabel' 2>/dev/null || install python3-nibabel
  command -v mpirun.openmpi >/dev/null || install openmpi-bin
  command -v mpirun.mpich >/dev/null || install mpich
  # The linker of programs that are compiled ahead of time.
  command -v clang >/dev/null || command -v gcc >/dev/null || install gcc
  has_torch || fail "python3-torch is installed, and neither python3 nor /usr/bin/python3 imports torch and numpy. Name an" \
    "interpreter that does in REVUP_PYTHON and run the same command again."
  build_onnxruntime
}

# What tests/ranks needs beside the peers. A script skips the cases whose programs are not there.
set_up_ranks() {
  local missing=()
  command -v mpirun.openmpi >/dev/null || missing+=(openmpi-bin)
  command -v mpirun.mpich >/dev/null || missing+=(mpich)
  command -v ip >/dev/null || missing+=(iproute2)
  command -v pgrep >/dev/null || missing+=(procps)
  command -v slurmctld >/dev/null || missing+=(slurm-wlm)
  command -v munged >/dev/null || missing+=(munge)
  # Slurm opens this name to start Open MPI.
  [[ $(ldconfig -p) == *'libpmix.so '* ]] || missing+=(libpmix-dev)
  ((${#missing[@]} == 0)) || (install "${missing[@]}") || true
}

# Debian 12's, which the sources are formatted with and a change is judged by. Another is good enough to begin with:
# 19 finds nothing to change either.
find_clang_format() {
  command -v clang-format >/dev/null || command -v clang-format-14 >/dev/null || install clang-format
  clang_format=$(command -v clang-format-14 || command -v clang-format)
}

# format_version_remark: that another version than the sources' gave the verdict on them, if it did.
format_version_remark() {
  local version
  version=$("$clang_format" --version | sed 's/.*version \([0-9]*\).*/\1/')
  [[ $version == 14 ]] || echo " The C++ sources are formatted with clang-format 14 and were compared with version" \
    "$version: C++ lines that you did not touch are right as they are."
}
