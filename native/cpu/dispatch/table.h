// The tables that the exported functions jump through, one for each instruction set.
#pragma once

namespace revup {

using Function = void (*)();

// What the operations in use were compiled for, as a value of -march.
const char *instruction_set() noexcept;

}  // namespace revup

extern "C" {
extern const revup::Function revup_x86_64_v3[], revup_x86_64_v4[];
}
