# The native libraries for other machines: up to ten years old, with a glibc no older than this one's.
# shellcheck shell=bash

# portable_native FOLDER LIBRARY...: copies our libraries to FOLDER, with what they need beside them.
portable_native() {
  local folder=$1 library
  mkdir -p "$folder"
  cp "${@:2}" "$folder" || return 1
  while read -r library; do
    cp -L "$library" "$folder" || return 1
  done < <(needed_libraries "$folder")
  strip --strip-unneeded "$folder"/*.so*
}

# needed_libraries FOLDER: the paths on this system of what the libraries there are linked against and not every system
# with .NET has; their RPATH finds it beside them.
needed_libraries() {
  LD_LIBRARY_PATH='' ldd "$1"/librevup_*.so |
    awk '$2 == "=>" && $1 !~ /^(libc|libm|libstdc\+\+|libgcc_s)\./ { print $3 }' | sort -u
}
