// The naive float64 twin of every operation of revup_cpu.h: one plain loop each, single-threaded, no blocking, no
// library. The fast versions are tested against it and reported beside it. Arguments mean the same as there and are
// trusted, not checked. A definition is its own declaration: RevUp.Operations reads it, with "@" where a shape differs.
#pragma once

#include "../../include/revup_cpu.h"

#define REVUP_ORACLE extern "C" REVUP_API
