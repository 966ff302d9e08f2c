#include "order.h"

#include <sanitizer/tsan_interface.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>

// In no header: the compiler calls them.
extern "C" void __tsan_func_entry(void *caller);
extern "C" void __tsan_func_exit();

namespace cushim::order {
namespace {

constinit thread_local Identity *current = nullptr;
char begun, ended;
uintptr_t launches = 1 << 12;

// Device threads write here. Containers would not do: ThreadSanitizer sees their allocations.
struct {
  const char *file;
  unsigned line;
} sites[256];
size_t site_count = 0;

char ignored_file[64];
unsigned ignored_line = 0;

const char *file_of(const Site &site) {
  const char *const folder = std::strrchr(site.file_name(), '/');
  return folder == nullptr ? site.file_name() : folder + 1;
}

bool orders(const Site &site) {
  const char *const file = file_of(site);
  size_t i = 0;
  while (i < site_count && (sites[i].file != file || sites[i].line != site.line())) ++i;
  if (i == site_count && i < std::size(sites)) sites[site_count++] = {file, site.line()};
  return site.line() != ignored_line || std::strcmp(file, ignored_file) != 0;
}

}  // namespace

std::set<Place> take_reached() {
  std::set<Place> places;
  for (size_t i = 0; i < site_count; ++i) places.emplace(sites[i].file, sites[i].line);
  site_count = 0;
  return places;
}

void ignore(const Place &place) {
  ignored_line = place.second;
  ignored_file[place.first.copy(ignored_file, sizeof ignored_file - 1)] = 0;
}

Identity::Identity() : own_(__tsan_create_fiber(0)), is_owned_(true) {}
Identity::Identity(OfCaller) : own_(__tsan_get_current_fiber()), is_owned_(false) {}

Identity::~Identity() {
  for (void *const fiber : publishers_) __tsan_destroy_fiber(fiber);
  if (is_owned_) __tsan_destroy_fiber(own_);
}

void Identity::become(void *fiber) const { __tsan_switch_to_fiber(fiber, __tsan_switch_to_fiber_no_sync); }

void Identity::enter() {
  current = this;
  become(own_);
  if (is_owned_ && launch_ != launches) begin();
}

// ThreadSanitizer reports a race once for each pair of stacks. A caller that only this launch has makes the stacks of
// this launch different from all others.
void Identity::begin() {
  __tsan_acquire(&begun);
  if (launch_ != 0) __tsan_func_exit();
  __tsan_func_entry(reinterpret_cast<void *>(launches));
  launch_ = launches;
  fences_ = 0;
  atomics_.clear();
}

void Meeting::arrive(Site site) {
  if (orders(site)) __tsan_release(&object_);
}

void Meeting::pass(Site site) {
  if (orders(site)) __tsan_acquire(&object_);
}

void fence(Site site) {
  if (!orders(site)) return;
  Identity &self = *current;
  for (void *const address : self.atomics_) __tsan_acquire(address);
  if (self.fences_++ == self.publishers_.size()) {
    self.publishers_.push_back(__tsan_create_fiber(0));
    return;
  }
  __tsan_release(&self.passage_);
  self.become(self.publishers_[self.fences_ - 1]);
  __tsan_acquire(&self.passage_);
  self.become(self.own_);
}

// The operation itself is published, too, with what came before the fence, but nothing between the two.
void begin_atomic() {
  if (current->fences_ > 0) current->become(current->publishers_[current->fences_ - 1]);
}

void end_atomic(void *address) {
  Identity &self = *current;
  if (self.fences_ > 0) {
    __tsan_release(address);
    __tsan_release(&self.passage_);
    self.become(self.own_);
    __tsan_acquire(&self.passage_);
  }
  if (std::find(self.atomics_.begin(), self.atomics_.end(), address) == self.atomics_.end()) {
    self.atomics_.push_back(address);
  }
}

void begin_launch() { ++launches; }
void begin_block() { __tsan_release(&begun); }
void end_thread() { __tsan_release(&ended); }
void end_launch() { __tsan_acquire(&ended); }

}  // namespace cushim::order
