// A librevup_nvtx.so that writes down what a profiler would see of the calling thread, while it is told to.
#include <cstring>
#include <mutex>
#include <set>
#include <sstream>
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

void write(const std::string &line) { recording.text.append(2 * recording.depth, ' ').append(line).append("\n"); }

}  // namespace

void *revup_range_name(const char *name) {
  static std::mutex mutex;
  static std::set<std::string> names;
  const std::lock_guard<std::mutex> lock(mutex);
  return const_cast<std::string *>(&*names.insert(name).first);
}

void revup_range_push(void *name, long long bytes) {
  if (!recording.on) return;
  const std::string &text = *static_cast<const std::string *>(name);
  write(bytes < 0 ? text : text + ", " + std::to_string(bytes) + " bytes");
  ++recording.depth;
}

void revup_range_pop(void) {
  if (!recording.on) return;
  recording.unbalanced |= --recording.depth < 0;
}

void revup_range_mark(void *name, int category, double value) {
  if (!recording.on) return;
  std::ostringstream line;
  line << *static_cast<const std::string *>(name) << ": " << (category == REVUP_MARK_EVALUATIONS ? "k" : "residual")
       << " = " << value;
  write(line.str());
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
