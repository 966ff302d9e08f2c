#!/usr/bin/env bash
# get-cuda.sh DEST: puts the CUDA 12.4 compiler (nvcc, its headers; about 210 MB) into DEST, on Debian 12 or later, with
# no GPU, no root and no change to the system. It takes Debian 13's packages, which accept newer host compilers
# than Debian 12's own; they are unpacked and laid out the way nvcc expects.
set -euo pipefail

packages=(nvidia-cuda-toolkit nvidia-cuda-dev libcudart12 libcu++-dev libcub-dev libthrust-dev)
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
by_hand="Install NVIDIA's CUDA toolkit, 12.0 or later, and see that nvcc is on the PATH or in /usr/local/cuda/bin."

die() {
  printf 'error: %s %s\n' "$1" "$by_hand" >&2
  exit 1
}

(($# == 1)) || {
  printf 'error: get-cuda.sh takes the folder to unpack into and nothing else; it was given %s arguments.\n' "$#" >&2
  exit 2
}
[[ $(uname -m) == x86_64 ]] || die "the packaged compiler is for x86_64, and this machine is $(uname -m)."
[[ -f $keyring ]] || die "$keyring is missing, so this is not Debian and its packages cannot be verified here."
destination=$(realpath -m "$1")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work" # apt drops its privileges
cd "$work"

# The archive that this machine installs from anyway, asked for another release, with package lists of our own.
archive=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -m 1 '/debian/\?$') ||
  die "apt has no Debian archive configured."
mkdir -p lists/partial unpacked
cat >cuda.sources <<SOURCES
Types: deb
URIs: $archive
Suites: trixie
Components: main contrib non-free
Signed-By: $keyring
SOURCES
quiet_apt() {
  apt-get -qq -o APT::Sandbox::User=root -o "Dir::Etc::SourceList=$work/cuda.sources" -o Dir::Etc::SourceParts=- \
    -o "Dir::State::Lists=$work/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= "$@"
}
quiet_apt update
quiet_apt download "${packages[@]}"

# Of the libraries in nvidia-cuda-dev, 2 GB, a compiler needs none but the headers.
for package in "${packages[@]}"; do
  only=(--exclude='./usr/share/doc/*')
  [[ $package != nvidia-cuda-dev ]] || only=(--wildcards './usr/include/*')
  dpkg-deb --fsys-tarfile "$package"_*.deb | tar -x -C unpacked "${only[@]}"
done

toolkit=unpacked/usr/lib/nvidia-cuda-toolkit
new=$work/toolkit
mkdir -p "$new/bin" "$new/nvvm/bin" "$new/nvvm/libdevice" "$new/lib64"
mv unpacked/usr/bin/{ptxas,fatbinary,cudafe++,nvlink,cuobjdump,nvdisasm,bin2c,cu++filt} "$toolkit"/bin/{nvcc,crt} "$new/bin/"
mv "$toolkit/bin/cicc" "$new/nvvm/bin/"
mv "$toolkit"/libdevice/* "$new/nvvm/libdevice/"
mv unpacked/usr/include "$new/include"
cat >"$new/bin/nvcc.profile" <<'PROFILE'
TOP = $(_HERE_)/..
CICC_PATH = $(TOP)/nvvm/bin
NVVMIR_LIBRARY_DIR = $(TOP)/nvvm/libdevice
PATH += $(CICC_PATH):$(_HERE_):
INCLUDES += "-I$(TOP)/include" $(_SPACE_)
LIBRARIES =+ $(_SPACE_) "-L$(TOP)/lib64"
PROFILE

# Last of all, so that a toolkit in DEST is always a whole one.
rm -rf "$destination"
mkdir -p "$(dirname "$destination")"
mv "$new" "$destination"
