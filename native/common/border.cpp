#include "border.h"

#include <cstdio>

namespace revup {
namespace {

// A fixed buffer, so that an out-of-memory error can be remembered too; longer messages are cut.
thread_local char message_buffer[1024] = "";

}  // namespace

revup_status remember(revup_status status, const char *message) noexcept {
  std::snprintf(message_buffer, sizeof message_buffer, "%s", message);
  return status;
}

const char *last_error() noexcept { return message_buffer; }

}  // namespace revup
