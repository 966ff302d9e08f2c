# The stages of a build. Each keeps a stamp of what it read and wrote, so that a second run does nothing at all.
# shellcheck shell=bash

# fingerprint PATH...: a checksum of the names, sizes and modification times of the files there.
fingerprint() {
  { find "$@" \( -name bin -o -name obj -o -name results \) -prune -o -type f -printf '%p %s %T@\n' 2>/dev/null || true; } |
    LC_ALL=C sort | sha256sum
}

# Stand-ins are compiled for this processor, and the library against this oneDNN; a tree that was moved or copied starts again.
machine() {
  local compiler=${CXX:-c++}
  echo "$root $(uname -m) $("$compiler" --version | head -n 1)"
  grep -m 1 -E '^(flags|Features)' /proc/cpuinfo || true
  stat -L -c '%n %s %Y' /usr/lib/*/libdnnl.so /usr/local/lib*/libdnnl.so 2>/dev/null || true
}

# cmake_build NAME FOLDER LIBRARY_FOLDER [OPTION...]: configures when FOLDER is not of this machine, then compiles what changed.
cmake_build() {
  local name=$1 folder=$2 output=$3 here
  shift 3
  here=$(machine)
  if [[ ! -f $folder/machine || $(<"$folder/machine") != "$here" ]]; then
    rm -rf "$folder"
    stage "$name: configure" "$name-configure" cmake -S . -B "$folder" -G Ninja -DCMAKE_BUILD_TYPE=Release \
      "-DCMAKE_LIBRARY_OUTPUT_DIRECTORY=$root/$output" "$@"
    echo "$here" >"$folder/machine"
  fi
  stage "$name: compile" "$name-compile" cmake --build "$folder"
}

build_native() {
  local stamp=$artifacts/native.stamp libraries=("$artifacts"/native/librevup_{cpu,image}.so) inputs
  inputs=$(fingerprint CMakeLists.txt cmake native && machine)
  if [[ -f $stamp && $(<"$stamp") == "$inputs $(fingerprint "${libraries[@]}")" ]]; then
    line "$green✓$reset" native "up to date"
    return
  fi
  cmake_build native "$artifacts/cmake" "$artifacts/native"
  echo "$inputs $(fingerprint "${libraries[@]}")" >"$stamp"
}

# The assemblies whose presence and age say that the last build is still the one on disk.
assemblies() {
  find benchmarks interop src tests -path '*/bin/Release/*' -name 'RevUp*.dll' -printf '%p %s %T@\n' |
    LC_ALL=C sort | sha256sum
}

build_managed() {
  local stamp=$artifacts/managed.stamp inputs
  inputs=$(fingerprint benchmarks interop native src tests RevUp.sln Directory.Build.props Directory.Packages.props global.json .editorconfig &&
    dotnet --version)
  if [[ -f $stamp && $(<"$stamp") == "$inputs $(assemblies)" ]]; then
    line "$green✓$reset" managed "up to date"
    return
  fi
  stage managed managed dotnet build RevUp.sln -c Release -v quiet -tl:off
  write_launcher
  echo "$inputs $(assemblies)" >"$stamp"
}

# The program that runs ONNX models for the tests; no part of the solution, because its package takes 400 MB.
build_onnxruntime() {
  local stamp=$artifacts/onnxruntime.stamp program=$artifacts/onnxruntime/bin/OnnxRuntimePeer.dll inputs
  inputs=$(fingerprint tests/peer-onnxruntime && dotnet --version)
  if [[ -f $stamp && $(<"$stamp") == "$inputs $(fingerprint "$program")" ]]; then
    line "$green✓$reset" onnxruntime "up to date"
    return
  fi
  stage onnxruntime onnxruntime dotnet build -c Release -v quiet -tl:off tests/peer-onnxruntime
  echo "$inputs $(fingerprint "$program")" >"$stamp"
}

# artifacts/revup: the tool's own executable, which must be told where the runtime is when that is not a standard place.
write_launcher() {
  local runtime
  runtime=$(dirname "$(readlink -f "$(command -v dotnet)")")
  cat >"$artifacts/revup" <<SCRIPT
#!/bin/sh
root=\$(dirname "\$(dirname "\$(readlink -f "\$0")")")
DOTNET_ROOT="\${DOTNET_ROOT:-$runtime}" REVUP_COMMAND="\$0" exec "\$root/src/RevUp.Cli/bin/Release/net10.0/RevUp.Cli" "\$@"
SCRIPT
  chmod +x "$artifacts/revup"
}

build() {
  set_up
  build_native
  build_kernels
  build_managed
}
