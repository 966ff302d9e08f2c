# The GPU bundle: what tests/gpu/run.sh needs on a machine with a GPU and nvcc, but without .NET, oneDNN or a network. It
# unpacks to a tree with the places of the repository, so that the programs find in it what they find in a checkout.
# shellcheck shell=bash

bundle_limit=$((40 << 20))

# Built programs, and beside them the sources and texts that they or run.sh read.
bundle_projects=(src/RevUp.Cli tests/RevUp.Interop.Tests tests/RevUp.Tests benchmarks)
bundle_sources=(RevUp.sln cmake native/cuda native/nvtx native/include src/RevUp.Cli/recipes
  benchmarks/pytorch tests/gpu tools/console.sh)

# Other systems' parts, translations, documentation; what serves debuggers alone; and the packages behind BenchmarkDotNet,
# which only the study of operations loads.
bundle_exclusions=('*.xml' TestResults BenchmarkDotNet.Artifacts 'net10.0/??' net10.0/pt-BR 'net10.0/zh-Han?'
  net10.0/x86 net10.0/amd64 net10.0/arm64 'runtimes/win*' 'runtimes/osx*' 'runtimes/linux-arm*' libmscordaccore.so libmscordbi.so
  libcoreclrtraceptprovider.so libcapstone.so 'Microsoft.CodeAnalysis*' 'Microsoft.Diagnostics.Tracing*' Iced.dll)

gpu_bundle() {
  local folder=$artifacts/gpu-bundle archive=$artifacts/gpu-bundle.tar.xz bytes
  build
  rm -rf "$folder" "$archive"
  stage "bundle: sources" bundle-sources bundle_copy "$folder" "${bundle_sources[@]}"
  stage "bundle: programs" bundle-programs bundle_programs "$folder"
  stage "bundle: runtime" bundle-runtime bundle_runtime "$folder"
  stage "bundle: libraries" bundle-libraries portable_native "$folder/artifacts/native" \
    "$artifacts"/native/librevup_{cpu,image}.so
  git describe --always --dirty >"$folder/revision"
  stage "bundle: archive" bundle-archive bundle_archive "$folder" "$archive"
  bytes=$(stat -c %s "$archive")
  ((bytes <= bundle_limit)) || fail "$archive has $bytes bytes, more than the $bundle_limit that it may have; see what grew" \
    "in $folder."
  line "$green✓$reset" "$archive" "$((bytes >> 10)) KiB; tests/gpu/README.md says how to use it"
}

# bundle_copy FOLDER PATH...: what git has of each path, and of those alone.
bundle_copy() {
  local folder=$1
  shift
  mkdir -p "$folder"
  git ls-files -z -- "$@" | tar --null -T - -c | tar -x -C "$folder"
}

bundle_programs() {
  local folder=$1 project
  for project in "${bundle_projects[@]}"; do
    [[ -d $project/bin/Release/net10.0 ]] || return 1
    tar -c "${bundle_exclusions[@]/#/--exclude=}" "$project/bin/Release/net10.0" | tar -x -C "$folder"
  done
}

# The host and the shared framework of the version that this machine builds with: enough for DOTNET_ROOT.
bundle_runtime() {
  local folder=$1/dotnet installed version
  installed=$(dirname "$(readlink -f "$(command -v dotnet)")")
  version=$(dotnet --list-runtimes | sed -n 's/^Microsoft\.NETCore\.App \(10\.[^ ]*\) .*/\1/p' | tail -n 1)
  mkdir -p "$folder"
  tar -c "${bundle_exclusions[@]/#/--exclude=}" -C "$installed" dotnet LICENSE.txt ThirdPartyNotices.txt "host/fxr/$version" \
    "shared/Microsoft.NETCore.App/$version" | tar -x -C "$folder"
}

# One order, owner and time for all files: the same sources give the same bytes. The filter is for x86 machine code.
bundle_archive() {
  tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -C "${1%/*}" -c "${1##*/}" |
    xz -T1 --x86 --lzma2=preset=9e,dict=64MiB >"$2"
}
