// State that the files of the stand-in driver share: the context's condition, the tables of handles, memory.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>
#include <vector>

#include "../include/handles.h"
#include "../include/stand_in.h"

namespace cuda_on_cpu {

using Work = std::function<CUresult()>;

struct Graph {
  std::vector<Work> nodes;
};

struct Capture {
  CUstreamCaptureMode mode;
  std::thread::id thread;
  bool valid = true;
  Graph graph{};
};

struct Stream {
  bool blocking;  // work on the default stream waits for it
  std::shared_ptr<Capture> capture{};
};

struct Event {
  bool timing;
  bool recorded = false, captured = false;
  std::chrono::steady_clock::time_point time{};
};

extern HandleTable<CUstream, Stream> streams;

// Objects that are destroyed with the context; each is defined beside the functions that create such objects.
void clear_streams();
void clear_modules();
void clear_graphs();
void clear_memory();

// Whether cuInit was called.
CUresult check_initialised();

// For calls that a capture forbids (allocation, synchronisation): they spoil each capture whose mode covers the caller.
CUresult check_no_capture();

// The first asynchronous error; every later call returns it until the context is destroyed.
void spoil_context(CUresult error);

// Bytes in use on the device and there in all.
size_t allocated_bytes();
size_t device_bytes();

}  // namespace cuda_on_cpu
