// The library where it is compiled for one instruction set: there is nothing to choose.
#include "table.h"

const char *revup::instruction_set() noexcept { return REVUP_ARCH; }
