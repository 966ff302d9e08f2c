// Late streams of the stand-in libcuda: nothing is done before someone waits
// for it.
#include <cstdlib>

#include "device.h"

namespace tests {
namespace {

// A device whose streams are late, and page-locked memory.
struct LateDevice {
  struct Order {
    Order() { setenv("REVUP_CUDA_ON_CPU_ORDER", "late", 1); }
    ~Order() { unsetenv("REVUP_CUDA_ON_CPU_ORDER"); }
  };
  static constexpr size_t count = 4;

  LateDevice() {
    EXPECT(CUDA_SUCCESS, cuStreamCreate(&other, CU_STREAM_NON_BLOCKING));
    EXPECT(CUDA_SUCCESS, cuEventCreate(&event, CU_EVENT_DISABLE_TIMING));
    void *memory = nullptr;
    EXPECT(CUDA_SUCCESS, cuMemHostAlloc(&memory, count * sizeof(int), 0));
    pinned = static_cast<int *>(memory);
    for (size_t i = 0; i < count; ++i) pinned[i] = 1;
    data = device.allocate(count * sizeof(int));
  }

  void copy_from_host(CUstream stream) const {
    EXPECT(CUDA_SUCCESS, cuMemcpyHtoDAsync_v2(data, pinned, count * sizeof(int), stream));
  }
  void copy_to_host(CUstream stream) const {
    EXPECT(CUDA_SUCCESS, cuMemcpyDtoHAsync_v2(pinned, data, count * sizeof(int), stream));
  }
  void fill(unsigned value, CUstream stream) const {
    EXPECT(CUDA_SUCCESS, cuMemsetD32Async(data, value, count, stream));
  }
  void wait(CUstream stream) const { EXPECT(CUDA_SUCCESS, cuStreamSynchronize(stream)); }

  Order order{};
  Device device{};
  CUstream other = nullptr;
  CUevent event = nullptr;
  int *pinned = nullptr;
  CUdeviceptr data = 0;
};

void results_arrive_when_they_are_waited_for() {
  const LateDevice late;
  late.fill(7, late.device.stream);
  late.copy_to_host(late.device.stream);
  EXPECT(1, late.pinned[0]);
  late.wait(late.device.stream);
  EXPECT(7, late.pinned[0]);
}

void a_source_is_read_when_the_copy_runs() {
  const LateDevice late;
  late.copy_from_host(late.device.stream);
  late.pinned[0] = 5;  // too early
  late.copy_to_host(late.device.stream);
  late.pinned[0] = 6;
  late.wait(late.device.stream);
  EXPECT(6, late.pinned[0]);
}

void memory_that_is_not_locked_is_copied_at_once() {
  const LateDevice late;
  std::vector<int> values = {3, 3, 3, 3};
  EXPECT(CUDA_SUCCESS, cuMemcpyHtoDAsync_v2(late.data, values.data(), 16, late.device.stream));
  values = {4, 4, 4, 4};
  EXPECT(CUDA_SUCCESS, cuMemcpyDtoHAsync_v2(values.data(), late.data, 16, late.device.stream));
  EXPECT(3, values[0]);
}

void streams_are_ordered_by_events_alone() {
  const LateDevice late;
  late.fill(1, late.other);
  late.fill(2, late.device.stream);
  late.wait(late.device.stream);
  late.wait(late.other);  // its work comes last, because no event orders the two
  late.copy_to_host(late.other);
  late.wait(late.other);
  EXPECT(1, late.pinned[0]);

  late.fill(3, late.other);
  EXPECT(CUDA_SUCCESS, cuEventRecord(late.event, late.other));
  EXPECT(CUDA_SUCCESS, cuStreamWaitEvent(late.device.stream, late.event, 0));
  late.fill(4, late.other);  // behind the event
  late.copy_to_host(late.device.stream);
  late.wait(late.device.stream);
  EXPECT(3, late.pinned[0]);
}

void an_event_is_reached_alone() {
  const LateDevice late;
  late.fill(1, late.device.stream);
  late.copy_to_host(late.device.stream);
  EXPECT(CUDA_SUCCESS, cuEventRecord(late.event, late.device.stream));
  late.fill(2, late.device.stream);
  late.copy_to_host(late.device.stream);
  EXPECT(CUDA_ERROR_NOT_READY, cuEventQuery(late.event));
  EXPECT(CUDA_SUCCESS, cuEventSynchronize(late.event));
  EXPECT(CUDA_SUCCESS, cuEventQuery(late.event));
  EXPECT(1, late.pinned[0]);
}

void asking_again_and_again_ends() {
  const LateDevice late;
  for (unsigned i = 0; i < 5; ++i) late.fill(i, late.device.stream);
  EXPECT(CUDA_SUCCESS, cuEventRecord(late.event, late.device.stream));
  int asked = 0;
  while (cuEventQuery(late.event) == CUDA_ERROR_NOT_READY) ++asked;
  EXPECT(5, asked);
}

void failures_come_with_the_wait() {
  const LateDevice late;
  EXPECT(CUDA_SUCCESS, late.device.launch("leave_before_barrier", {{1, 1, 1}, {64, 1, 1}}, 7));
  late.copy_to_host(late.device.stream);
  EXPECT(CUDA_ERROR_LAUNCH_FAILED, cuStreamSynchronize(late.device.stream));
  EXPECT(1, late.pinned[0]);
}

void freeing_waits() {
  const LateDevice late;
  late.fill(9, late.device.stream);
  late.copy_to_host(late.device.stream);
  EXPECT(CUDA_SUCCESS, cuMemFree_v2(late.data));
  EXPECT(9, late.pinned[0]);
}

}  // namespace

void add_late_tests(Suite &suite) {
  suite.add("late: results arrive when they are waited for", results_arrive_when_they_are_waited_for);
  suite.add("late: a source is read when the copy runs", a_source_is_read_when_the_copy_runs);
  suite.add("late: memory that is not locked is copied at once", memory_that_is_not_locked_is_copied_at_once);
  suite.add("late: streams are ordered by events alone", streams_are_ordered_by_events_alone);
  suite.add("late: an event is reached alone", an_event_is_reached_alone);
  suite.add("late: asking again and again ends", asking_again_and_again_ends);
  suite.add("late: failures come with the wait", failures_come_with_the_wait);
  suite.add("late: freeing waits", freeing_waits);
}

}  // namespace tests
