#include "order.h"

#include <sanitizer/tsan_interface.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>

extern "C" void __tsan_func_entry(void *caller);  // in no header: the compiler calls it

namespace cushim::order {
namespace {

constinit thread_local Identity *current = nullptr;
char launch;
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

// Not before the launch ends: ThreadSanitizer gives the number of a destroyed fiber to a later one, and an access of
// the one would pass for an access of the other.
Identity::~Identity() {
  for (void *const fiber : published_) __tsan_destroy_fiber(fiber);
  if (is_owned_) __tsan_destroy_fiber(own_);
}

void Identity::become(void *fiber) const { __tsan_switch_to_fiber(fiber, __tsan_switch_to_fiber_no_sync); }

// ThreadSanitizer reports a race once for each pair of stacks. A caller that only this launch has makes the stacks of
// this launch different from all others.
void Identity::enter() {
  current = this;
  become(own_);
  if (is_owned_ && !has_begun_) __tsan_func_entry(reinterpret_cast<void *>(launches));
  has_begun_ = true;
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
  self.published_.push_back(__tsan_create_fiber(0));
}

// The operation itself is published, too, with what came before the fence, but nothing between the two.
void begin_atomic() {
  if (!current->published_.empty()) current->become(current->published_.back());
}

void end_atomic(void *address) {
  Identity &self = *current;
  if (!self.published_.empty()) {
    __tsan_release(address);
    __tsan_release(&self.operation_);
    self.become(self.own_);
    __tsan_acquire(&self.operation_);
  }
  if (std::find(self.atomics_.begin(), self.atomics_.end(), address) == self.atomics_.end()) {
    self.atomics_.push_back(address);
  }
}

void begin_launch() { ++launches; }
void end_thread() { __tsan_release(&launch); }
void end_launch() { __tsan_acquire(&launch); }

}  // namespace cushim::order
