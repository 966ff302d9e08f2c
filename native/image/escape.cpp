#include "escape.h"

namespace revup {

[[gnu::noinline]] bool returns_from(Escape &escape, void (*step)(void *), void *context) {
  if (setjmp(escape.landing) != 0) return false;
  step(context);
  return true;
}

}  // namespace revup
