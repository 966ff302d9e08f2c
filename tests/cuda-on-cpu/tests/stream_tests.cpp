// Streams, events, capture and graphs of the stand-in libcuda.
#include <functional>
#include <vector>

#include "../include/stand_in.h"
#include "device.h"

namespace tests {
namespace {

void freed_handles_are_refused() {
  const Device device;
  CUstream stream = nullptr;
  CUevent event = nullptr;
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuStreamCreate(&stream, 2));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuStreamCreateWithPriority(&stream, 2, -1));
  EXPECT(CUDA_SUCCESS, cuStreamCreateWithPriority(&stream, CU_STREAM_NON_BLOCKING, -1));
  EXPECT(CUDA_SUCCESS, cuStreamDestroy_v2(stream));
  EXPECT(CUDA_SUCCESS, cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
  EXPECT(CUDA_SUCCESS, cuEventCreate(&event, 0));
  EXPECT(CUDA_ERROR_INVALID_HANDLE, cuStreamSynchronize(reinterpret_cast<CUstream>(event)));
  EXPECT(CUDA_SUCCESS, cuStreamDestroy_v2(stream));
  EXPECT(CUDA_ERROR_INVALID_HANDLE, cuStreamDestroy_v2(stream));
  EXPECT(CUDA_ERROR_INVALID_HANDLE, cuEventRecord(event, stream));
  EXPECT(CUDA_ERROR_INVALID_HANDLE, cuMemsetD8Async(device.allocate(8), 0, 8, stream));
  EXPECT(CUDA_SUCCESS, cuEventDestroy_v2(event));
  EXPECT(CUDA_ERROR_INVALID_HANDLE, cuEventDestroy_v2(event));
  EXPECT(CUDA_ERROR_INVALID_HANDLE, cuEventQuery(event));
  EXPECT(CUDA_ERROR_INVALID_HANDLE, cuStreamWaitEvent(device.stream, event, 0));
}

void events_measure_time() {
  const Device device;
  CUevent start = nullptr, end = nullptr, untimed = nullptr;
  float milliseconds = -1;
  EXPECT(CUDA_SUCCESS, cuEventCreate(&start, 0));
  EXPECT(CUDA_SUCCESS, cuEventCreate(&end, 0));
  EXPECT(CUDA_SUCCESS, cuEventCreate(&untimed, CU_EVENT_DISABLE_TIMING));
  EXPECT(CUDA_SUCCESS, cuEventRecord(start, device.stream));
  EXPECT(CUDA_ERROR_INVALID_HANDLE, cuEventElapsedTime(&milliseconds, start, end));
  EXPECT(CUDA_SUCCESS, cuEventRecord(end, device.stream));
  EXPECT(CUDA_SUCCESS, cuEventRecord(untimed, device.stream));
  EXPECT(CUDA_SUCCESS, cuStreamWaitEvent(device.stream, untimed, 0));
  EXPECT(CUDA_SUCCESS, cuEventSynchronize(end));
  EXPECT(CUDA_SUCCESS, cuEventElapsedTime(&milliseconds, start, end));
  EXPECT(true, milliseconds >= 0);
  EXPECT(CUDA_ERROR_INVALID_HANDLE, cuEventElapsedTime(&milliseconds, start, untimed));
}

// x is set to 1, one added by a kernel, and the result copied to y: nothing of it before the graph is launched.
CUgraph capture(const Device &device, CUdeviceptr x, CUdeviceptr y) {
  CUgraph graph = nullptr;
  EXPECT(CUDA_SUCCESS, cuStreamBeginCapture_v2(device.stream, CU_STREAM_CAPTURE_MODE_GLOBAL));
  EXPECT(CUDA_SUCCESS, cuMemsetD32Async(x, 0x3f800000, 4, device.stream));
  EXPECT(CUDA_SUCCESS, device.launch("add_one", {{1, 1, 1}, {4, 1, 1}}, 4LL, x));
  EXPECT(CUDA_SUCCESS, cuMemcpyDtoDAsync_v2(y, x, 16, device.stream));
  EXPECT(CUDA_SUCCESS, cuStreamEndCapture(device.stream, &graph));
  return graph;
}

void a_graph_replays_what_was_captured() {
  const Device device;
  const CUdeviceptr x = device.upload(std::vector<float>(4)), y = device.upload(std::vector<float>(4));
  const CUgraph graph = capture(device, x, y);
  EXPECT(0.0f, device.download<float>(x, 4)[0]);
  CUgraphExec executable = nullptr;
  EXPECT(CUDA_SUCCESS, cuGraphInstantiateWithFlags(&executable, graph, 0));
  EXPECT(CUDA_SUCCESS, cuGraphDestroy(graph));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuGraphDestroy(graph));
  for (int replay = 0; replay < 3; ++replay) {
    EXPECT(CUDA_SUCCESS, cuMemsetD8Async(y, 0, 16, device.stream));
    EXPECT(CUDA_SUCCESS, cuGraphLaunch(executable, device.stream));
    for (const float value : device.download<float>(y, 4)) EXPECT(2.0f, value);
  }
  EXPECT(CUDA_SUCCESS, cuGraphExecDestroy(executable));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuGraphLaunch(executable, device.stream));
}

