#!/usr/bin/env bash
# Checks and measures the CUDA backend on a GPU machine; README.md beside this says what each part does and needs.
set -uo pipefail

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
root=$(dirname "$(dirname "$here")")
rehearsal=0 fresh=0 parts=()

# shellcheck source=tools/console.sh
source "$root/tools/console.sh"
# shellcheck source=tests/gpu/machine.sh
source "$here/machine.sh"
# shellcheck source=tests/gpu/steps.sh
source "$here/steps.sh"
# shellcheck source=tests/gpu/parts.sh
source "$here/parts.sh"

usage() {
  printf 'run.sh [--rehearse] [--fresh] conformance|kernels|train|ranks|profile|all\n\n%s\n' \
    "$(sed -n '/^| `conformance`/,/^| `all`/p' "$here/README.md")"
}

for word in "$@"; do
  case $word in
    --rehearse) rehearsal=1 ;;
    --fresh) fresh=1 ;;
    conformance | kernels | train | ranks | profile) parts+=("$word") ;;
    all) parts=(conformance kernels train ranks profile) ;;
    help | -h | --help)
      usage
      exit
      ;;
    *) fail "\"$word\" is neither a part nor an option of run.sh: $(usage | head -n 1)." ;;
  esac
done
((${#parts[@]} > 0)) || fail "name a part: $(usage | head -n 1)."

# What a rehearsal leaves must never be taken for a measurement.
results=$root/artifacts/gpu$( ((!rehearsal)) || echo -rehearsal)
logs=$results/logs
((!fresh)) || rm -rf "$results"
mkdir -p "$logs"
find_machine
describe_machine >"$results/machine.md"
trap write_results EXIT
for part in "${parts[@]}"; do
  "part_$part"
done
printf 'The results are in %s.\n' "${results#"$root"/}/results.md"
