# The NuGet package: the library with its native parts for linux-x64, for programs that embed it.
# shellcheck shell=bash

package=$artifacts/package

pack() {
  local file project
  set_up
  build_native
  rm -rf "$package/native" "$artifacts/packages"
  # The same kernels as in a build, without the oracle.
  stage "package: link" package-link cmake --build "$artifacts/cmake" --target revup_cpu_package
  stage "package: libraries" package-libraries portable_native "$package/native" \
    "$artifacts/cmake/package/librevup_cpu.so" "$artifacts/native/librevup_image.so"
  stage "package: notices" package-notices third_party_notices "$package/native" "$package/THIRD-PARTY-NOTICES.txt"
  # Its own folders: these assemblies differ from a build in the checkout.
  for project in RevUp RevUp.MLNet; do
    stage "package: $project" "package-$project" dotnet pack "src/$project" -c Release -v quiet -tl:off \
      --artifacts-path "$package/build" -o "$artifacts/packages" -p:ForPackage=true "-p:PackageFolder=$root/$package/"
  done
  for file in "$artifacts"/packages/*.nupkg; do
    line "$green✓$reset" "$file" "$(($(stat -c %s "$file") >> 10)) KiB"
  done
}

# third_party_notices FOLDER FILE: whose the libraries in FOLDER are that are not ours, and under which terms: what Debian
# and Ubuntu have on record, with the licences that those records only name.
third_party_notices() {
  local folder=$1 notices=$2 library owner licence
  echo "RevUp is distributed with these libraries, in the folder runtimes/linux-x64/native, unchanged but for their symbols." >"$notices"
  for library in "$folder"/*; do
    [[ ${library##*/} != librevup_* ]] || continue
    owner=$(dpkg -S "*/${library##*/}" | sed -n '1s/:.*//p')
    [[ -n $owner ]] || return 1
    printf '\n== %s, from %s ==\n\n' "${library##*/}" "$(dpkg-query -W -f '${source:Package} ${source:Version}' "$owner")" >>"$notices"
    cat "/usr/share/doc/$owner/copyright" >>"$notices" || return 1
  done
  for licence in Apache-2.0 GPL-3; do
    printf '\n== %s ==\n\n' "$licence" >>"$notices"
    cat "/usr/share/common-licenses/$licence" >>"$notices" || return 1
  done
}