void a_graph_over_freed_memory_fails() {
  const Device device;
  const CUdeviceptr x = device.allocate(16), y = device.allocate(16);
  const CUgraph graph = capture(device, x, y);
  CUgraphExec executable = nullptr;
  EXPECT(CUDA_SUCCESS, cuGraphInstantiateWithFlags(&executable, graph, 0));
  EXPECT(CUDA_SUCCESS, cuMemFree_v2(y));
  EXPECT(CUDA_SUCCESS, cuGraphLaunch(executable, device.stream));
  EXPECT(CUDA_ERROR_ILLEGAL_ADDRESS, cuStreamSynchronize(device.stream));
}

void synchronisation_and_allocation_invalidate_a_capture() {
  const Device device;
  CUdeviceptr address = 0;
  CUevent event = nullptr;
  EXPECT(CUDA_SUCCESS, cuEventCreate(&event, 0));
  EXPECT(CUDA_SUCCESS, cuEventRecord(event, device.stream));
  const std::vector<std::function<CUresult()>> forbidden = {
      [&] { return cuMemAlloc_v2(&address, 16); },
      [&] { return cuStreamSynchronize(device.stream); },
      [&] { return cuEventSynchronize(event); },
      [&] { return cuEventQuery(event); },
  };
  for (const auto &call : forbidden) {
    CUgraph graph = nullptr;
    EXPECT(CUDA_SUCCESS, cuStreamBeginCapture_v2(device.stream, CU_STREAM_CAPTURE_MODE_GLOBAL));
    EXPECT(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, call());
    EXPECT(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, device.launch("add_one", {}, 0LL, CUdeviceptr{0}));
    EXPECT(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, cuStreamEndCapture(device.stream, &graph));
    EXPECT(nullptr, static_cast<void *>(graph));
  }
  EXPECT(CUDA_SUCCESS, cuStreamSynchronize(device.stream));
}

