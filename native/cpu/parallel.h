// Loops over chunks of an array. The chunks depend on the problem alone, never on the thread count, and partial sums
// are combined in the order of the chunks: a sum has the same bits however many threads computed it.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "thread_pool.h"

namespace revup {

// Waking a thread costs about as much as this many elements of a memory-bound loop.
constexpr int64_t kChunkElements = 8192;
// Bounds the partial sums kept on the stack; enough for every thread count to be balanced within a few percent.
constexpr int64_t kMaxChunks = 1024;
// Elements of a flat array are handed out in lines, so that every chunk starts aligned to REVUP_ALIGNMENT in every
// type.
constexpr int64_t kLineElements = 64;

struct Chunks {
  int64_t items, size, number;

  // A power of two of about equal chunks, so that two, four, ... threads get equal shares; one at least.
  Chunks(int64_t item_count, int64_t elements_per_item, int64_t most = kMaxChunks) : items(item_count) {
    const int64_t items_per_chunk = std::max<int64_t>(kChunkElements / std::max<int64_t>(elements_per_item, 1), 1);
    int64_t wanted = 1;
    while (2 * wanted <= std::min(most, kMaxChunks) && 2 * wanted <= items / items_per_chunk) wanted *= 2;
    size = (items + wanted - 1) / wanted;
    number = size == 0 ? 0 : (items + size - 1) / size;
  }
  int64_t begin(int64_t chunk) const { return chunk * size; }
  int64_t end(int64_t chunk) const { return std::min(items, (chunk + 1) * size); }
};

// body(begin, end) over items of elements_per_item elements each. The body must not throw.
template <typename Body>
void parallel_for_items(int64_t items, int64_t elements_per_item, Body body) {
  const Chunks chunks(items, elements_per_item);
  for_each_item(chunks.number, [chunks, body](int64_t chunk, int) { body(chunks.begin(chunk), chunks.end(chunk)); });
}

// The sums of body(begin, end), an array of N doubles per chunk. The body must not throw. It should call a function
// that takes the pointers by value: a reduction inside the closure is too big for GCC to inline, reads every captured
// pointer again for every element, and is vectorised with gathers, at a fifth of the speed.
template <size_t N, typename Body>
std::array<double, N> parallel_sum_items(int64_t items, int64_t elements_per_item, Body body) {
  const Chunks chunks(items, elements_per_item);
  std::array<double, N> partial[kMaxChunks];
  for_each_item(chunks.number, [chunks, body, results = &partial[0]](int64_t chunk, int) {
    results[chunk] = body(chunks.begin(chunk), chunks.end(chunk));
  });
  std::array<double, N> total{};
  for (int64_t chunk = 0; chunk < chunks.number; ++chunk) {
    for (size_t i = 0; i < N; ++i) total[i] += partial[chunk][i];
  }
  return total;
}

inline int64_t lines_of(int64_t count) { return count / kLineElements + (count % kLineElements != 0); }

template <typename Body>
void parallel_for(int64_t count, Body body) {
  parallel_for_items(lines_of(count), kLineElements, [=](int64_t begin, int64_t end) {
    body(begin * kLineElements, std::min(count, end * kLineElements));
  });
}

template <size_t N, typename Body>
std::array<double, N> parallel_sum(int64_t count, Body body) {
  return parallel_sum_items<N>(lines_of(count), kLineElements, [=](int64_t begin, int64_t end) {
    return body(begin * kLineElements, std::min(count, end * kLineElements));
  });
}

}  // namespace revup
