# Compares the machine code of the kernels with its limits:
#   awk -f kernel-limits.awk LIMITS RESOURCES CODE
# LIMITS is native/cuda/limits.txt, which describes its columns. RESOURCES is the output of cuobjdump -res-usage, CODE of
# cuobjdump -sass. Prints each difference. Writes the table as it would have to be to the file `proposal`. Exit code 1:
# there are differences.

FILENAME == ARGV[1] {
  if (/^#/) { heading = heading $0 "\n"; next }
  threads[$1] = $2
  for (i = 3; i <= NF; i++) limit[$1, i] = $i
  next
}

# Resources: an architecture, then two lines for each kernel.
/^arch = / { arch = $3; next }
FILENAME == ARGV[2] && $1 == "Function" { name = $2; sub(/:$/, "", name); next }
FILENAME == ARGV[2] && $1 ~ /^REG:/ {
  if (!(name in threads)) { threads[name] = 256; is_new[name] = 1 }
  for (i = 1; i <= NF; i++) { split($i, pair, ":"); resource[pair[1]] = pair[2] }
  set(name, arch, 0, resource["REG"])
  set(name, arch, 1, resource["STACK"] + resource["LOCAL"])
  set(name, arch, 2, occupancy(arch, threads[name], resource["REG"], resource["SHARED"]))
  seen[name] = 1
  next
}

# Code: accesses of memory and backward branches, by address.
FILENAME == ARGV[3] && $1 == "code" { end_kernel(); arch = $3; next }
FILENAME == ARGV[3] && $1 == "Function" { end_kernel(); name = $3; loops = accesses = 0; next }
FILENAME == ARGV[3] && $1 ~ /^\/\*[0-9a-f]+\*\/$/ && NF > 2 {
  address = padded(substr($1, 3, length($1) - 4))
  if (/ (LDG|STG|LD|ST)\.E/) { accesses++; place[accesses] = address; is_wide[accesses] = /\.128/ }
  if (match($0, / BRA[A-Z.]* 0x[0-9a-f]+/)) {
    target = substr($0, RSTART, RLENGTH)
    sub(/.*0x/, "", target)
    target = padded(target)
    if (target < address) { loops++; first[loops] = target; last[loops] = address }
  }
}

END {
  end_kernel()
  printf "%s", heading > proposal
  close(proposal)
  for (name in seen) {
    if (name in is_new) { print "limits: " name " has no line; its blocks are taken to have 256 threads"; differs = 1 }
    line = name " " threads[name]
    for (i = 3; i <= 10; i++) {
      if (!((name, i) in value)) value[name, i] = "-"
      compare(name, i)
      line = line " " value[name, i]
    }
    print line | ("LC_ALL=C sort >>" proposal)
  }
  for (name in threads) if (!(name in seen)) { print "limits: " name " has a line and is no kernel"; differs = 1 }
  exit differs
}

# Column of an architecture's quantity: 0 registers, 1 local bytes, 2 occupancy, 3 loops of packs.
function column(arch, quantity) { return (arch == "sm_80" ? 3 : 7) + quantity }
function set(name, arch, quantity, number) { value[name, column(arch, quantity)] = number }
function padded(address) { return substr("0000000", 1, 8 - length(address)) address }

# Percent of the 64 warps of a multiprocessor that fit, by registers and shared memory.
function occupancy(arch, block, registers, shared,   warps, fit) {
  warps = block / 32
  fit = int(int(65536 / (int((registers * 32 + 255) / 256) * 256)) / warps)
  if (fit > int(64 / warps)) fit = int(64 / warps)
  if (fit > 32) fit = 32
  # A kilobyte of each block is the system's; only for sm_90 it is in the number.
  if (arch == "sm_80") shared += 1024
  if (shared > 0 && fit > int((arch == "sm_80" ? 167936 : 233472) / shared))
    fit = int((arch == "sm_80" ? 167936 : 233472) / shared)
  return int(100 * fit * warps / 64)
}

# Counts the innermost loops with no access of memory but 16-byte ones.
function end_kernel(   i, j, packs, narrow, wide, is_innermost) {
  if (name == "") return
  packs = 0
  for (i = 1; i <= loops; i++) {
    is_innermost = 1
    for (j = 1; j <= loops; j++)
      if (first[j] >= first[i] && last[j] <= last[i] && (first[j] != first[i] || last[j] != last[i])) is_innermost = 0
    if (!is_innermost) continue
    narrow = wide = 0
    for (j = 1; j <= accesses; j++)
      if (place[j] >= first[i] && place[j] <= last[i]) { if (is_wide[j]) wide++; else narrow++ }
    if (wide > 0 && narrow == 0) packs++
  }
  set(name, arch, 3, packs)
  name = ""
}

function compare(name, i,   quantity, is_worse, text) {
  if ((name in is_new) || value[name, i] == limit[name, i]) return
  differs = 1
  quantity = (i - 3) % 4
  is_worse = quantity < 2 ? value[name, i] > limit[name, i] : value[name, i] < limit[name, i]
  text = quantity == 0 ? " registers" : quantity == 1 ? " bytes of local memory" : quantity == 2 ? " % occupancy" : " loops of packs"
  print "limits: " name ", " (i < 7 ? "sm_80" : "sm_90") ": " value[name, i] text ", the limit is " limit[name, i] \
    (is_worse ? "" : "; better, so tighten the limit")
}
