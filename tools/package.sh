# The NuGet package: the library with its native parts for linux-x64, for programs that embed it.
# shellcheck shell=bash

package=$artifacts/package

pack() {
  local file project version
  set_up
  version=$(package_version)
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
      --artifacts-path "$package/build" -o "$artifacts/packages" -p:ForPackage=true "-p:PackageFolder=$root/$package/" \
      ${version:+"-p:Version=$version"} "-p:RepositoryUrl=$(repository_url)"
  done
  for file in "$artifacts"/packages/*.nupkg; do
    line "$green✓$reset" "$file" "$(($(stat -c %s "$file") >> 10)) KiB"
  done
  [[ -f LICENSE ]] || line "$red!$reset" licence "missing: nobody may use the package until its owner adds a file LICENSE"
}

# package_version: the version of the tag vX.Y.Z; after it the next one, as a preview with the number of commits since.
# Nothing where there is no tag: the version is then the one in Directory.Build.props.
package_version() {
  local tag patch commits
  [[ $(git describe --tags --long --match 'v[0-9]*.[0-9]*.[0-9]*' 2>/dev/null) =~ ^v([0-9]+\.[0-9]+)\.([0-9]+)-([0-9]+)-g ]] || return 0
  tag=${BASH_REMATCH[1]} patch=${BASH_REMATCH[2]} commits=${BASH_REMATCH[3]}
  if ((commits == 0)); then echo "$tag.$patch"; else echo "$tag.$((patch + 1))-dev.$commits"; fi
}

# repository_url: where others find the sources; nothing for a remote on this machine.
repository_url() { git remote get-url origin 2>/dev/null | grep -E '^https://[^@]*$' || true; }

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
