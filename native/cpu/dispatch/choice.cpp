// Chooses the instruction set of the library's own loops when the library is loaded: AVX-512 where the processor has
// it and REVUP_MAX_ISA allows it, otherwise AVX2. Every exported function of an operation is a jump into the table of
// the chosen set.
#include <cstdlib>
#include <cstring>

#include "table.h"

namespace {

// What -march=x86-64-v4 adds to x86-64-v3, and what oneDNN calls avx512_core.
bool has_avx512() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

bool allows_avx512() {
  const char *limit = std::getenv("REVUP_MAX_ISA");
  return limit == nullptr || std::strcmp(limit, "avx2") != 0;
}

}  // namespace

// Named in the machine code below.
extern "C" __attribute__((used, visibility("hidden"))) const revup::Function *const revup_chosen =
    has_avx512() && allows_avx512() ? revup_x86_64_v4 : revup_x86_64_v3;

const char *revup::instruction_set() noexcept { return revup_chosen == revup_x86_64_v4 ? "x86-64-v4" : "x86-64-v3"; }

// A jump keeps the arguments where they are, whatever their types.
#define REVUP_FUNCTION(name, index)                                                          \
  asm(".pushsection .text\n.p2align 4\n.globl " #name "\n.type " #name ", @function\n" #name \
      ":\nendbr64\n"                                                                         \
      "mov revup_chosen(%rip), %rax\njmp *8*" #index "(%rax)\n.size " #name ", . - " #name "\n.popsection\n");
#include "functions.inc"
