// Captures of several streams: streams that wait for an event of a capture become a part of it.
#include "device.h"

namespace tests {
namespace {

// A stream that captures, a second one, and two events.
struct Fork {
  Device device{};
  CUstream side = nullptr;
  CUevent fork = nullptr, join = nullptr;
  CUdeviceptr x = 0, y = 0;
  CUgraph graph = nullptr;

  Fork() {
    EXPECT(CUDA_SUCCESS, cuStreamCreateWithPriority(&side, CU_STREAM_NON_BLOCKING, INT32_MIN));
    EXPECT(CUDA_SUCCESS, cuEventCreate(&fork, CU_EVENT_DISABLE_TIMING));
    EXPECT(CUDA_SUCCESS, cuEventCreate(&join, CU_EVENT_DISABLE_TIMING));
    x = device.upload(std::vector<float>(4));
    y = device.upload(std::vector<float>(4));
  }

  void begin() {
    EXPECT(CUDA_SUCCESS, cuStreamBeginCapture_v2(device.stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
    EXPECT(CUDA_SUCCESS, cuMemsetD32Async(x, 0x3f800000, 4, device.stream));
    EXPECT(CUDA_SUCCESS, cuEventRecord(fork, device.stream));
    EXPECT(CUDA_SUCCESS, cuStreamWaitEvent(side, fork, 0));
  }
  void copy_beside() { EXPECT(CUDA_SUCCESS, cuMemcpyDtoDAsync_v2(y, x, 16, side)); }
  void unite() {
    EXPECT(CUDA_SUCCESS, cuEventRecord(join, side));
    EXPECT(CUDA_SUCCESS, cuStreamWaitEvent(device.stream, join, 0));
  }
  void end(CUresult expected) { EXPECT(expected, cuStreamEndCapture(device.stream, &graph)); }
};

void work_of_both_streams_is_in_the_graph() {
  Fork both;
  const Device &device = both.device;
  both.begin();
  both.copy_beside();
  both.unite();
  EXPECT(CUDA_SUCCESS, device.launch("add_one", {{1, 1, 1}, {4, 1, 1}}, 4LL, both.y));
  both.end(CUDA_SUCCESS);
  EXPECT(0.0f, device.download<float>(both.y, 4)[3]);
  CUgraphExec executable = nullptr;
  EXPECT(CUDA_SUCCESS, cuGraphInstantiateWithFlags(&executable, both.graph, 0));
  for (int replay = 0; replay < 2; ++replay) {
    EXPECT(CUDA_SUCCESS, cuGraphLaunch(executable, device.stream));
    EXPECT(2.0f, device.download<float>(both.y, 4)[3]);
  }
}

void a_fork_that_is_not_joined_fails_the_capture() {
  Fork both;
  both.begin();
  both.copy_beside();
  both.unite();
  both.copy_beside();
  both.end(CUDA_ERROR_STREAM_CAPTURE_UNJOINED);
  EXPECT(nullptr, static_cast<void *>(both.graph));
  // Both streams are free again.
  EXPECT(CUDA_SUCCESS, cuStreamSynchronize(both.side));
  both.begin();
  both.copy_beside();
  both.unite();
  both.end(CUDA_SUCCESS);
}

void a_fork_without_work_needs_no_join() {
  Fork both;
  both.begin();
  both.end(CUDA_SUCCESS);
  EXPECT(CUDA_SUCCESS, cuMemsetD8Async(both.y, 0, 16, both.side));
  EXPECT(CUDA_SUCCESS, cuStreamSynchronize(both.side));
}

void a_capture_ends_where_it_began() {
  Fork both;
  both.begin();
  EXPECT(CUDA_ERROR_STREAM_CAPTURE_UNMATCHED, cuStreamEndCapture(both.side, &both.graph));
  both.end(CUDA_SUCCESS);
}

void two_captures_do_not_merge() {
  Fork both;
  EXPECT(CUDA_SUCCESS, cuStreamBeginCapture_v2(both.side, CU_STREAM_CAPTURE_MODE_RELAXED));
  EXPECT(CUDA_SUCCESS, cuStreamBeginCapture_v2(both.device.stream, CU_STREAM_CAPTURE_MODE_RELAXED));
  EXPECT(CUDA_SUCCESS, cuEventRecord(both.fork, both.device.stream));
  EXPECT(CUDA_ERROR_STREAM_CAPTURE_MERGE, cuStreamWaitEvent(both.side, both.fork, 0));
  EXPECT(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, cuStreamEndCapture(both.side, &both.graph));
  both.end(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
}

void the_default_stream_joins_no_capture() {
  Fork both;
  both.begin();
  EXPECT(CUDA_ERROR_STREAM_CAPTURE_IMPLICIT, cuStreamWaitEvent(nullptr, both.fork, 0));
  both.end(CUDA_SUCCESS);
}

}  // namespace

void add_fork_tests(Suite &suite) {
  suite.add("fork: work of both streams is in the graph", work_of_both_streams_is_in_the_graph);
  suite.add("fork: one that is not joined fails the capture", a_fork_that_is_not_joined_fails_the_capture);
  suite.add("fork: one without work needs no join", a_fork_without_work_needs_no_join);
  suite.add("fork: a capture ends where it began", a_capture_ends_where_it_began);
  suite.add("fork: two captures do not merge", two_captures_do_not_merge);
  suite.add("fork: the default stream joins no capture", the_default_stream_joins_no_capture);
}

}  // namespace tests
