// The functions of one instruction set, in the order of functions.inc. Compiled once for each set, beside the
// functions.
#include "table.h"
#include "../../include/revup_cpu.h"

extern "C" const revup::Function REVUP_TABLE[] = {
#define REVUP_FUNCTION(name, index) reinterpret_cast<revup::Function>(&name),
#include "functions.inc"
#undef REVUP_FUNCTION
};