void a_capture_cannot_wait_for_what_is_outside_it() {
  const Device device;
  CUevent event = nullptr;
  CUgraph graph = nullptr;
  EXPECT(CUDA_SUCCESS, cuEventCreate(&event, 0));
  EXPECT(CUDA_SUCCESS, cuEventRecord(event, device.stream));
  EXPECT(CUDA_SUCCESS, cuStreamBeginCapture_v2(device.stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
  EXPECT(CUDA_ERROR_STREAM_CAPTURE_ISOLATION, cuStreamWaitEvent(device.stream, event, 0));
  EXPECT(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, cuStreamEndCapture(device.stream, &graph));
}

void waits_and_submissions_are_counted() {
  const Device device;
  const CUdeviceptr x = device.allocate(16), y = device.allocate(16);
  const long long waits = cuda_on_cpu_waits(), submissions = cuda_on_cpu_submissions();
  const CUgraph graph = capture(device, x, y);
  CUgraphExec executable = nullptr;
  EXPECT(CUDA_SUCCESS, cuGraphInstantiateWithFlags(&executable, graph, 0));
  EXPECT(submissions, cuda_on_cpu_submissions());
  EXPECT(CUDA_SUCCESS, cuGraphLaunch(executable, device.stream));
  EXPECT(CUDA_SUCCESS, cuMemsetD8Async(x, 0, 16, device.stream));
  EXPECT(submissions + 2, cuda_on_cpu_submissions());
  EXPECT(waits, cuda_on_cpu_waits());
  EXPECT(CUDA_SUCCESS, cuStreamSynchronize(device.stream));
  EXPECT(waits + 1, cuda_on_cpu_waits());
}

void captures_are_begun_and_ended_in_pairs() {
  const Device device;
  CUgraph graph = nullptr;
  EXPECT(CUDA_ERROR_ILLEGAL_STATE, cuStreamEndCapture(device.stream, &graph));
  EXPECT(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, cuStreamBeginCapture_v2(nullptr, CU_STREAM_CAPTURE_MODE_GLOBAL));
  EXPECT(CUDA_SUCCESS, cuStreamBeginCapture_v2(device.stream, CU_STREAM_CAPTURE_MODE_RELAXED));
  EXPECT(CUDA_ERROR_ILLEGAL_STATE, cuStreamBeginCapture_v2(device.stream, CU_STREAM_CAPTURE_MODE_RELAXED));
  EXPECT(CUDA_SUCCESS, cuStreamEndCapture(device.stream, &graph));
}

void captured_events_cannot_be_asked() {
  const Device device;
  CUevent event = nullptr;
  CUstream other = nullptr;
  CUgraph graph = nullptr;
  EXPECT(CUDA_SUCCESS, cuEventCreate(&event, 0));
  EXPECT(CUDA_SUCCESS, cuStreamCreate(&other, CU_STREAM_NON_BLOCKING));
  EXPECT(CUDA_SUCCESS, cuStreamBeginCapture_v2(device.stream, CU_STREAM_CAPTURE_MODE_RELAXED));
  EXPECT(CUDA_SUCCESS, cuEventRecord(event, device.stream));
  EXPECT(CUDA_ERROR_CAPTURED_EVENT, cuEventQuery(event));
  EXPECT(CUDA_SUCCESS, cuStreamWaitEvent(device.stream, event, 0));
  EXPECT(CUDA_SUCCESS, cuStreamEndCapture(device.stream, &graph));
  EXPECT(CUDA_ERROR_CAPTURED_EVENT, cuEventQuery(event));
  EXPECT(CUDA_ERROR_CAPTURED_EVENT, cuStreamWaitEvent(other, event, 0));
}

void the_default_stream_spoils_captures_of_blocking_streams() {
  const Device device;
  CUstream blocking = nullptr;
  CUgraph graph = nullptr;
  const CUdeviceptr x = device.allocate(16);
  EXPECT(CUDA_SUCCESS, cuStreamCreate(&blocking, 0));
  EXPECT(CUDA_SUCCESS, cuStreamBeginCapture_v2(blocking, CU_STREAM_CAPTURE_MODE_GLOBAL));
  EXPECT(CUDA_ERROR_STREAM_CAPTURE_IMPLICIT, cuMemsetD8Async(x, 0, 16, nullptr));
  EXPECT(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, cuStreamEndCapture(blocking, &graph));
}

}  // namespace

void add_stream_tests(Suite &suite) {
  suite.add("stream: freed handles are refused", freed_handles_are_refused);
  suite.add("stream: events measure time", events_measure_time);
}

void add_graph_tests(Suite &suite) {
  suite.add("graph: it replays what was captured", a_graph_replays_what_was_captured);
  suite.add("graph: over freed memory it fails", a_graph_over_freed_memory_fails);
  suite.add("graph: synchronisation and allocation invalidate a capture",
            synchronisation_and_allocation_invalidate_a_capture);
  suite.add("graph: a capture cannot wait for what is outside it", a_capture_cannot_wait_for_what_is_outside_it);
  suite.add("graph: waits and submissions are counted", waits_and_submissions_are_counted);
  suite.add("graph: captures are begun and ended in pairs", captures_are_begun_and_ended_in_pairs);
  suite.add("graph: captured events cannot be asked", captured_events_cannot_be_asked);
  suite.add("graph: the default stream spoils captures of blocking streams",
            the_default_stream_spoils_captures_of_blocking_streams);
}

}  // namespace tests
