# The native libraries for other machines: up to ten years old, with a glibc no older than this one's.
# shellcheck shell=bash

# portable_native NAME FOLDER [OPTION...]: builds them into FOLDER, with what they need beside them.
portable_native() {
  local name=$1 folder=$2
  shift 2
  # An ordinary build is for this machine's own processor. The RPATH of a library, unlike its successor, is also searched
  # for what its dependencies need.
  cmake_build "$name-native" "$artifacts/cmake-$name" "$folder" -DREVUP_ARCH=x86-64-v3 "-DCMAKE_BUILD_RPATH=\$ORIGIN" \
    -DCMAKE_SHARED_LINKER_FLAGS=-Wl,--disable-new-dtags "$@"
  stage "$name: libraries" "$name-libraries" gather_libraries "$folder"
}

# What the native libraries are linked against and every system with .NET lacks; their RPATH finds it beside them.
gather_libraries() {
  local folder=$1 library
  while read -r library; do
    cp -L "$library" "$folder"
  done < <(needed_libraries "$folder")
  strip --strip-unneeded "$folder"/*.so*
}

# needed_libraries FOLDER: the paths of those libraries on this system.
needed_libraries() {
  LD_LIBRARY_PATH='' ldd "$1"/librevup_*.so |
    awk '$2 == "=>" && $1 !~ /^(libc|libm|libstdc\+\+|libgcc_s)\./ { print $3 }' | sort -u
}
