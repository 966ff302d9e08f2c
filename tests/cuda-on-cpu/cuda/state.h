// State that the files of the stand-in driver share: the context's condition, the tables of handles, memory.
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <thread>
#include <vector>

#include "../include/handles.h"
#include "../include/stand_in.h"

namespace cuda_on_cpu {

using Work = std::function<CUresult()>;

struct Graph {
  int device;
  std::vector<Work> nodes{};
};

struct Stream;

// A place in the work of a stream: `count` pieces of it are before.
struct Place {
  std::shared_ptr<Stream> stream{};
  size_t count = 0;
};

// Work that a late stream has not done yet, or another place that it waits for.
struct Pending {
  Work work{};
  Place awaited{};
};

// Nodes of each stream of a capture that come before something in it.
using Reach = std::map<const Stream *, size_t>;

struct Capture {
  CUstreamCaptureMode mode;
  std::thread::id thread;
  const Stream *origin;
  Graph graph;
  bool valid = true, ended = false;
  Reach nodes{};  // all of them
};

struct Stream : std::enable_shared_from_this<Stream> {
  Stream(int its_device, bool is_blocking) : device(its_device), blocking(is_blocking) {}

  int device;
  bool blocking;  // work on the default stream waits for it
  std::shared_ptr<Capture> capture{};
  Reach reach{};              // of the next node
  bool stands_still = false;  // behind work that never ends
  bool late = false;
  std::deque<Pending> pending{};
  size_t done = 0;  // pieces of work of a late stream

  bool captures() const { return capture != nullptr; }
  void leave_capture() {
    capture = nullptr;
    reach.clear();
  }
};

struct Event {
  int device;
  bool timing;
  bool recorded = false;
  std::shared_ptr<Capture> capture{};  // in which it was recorded last
  Reach reach{};
  bool out_of_reach = false;  // behind work that never ends
  Place place{};              // on a late stream
  std::chrono::steady_clock::time_point time{};
};

extern HandleTable<CUstream, Stream> streams;

// The place of the calling thread's device among the visible ones; -1 without a context.
int current_ordinal();

// Objects that are destroyed with a device's context; each is defined beside the functions that create such objects.
void clear_streams(int device);
void clear_modules(int device);
void clear_graphs(int device);
void clear_memory(int device);

// Whether cuInit was called.
CUresult check_initialised();

// Lets the late streams of the current device do all of their work.
void finish_late_work();

// Whether page-locked host memory is there.
bool is_pinned(const void *address);

// For calls that a capture forbids (allocation, synchronisation): they spoil each capture of the device whose mode
// covers the caller.
CUresult check_no_capture();

// The first asynchronous error of the current context; every later call returns it until the context is destroyed.
void spoil_context(CUresult error);

// Bytes on each device in all.
size_t device_bytes();

}  // namespace cuda_on_cpu
