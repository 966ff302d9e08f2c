// Operations of the stand-in libnccl.
#include <cmath>
#include <cstdint>
#include <numeric>

#include "ranks.h"

extern "C" void cuda_on_cpu_record_ranges();
extern "C" int cuda_on_cpu_recorded_ranges(char *text, int capacity);

namespace tests {
namespace {

constexpr size_t large = 100'003;  // elements: some chunks and a rest

template <typename T>
T *pointer(CUdeviceptr address) {
  return reinterpret_cast<T *>(address);
}

// 1e8 − 1e8 + 1 is 1 in this order, and 0 in others.
void sums_are_in_rank_order() {
  run_ranks(3, [](const Rank &rank) {
    const float values[] = {1e8f, -1e8f, 1.0f};
    const CUdeviceptr x = rank.device.upload(std::vector<float>(large, values[rank.rank]));
    const CUdeviceptr y = rank.device.allocate(large * sizeof(float));
    EXPECT(ncclSuccess, ncclAllReduce(pointer<void>(x), pointer<void>(y), large, ncclFloat32, ncclSum,
                                      rank.communicator, rank.device.stream));
    EXPECT(values[rank.rank], rank.device.download<float>(x, large)[large - 1]);
    EXPECT(ncclSuccess, rank.sum(x, large));
    for (const float value : rank.device.download<float>(y, large)) EXPECT(1.0f, value);
    EXPECT(true, rank.device.download<float>(x, large) == rank.device.download<float>(y, large));
    EXPECT(ncclSuccess, ncclCommFinalize(rank.communicator));
  });
}

template <typename T>
std::vector<T> reduced(const Rank &rank, const std::vector<T> &values, ncclDataType_t type, ncclRedOp_t operation) {
  const CUdeviceptr x = rank.device.upload(values);
  EXPECT(ncclSuccess, ncclAllReduce(pointer<void>(x), pointer<void>(x), values.size(), type, operation,
                                    rank.communicator, rank.device.stream));
  return rank.device.download<T>(x, values.size());
}

void types_and_maxima() {
  run_ranks(2, [](const Rank &rank) {
    const double number = rank.rank == 0 ? -0.1 : -0.2;
    EXPECT(-0.1, reduced<double>(rank, {number}, ncclFloat64, ncclMax)[0]);
    EXPECT(-0.1 + -0.2, reduced<double>(rank, {number}, ncclFloat64, ncclSum)[0]);
    EXPECT(2.0f, reduced<float>(rank, {rank.rank == 0 ? std::nanf("") : 2.0f}, ncclFloat32, ncclMax)[0]);
    EXPECT(5, reduced<uint8_t>(rank, {static_cast<uint8_t>(2 + rank.rank)}, ncclUint8, ncclSum)[0]);
    EXPECT(-1, reduced<int8_t>(rank, {static_cast<int8_t>(-2 + rank.rank)}, ncclInt8, ncclMax)[0]);
  });
}

void a_broadcast_copies_the_root() {
  run_ranks(2, [](const Rank &rank) {
    const CUdeviceptr x = rank.device.upload(std::vector<float>(large, static_cast<float>(rank.rank)));
    EXPECT(ncclSuccess, ncclBroadcast(rank.rank == 1 ? pointer<void>(x) : nullptr, pointer<void>(x), large, ncclFloat32,
                                      1, rank.communicator, rank.device.stream));
    for (const float value : rank.device.download<float>(x, large)) EXPECT(1.0f, value);
  });
}

void a_gather_has_the_parts_in_rank_order() {
  run_ranks(3, [](const Rank &rank) {
    const auto number = static_cast<uint8_t>(rank.rank + 1);
    const CUdeviceptr own = rank.device.upload(std::vector<uint8_t>(large, number));
    const CUdeviceptr all = rank.device.allocate(3 * large);
    const CUdeviceptr part = all + static_cast<CUdeviceptr>(rank.rank) * large;
    for (const CUdeviceptr send : {own, part}) {
      EXPECT(ncclSuccess, ncclAllGather(pointer<void>(send), pointer<void>(all), large, ncclUint8, rank.communicator,
                                        rank.device.stream));
      const auto values = rank.device.download<uint8_t>(all, 3 * large);
      for (size_t i = 0; i < values.size(); ++i) EXPECT(static_cast<int>(i / large) + 1, int{values[i]});
    }
  });
}

// Part p of rank r goes to rank p as its part r, also where r = p.
void a_group_exchanges_parts() {
  constexpr int ranks = 3;
  run_ranks(ranks, [](const Rank &rank) {
    std::vector<float> parts(ranks * large);
    for (size_t i = 0; i < parts.size(); ++i)
      parts[i] = static_cast<float>(10 * rank.rank) + static_cast<float>(i / large);
    const CUdeviceptr x = rank.device.upload(parts), y = rank.device.allocate(parts.size() * sizeof(float));
    for (int round = 0; round < 2; ++round) {
      EXPECT(ncclSuccess, ncclGroupStart());
      for (int peer = 0; peer < ranks; ++peer) {
        const CUdeviceptr offset = static_cast<CUdeviceptr>(peer) * large * sizeof(float);
        EXPECT(ncclSuccess,
               ncclSend(pointer<void>(x + offset), large, ncclFloat32, peer, rank.communicator, rank.device.stream));
        EXPECT(ncclSuccess,
               ncclRecv(pointer<void>(y + offset), large, ncclFloat32, peer, rank.communicator, rank.device.stream));
      }
      EXPECT(ncclSuccess, ncclGroupEnd());
    }
    const auto received = rank.device.download<float>(y, parts.size());
    for (size_t i = 0; i < received.size(); ++i) {
      EXPECT(static_cast<float>(10 * (i / large)) + static_cast<float>(rank.rank), received[i]);
    }
  });
}

void a_group_waits_for_its_end() {
  run_ranks(2, [](const Rank &rank) {
    const CUdeviceptr x = rank.device.upload(std::vector<float>(4, 1)),
                      y = rank.device.upload(std::vector<float>(4, 2));
    EXPECT(ncclSuccess, ncclGroupStart());
    EXPECT(ncclSuccess, rank.sum(x, 4));
    EXPECT(ncclSuccess, rank.sum(y, 4));
    EXPECT(1.0f, rank.device.download<float>(x, 4)[0]);
    EXPECT(ncclSuccess, ncclGroupEnd());
    EXPECT(2.0f, rank.device.download<float>(x, 4)[0]);
    EXPECT(4.0f, rank.device.download<float>(y, 4)[0]);
    EXPECT(ncclInvalidUsage, ncclGroupEnd());
  });
}

// The sum is on a second stream, as beside a backward pass.
void a_graph_replays_a_sum() {
  run_ranks(2, [](const Rank &rank) {
    const Device &device = rank.device;
    CUstream side = nullptr;
    CUevent fork = nullptr, done = nullptr;
    CUgraph graph = nullptr;
    CUgraphExec executable = nullptr;
    const CUdeviceptr x = device.upload(std::vector<float>(4));
    EXPECT(CUDA_SUCCESS, cuStreamCreate(&side, CU_STREAM_NON_BLOCKING));
    EXPECT(CUDA_SUCCESS, cuEventCreate(&fork, 0));
    EXPECT(CUDA_SUCCESS, cuEventCreate(&done, 0));
    EXPECT(CUDA_SUCCESS, cuStreamBeginCapture_v2(device.stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
    EXPECT(CUDA_SUCCESS, device.launch("add_one", {{1, 1, 1}, {4, 1, 1}}, 4LL, x));
    EXPECT(CUDA_SUCCESS, cuEventRecord(fork, device.stream));
    EXPECT(CUDA_SUCCESS, cuStreamWaitEvent(side, fork, 0));
    EXPECT(ncclSuccess,
           ncclAllReduce(pointer<void>(x), pointer<void>(x), 4, ncclFloat32, ncclSum, rank.communicator, side));
    EXPECT(CUDA_SUCCESS, cuEventRecord(done, side));
    EXPECT(CUDA_SUCCESS, cuStreamWaitEvent(device.stream, done, 0));
    EXPECT(CUDA_SUCCESS, cuStreamEndCapture(device.stream, &graph));
    EXPECT(CUDA_SUCCESS, cuGraphInstantiateWithFlags(&executable, graph, 0));
    EXPECT(0.0f, device.download<float>(x, 4)[3]);
    for (const float expected : {2.0f, 6.0f, 14.0f}) {  // (x + 1) · 2
      EXPECT(CUDA_SUCCESS, cuGraphLaunch(executable, device.stream));
      EXPECT(expected, device.download<float>(x, 4)[3]);
    }
  });
}

void a_profiler_sees_operations_among_ranges() {
  run_ranks(1, [](const Rank &rank) {
    const CUdeviceptr x = rank.device.upload(std::vector<float>(4, 1));
    char text[256];
    cuda_on_cpu_record_ranges();
    EXPECT(ncclSuccess, rank.sum(x, 4));
    EXPECT(ncclSuccess, rank.sum(x, 3));
    EXPECT(true, cuda_on_cpu_recorded_ranges(text, sizeof text) > 0);
    EXPECT(std::string("ncclAllReduce 4\nncclAllReduce 3\n"), std::string(text));
    EXPECT(1.0f, rank.device.download<float>(x, 4)[0]);
  });
}

}  // namespace

void add_nccl_tests(Suite &suite) {
  suite.add("nccl: sums are in rank order", sums_are_in_rank_order);
  suite.add("nccl: types and maxima", types_and_maxima);
  suite.add("nccl: a broadcast copies the root", a_broadcast_copies_the_root);
  suite.add("nccl: a gather has the parts in rank order", a_gather_has_the_parts_in_rank_order);
  suite.add("nccl: a group exchanges parts", a_group_exchanges_parts);
  suite.add("nccl: a group waits for its end", a_group_waits_for_its_end);
  suite.add("nccl: a graph replays a sum", a_graph_replays_a_sum);
  suite.add("nccl: a profiler sees operations among ranges", a_profiler_sees_operations_among_ranges);
}

}  // namespace tests
