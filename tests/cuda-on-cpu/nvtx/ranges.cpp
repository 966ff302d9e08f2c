// A librevup_nvtx.so that writes down what a profiler would see of the calling thread, while it is told to.
#include <cstring>
#include <string>

#include "revup_nvtx.h"

namespace {

struct Recording {
  bool on = false;
  int depth = 0;
  bool unbalanced = false;  // something was closed that was not open
  std::string text;         // a line for each range, indented by two spaces for each range around it
};

thread_local Recording recording;

}  // namespace

void revup_range_push(const char *name) {
  if (!recording.on) return;
  recording.text.append(2 * recording.depth++, ' ').append(name).append("\n");
}

void revup_range_pop(void) {
  if (!recording.on) return;
  recording.unbalanced |= --recording.depth < 0;
}

extern "C" {

REVUP_NVTX_API void cuda_on_cpu_record_ranges(void) {
  recording = {};
  recording.on = true;
}

// Stops and copies as much as fits, zero-terminated. Returns the length of the whole text, or -1 when a range was left
// open or closed too often.
REVUP_NVTX_API int cuda_on_cpu_recorded_ranges(char *text, int capacity) {
  recording.on = false;
  std::strncpy(text, recording.text.c_str(), capacity - 1);
  text[capacity - 1] = '\0';
  return recording.unbalanced || recording.depth != 0 ? -1 : static_cast<int>(recording.text.size());
}
}
