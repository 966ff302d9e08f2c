// The shim: barriers, exchanges within a warp, atomics, shared memory, bfloat16.
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "device.h"

namespace tests {
namespace {

// A kernel that breaks a rule: the launch is accepted, and the next call reports the failure.
template <typename... Arguments>
void expect_failure(const char *name, unsigned threads, Arguments... values) {
  const Device device;
  EXPECT(CUDA_SUCCESS, device.launch(name, {{1, 1, 1}, {threads, 1, 1}}, values...));
  EXPECT(CUDA_ERROR_LAUNCH_FAILED, cuStreamSynchronize(device.stream));
}

template <typename T>
void expect_failure_writing(const char *name, unsigned threads) {
  const Device device;
  const CUdeviceptr out = device.allocate(threads * sizeof(T));
  EXPECT(CUDA_SUCCESS, device.launch(name, {{1, 1, 1}, {threads, 1, 1}}, out));
  EXPECT(CUDA_ERROR_LAUNCH_FAILED, cuStreamSynchronize(device.stream));
}

void indices_in_three_dimensions() {
  const Device device;
  const CUdeviceptr out = device.allocate(2 * 3 * 2 * 4 * 2 * 3 * sizeof(unsigned));
  EXPECT(CUDA_SUCCESS, device.launch("write_indices", {{2, 3, 2}, {4, 2, 3}}, out));
  const auto values = device.download<unsigned>(out, 2 * 3 * 2 * 4 * 2 * 3);
  size_t at = 0;
  for (unsigned block = 0; block < 12; ++block) {
    for (unsigned thread = 0; thread < 24; ++thread) {
      EXPECT(block % 2 + 10 * (block / 2 % 3) + 100 * (block / 6) + 1000 * (thread % 4) + 10000 * (thread / 4 % 2) +
                 100000 * (thread / 8),
             values[at++]);
    }
  }
}

void barriers_order_shared_memory() {
  constexpr unsigned blocks = 300;  // enough for a second worker
  const Device device;
  std::vector<int> x(blocks * 256);
  std::iota(x.begin(), x.end(), -1000);
  const CUdeviceptr in = device.upload(x), out = device.allocate(blocks * sizeof(int));
  EXPECT(CUDA_SUCCESS, device.launch("block_sums", {{blocks, 1, 1}, {256, 1, 1}}, in, out));
  const auto sums = device.download<int>(out, blocks);
  for (unsigned block = 0; block < blocks; ++block) {
    EXPECT(std::accumulate(&x[block * 256], &x[block * 256] + 256, 0), sums[block]);
  }
}

void dynamic_shared_memory() {
  constexpr unsigned size = 19;
  const Device device;
  std::vector<float> x(size * size);
  std::iota(x.begin(), x.end(), 0.0f);
  const CUdeviceptr in = device.upload(x), out = device.allocate(x.size() * sizeof(float));
  EXPECT(CUDA_SUCCESS, device.launch("transpose", {{1, 1, 1}, {size, size, 1}, size * size * 4}, int{size}, in, out));
  const auto y = device.download<float>(out, x.size());
  for (unsigned i = 0; i < size * size; ++i) EXPECT(x[i % size * size + i / size], y[i]);
}

void fresh_shared_memory_is_nan() {
  const Device device;
  const CUdeviceptr out = device.upload(std::vector<float>(8));
  EXPECT(CUDA_SUCCESS, device.launch("read_fresh_shared", {{1, 1, 1}, {8, 1, 1}, 32}, out));
  for (const float value : device.download<float>(out, 8)) EXPECT(true, std::isnan(value));
}

void a_failure_is_sticky_until_the_context_ends() {
  {
    const Device device;
    EXPECT(CUDA_SUCCESS, device.launch("leave_before_barrier", {{4, 1, 1}, {64, 1, 1}}, 7));
    size_t free = 0, total = 0;
    EXPECT(CUDA_ERROR_LAUNCH_FAILED, cuMemGetInfo_v2(&free, &total));
    CUdeviceptr address = 0;
    EXPECT(CUDA_ERROR_LAUNCH_FAILED, cuMemAlloc_v2(&address, 16));
  }
  barriers_order_shared_memory();
}

void everyone_at_the_barrier_is_no_divergence() {
  const Device device;
  EXPECT(CUDA_SUCCESS, device.launch("leave_before_barrier", {{4, 1, 1}, {64, 1, 1}}, 64));
  EXPECT(CUDA_SUCCESS, cuStreamSynchronize(device.stream));
}

void half_warps_exchange_apart() {
  const Device device;
  const CUdeviceptr out = device.allocate(32 * sizeof(int));
  EXPECT(CUDA_SUCCESS, device.launch("half_warps", {{1, 1, 1}, {32, 1, 1}}, out));
  const auto values = device.download<int>(out, 32);
  const auto after_up = [](int lane) { return lane == 16 ? 16 : lane - 1; };
  const auto after_down = [&](int lane) { return after_up(lane + 2 < 32 ? lane + 2 : lane); };
  for (int lane = 0; lane < 32; ++lane) {
    const int source = 31 - lane;
    EXPECT(source < 16 ? source ^ 1 : after_down(source), values[lane]);
  }
}

void exited_lanes_neither_vote_nor_answer() {
  constexpr int living = 20;
  const Device device;
  const CUdeviceptr votes = device.allocate(128), shuffled = device.allocate(128);
  EXPECT(CUDA_SUCCESS, device.launch("exited_lanes", {{1, 1, 1}, {32, 1, 1}}, living, votes, shuffled));
  const auto ballots = device.download<unsigned>(votes, living);
  const auto values = device.download<float>(shuffled, living);
  for (int lane = 0; lane < living; ++lane) {
    EXPECT(0x55555u, ballots[lane]);
    if (lane + 1 < living) EXPECT(static_cast<float>(lane + 1), values[lane]);
  }
  EXPECT(true, std::isnan(values[living - 1]));
}

void votes() {
  const Device device;
  const CUdeviceptr any = device.allocate(128), all = device.allocate(128);
  EXPECT(CUDA_SUCCESS, device.launch("vote", {{1, 1, 1}, {32, 1, 1}}, any, all));
  for (const int value : device.download<int>(any, 32)) EXPECT(2, value);
  for (const int value : device.download<int>(all, 32)) EXPECT(2, value);
}

void atomics_across_blocks() {
  constexpr int threads = 200 * 256;
  const Device device;
  const CUdeviceptr counters = device.upload(std::vector<int>(6)), ring = device.upload(std::vector<unsigned>(1)),
                    sum = device.upload(std::vector<double>(1));
  EXPECT(CUDA_SUCCESS, device.launch("atomics", {{200, 1, 1}, {256, 1, 1}}, counters, ring, sum));
  const auto values = device.download<int>(counters, 6);
  EXPECT(static_cast<int>(int64_t{threads} * (threads - 1) / 2), values[0]);
  EXPECT(threads - 1, values[1]);
  EXPECT(1 - threads, values[2]);
  EXPECT(threads / 10, values[3]);
  EXPECT(7, values[4]);
  EXPECT(1, values[5]);
  EXPECT(0u, device.download<unsigned>(ring, 1)[0]);
  EXPECT(threads * 0.5, device.download<double>(sum, 1)[0]);
}

void the_last_block_sees_all() {
  const Device device;
  const CUdeviceptr partials = device.allocate(400 * sizeof(int)), arrived = device.upload(std::vector<unsigned>(1)),
                    sum = device.allocate(sizeof(int));
  EXPECT(CUDA_SUCCESS, device.launch("last_block_sums", {{400, 1, 1}, {64, 1, 1}}, partials, arrived, sum));
  EXPECT(400 * 399 / 2, device.download<int>(sum, 1)[0]);
}

// Numbers of the factors, small enough for exact products, and different along rows and columns.
int first_factor(int row, int k) { return (7 * row + 3 * k) % 11 - 5; }
int second_factor(int k, int column) { return (5 * k + 2 * column) % 13 - 6; }

unsigned bits_of(int number) { return std::bit_cast<unsigned>(static_cast<float>(number)); }

// The places that the PTX manual gives to the lanes of mma.m16n8k16 of bf16 and mma.m16n8k8 of tf32.
void matrix_products(bool is_bf16) {
  constexpr unsigned lanes = 32;
  const int depth = is_bf16 ? 16 : 8;
  std::vector<unsigned> a, b;
  std::vector<float> d;
  for (int lane = 0; lane < static_cast<int>(lanes); ++lane) {
    const int group = lane / 4, thread = lane % 4;
    for (int i = 0; i < 4; ++i) {
      const int row = group + i % 2 * 8, k = thread + i / 2 * 4;
      a.push_back(is_bf16 ? bits_of(first_factor(row, thread * 2 + i / 2 * 8)) >> 16 |
                                (bits_of(first_factor(row, thread * 2 + 1 + i / 2 * 8)) & 0xffff0000u)
                          : bits_of(first_factor(row, k)) | 1);  // a bit that TF32 has not
      d.push_back(static_cast<float>(100 * lane + i));
    }
    for (int i = 0; i < 2; ++i) {
      const int k = thread + i * 4;
      b.push_back(is_bf16 ? bits_of(second_factor(thread * 2 + i * 8, group)) >> 16 |
                                (bits_of(second_factor(thread * 2 + 1 + i * 8, group)) & 0xffff0000u)
                          : bits_of(second_factor(k, group)));
    }
  }
  const Device device;
  const CUdeviceptr on_a = device.upload(a), on_b = device.upload(b), on_d = device.upload(d);
  EXPECT(CUDA_SUCCESS, device.launch("matrix_product", {{1, 1, 1}, {lanes, 1, 1}}, is_bf16 ? 1 : 0, on_a, on_b, on_d));
  const auto result = device.download<float>(on_d, d.size());
  for (size_t at = 0; at < d.size(); ++at) {
    const int lane = static_cast<int>(at / 4), i = static_cast<int>(at % 4);
    const int row = lane / 4 + i / 2 * 8, column = lane % 4 * 2 + i % 2;
    int sum = static_cast<int>(d[at]);
    for (int k = 0; k < depth; ++k) sum += first_factor(row, k) * second_factor(k, column);
    EXPECT(static_cast<float>(sum), result[at]);
  }
}

void tf32_rounds_ties_away_from_zero() {
  const float spacing = std::ldexp(1.0f, -10), infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> x{1 + spacing / 2, -1 - spacing / 2, 1 + spacing / 2 - std::ldexp(1.0f, -23), infinity};
  const Device device;
  const CUdeviceptr in = device.upload(x), out = device.allocate(x.size() * sizeof(float));
  EXPECT(CUDA_SUCCESS, device.launch("round_to_tf32", {{1, 1, 1}, {4, 1, 1}}, in, out));
  const auto y = device.download<float>(out, x.size());
  EXPECT(1 + spacing, y[0]);
  EXPECT(-1 - spacing, y[1]);
  EXPECT(1.0f, y[2]);
  EXPECT(infinity, y[3]);
}

void bfloat16_rounds_to_nearest_even() {
  const float infinity = std::numeric_limits<float>::infinity();
  const Device device;
  const std::vector<float> x = {1.0f, 1.00390625f, 1.01171875f, 1.004f, -1.0f, 3.4e38f, -infinity, std::nanf("")};
  const std::vector<uint16_t> expected = {0x3f80, 0x3f80, 0x3f82, 0x3f81, 0xbf80, 0x7f80, 0xff80, 0x7fff};
  const CUdeviceptr in = device.upload(x), out = device.allocate(x.size() * 2);
  EXPECT(CUDA_SUCCESS, device.launch("to_bfloat16", {{1, 1, 1}, {8, 1, 1}}, in, out));
  const auto y = device.download<uint16_t>(out, x.size());
  for (size_t i = 0; i < x.size(); ++i) EXPECT(expected[i], y[i]);
}

}  // namespace

void add_device_language_tests(Suite &suite) {
  suite.add("device language: matrix products of bfloat16", [] { matrix_products(true); });
  suite.add("device language: matrix products of TF32", [] { matrix_products(false); });
  suite.add("device language: lanes that left have no matrix product", [] {
    const Device device;
    const CUdeviceptr words = device.allocate(512);
    EXPECT(CUDA_SUCCESS, device.launch("matrix_product", {{1, 1, 1}, {16, 1, 1}}, 1, words, words, words));
    EXPECT(CUDA_ERROR_LAUNCH_FAILED, cuStreamSynchronize(device.stream));
  });
  suite.add("device language: TF32 rounds ties away from zero", tf32_rounds_ties_away_from_zero);
  suite.add("device language: indices in three dimensions", indices_in_three_dimensions);
  suite.add("device language: barriers order shared memory", barriers_order_shared_memory);
  suite.add("device language: dynamic shared memory", dynamic_shared_memory);
  suite.add("device language: fresh shared memory is NaN", fresh_shared_memory_is_nan);
  suite.add("device language: threads that leave before a barrier fail the launch",
            [] { expect_failure("leave_before_barrier", 64, 7); });
  suite.add("device language: everyone at the barrier is no divergence", everyone_at_the_barrier_is_no_divergence);
  suite.add("device language: a barrier against a shuffle fails the launch",
            [] { expect_failure_writing<int>("barrier_against_shuffle", 32); });
  suite.add("device language: a lane outside of its own mask fails the launch",
            [] { expect_failure_writing<int>("outside_own_mask", 32); });
  suite.add("device language: different warp functions under one mask fail the launch",
            [] { expect_failure_writing<unsigned>("mixed_warp_functions", 32); });
  suite.add("device language: a failure is sticky until the context ends", a_failure_is_sticky_until_the_context_ends);
  suite.add("device language: half-warps exchange apart", half_warps_exchange_apart);
  suite.add("device language: exited lanes neither vote nor answer", exited_lanes_neither_vote_nor_answer);
  suite.add("device language: votes", votes);
  suite.add("device language: atomics across blocks", atomics_across_blocks);
  suite.add("device language: the last block sees all", the_last_block_sees_all);
  suite.add("device language: bfloat16 rounds to nearest even", bfloat16_rounds_to_nearest_even);
}

}  // namespace tests
