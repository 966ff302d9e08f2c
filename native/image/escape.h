// The way out of libjpeg and libpng on an error. Neither lets its error handler return, and an exception must not pass
// through C frames that may have no unwind tables, so the handler jumps.
#pragma once

#include <csetjmp>
#include <cstdio>
#include <type_traits>

#include "../common/border.h"

namespace revup {

struct Escape {
  std::jmp_buf landing;
  revup_status status = REVUP_INVALID_DATA;
  char message[256];
};

// Called from within the library's handlers.
template <typename... Values>
[[noreturn]] void leave(Escape &escape, const char *format, Values... values) {
  std::snprintf(escape.message, sizeof escape.message, format, values...);
  std::longjmp(escape.landing, 1);
}

// Calls step(context); false when it left. In a frame of its own, which has nothing that the jump could clobber.
bool returns_from(Escape &escape, void (*step)(void *), void *context);

// Runs `step`, a lambda that calls libjpeg or libpng, and throws a Failure where it leaves. The jump runs no
// destructors, so nothing between here and the library may need one: `step` captures by reference, and neither it nor
// what it calls around the library keeps anything that owns memory.
template <typename Step>
void attempt(Escape &escape, Step step) {
  static_assert(std::is_trivially_destructible_v<Step>);
  if (!returns_from(
          escape, [](void *context) { (*static_cast<Step *>(context))(); }, &step)) {
    throw Failure(escape.status, escape.message);
  }
}

}  // namespace revup
