// Cross-entropy plus soft Dice of one label per position. A block takes tiles of positions. First neighbouring lanes
// share a position and leave its softmax's two numbers in shared memory; then threads walk along the tile in the order
// of memory, however few classes there are.
#include "../include/revup_tables.h"
#include "largest.cuh"

namespace revup {
namespace {

constexpr int kTile = 256;
constexpr int kTotals = 4;

// Softmax of the tile's positions: e^(logit - peak) * normalizer.
struct Tile {
  float peak[kTile], normalizer[kTile];
  int label[kTile];  // -1: does not count
};

// What a position's lanes know of it.
struct Position {
  Largest best;
  double exponentials;
  int label;
};

// Calls body(row, position, lanes) for every row of a tile, by the lanes of the row; all threads of the block call it.
// Lanes of a row behind `count` see the last one, and row is then not below count.
template <typename Body>
__device__ void for_each_row(long long count, long long classes, const float *logits, const unsigned short *labels,
                             Body body) {
  const int lanes = row_lanes(classes);
  for (int first = threadIdx.x / kWarp * kWarp / lanes; first < count; first += blockDim.x / lanes) {
    const int row = first + threadIdx.x % kWarp / lanes;
    const long long known = row < count ? row : count - 1;
    const float *x = logits + known * classes;
    const Largest best = largest(classes, x, lanes);
    double exponentials = 0;
    for (long long c = threadIdx.x % lanes; c < classes; c += lanes) {
      exponentials += static_cast<double>(expf(x[c] - best.value));
    }
    const int label = labels[known];
    body(row, Position{best, row_sum(exponentials, lanes), label < classes ? label : -1}, lanes);
  }
}

// The parts of Dice, of one class in one sample or in all of them.
struct Overlap {
  double agreement = 0, both = 0;

  __device__ Overlap(long long batch, long long classes, long long sample, long long c, bool per_sample,
                     const double *overlaps) {
    for (long long n = per_sample ? sample : 0; n < (per_sample ? sample + 1 : batch); ++n) {
      const double *of_sample = overlaps + 3 * n * classes + c;
      agreement += of_sample[0];
      both += of_sample[classes] + of_sample[2 * classes];
    }
  }
};

}  // namespace
}  // namespace revup

using namespace revup;

// partials [batch, blocks, 4 + 3 * classes] = totals and overlaps of a block's positions.
// Geometry: RowPerBlock; `blocks` blocks of 256 threads to a sample, each with every blocks-th tile of 256 positions. A
// thread has one class at a time.
// Bytes per logit: 4 read, again from the cache for up to 256 classes. Accumulator: double. Deterministic for one
// number of blocks.
extern "C" __global__ void __launch_bounds__(kThreads)
    segmentation_sums(long long positions, long long classes, long long blocks, const float *logits,
                      const unsigned short *labels, const float *class_weights, double *partials) {
  __shared__ Tile tile;
  __shared__ double of_thread[3][kThreads];
  const long long sample = blockIdx.x / blocks, block = blockIdx.x % blocks;
  const float *x = logits + sample * positions * classes;
  const unsigned short *label_of = labels + sample * positions;
  double *to = partials + blockIdx.x * (kTotals + 3 * classes);
  double totals[kTotals] = {};
  for (long long first = 0; first < classes; first += kThreads) {
    const int width = static_cast<int>(min(classes - first, static_cast<long long>(kThreads)));
    const int parts = kThreads / width;
    const int c = threadIdx.x % width, part = threadIdx.x / width, own = static_cast<int>(first) + c;
    double sums[3] = {};
    for (long long start = block * kTile; start < positions; start += blocks * kTile) {
      const long long count = min(positions - start, static_cast<long long>(kTile));
      const float *of_tile = x + start * classes;
      __syncthreads();  // the tile before is still in use
      for_each_row(count, classes, of_tile, label_of + start, [&](int row, const Position &position, int lanes) {
        if (row >= count || threadIdx.x % lanes != 0) return;
        tile.peak[row] = position.best.value;
        tile.normalizer[row] = static_cast<float>(1 / position.exponentials);
        tile.label[row] = position.label;
        if (position.label < 0 || first > 0) return;
        const double weight = class_weights == nullptr ? 1.0 : static_cast<double>(class_weights[position.label]);
        const float below = of_tile[row * classes + position.label] - position.best.value;
        totals[0] += weight * (log(position.exponentials) - static_cast<double>(below));
        totals[1] += weight;
        totals[2] += position.best.index == position.label ? 1.0 : 0.0;
        totals[3] += 1;
      });
      __syncthreads();
      for (int row = part < parts ? part : kTile; row < count; row += parts) {
        const int label = tile.label[row];
        if (label < 0) continue;
        const float p = expf(of_tile[row * classes + own] - tile.peak[row]) * tile.normalizer[row];
        sums[1] += static_cast<double>(p);
        if (label != own) continue;
        sums[0] += static_cast<double>(p);
        sums[2] += 1;
      }
    }
    for (int i = 0; i < 3; ++i) of_thread[i][threadIdx.x] = sums[i];
    __syncthreads();
    for (int i = threadIdx.x; i < 3 * width; i += kThreads) {
      double sum = 0;
      for (int j = 0; j < parts; ++j) sum += of_thread[i / width][j * width + i % width];
      to[kTotals + i / width * classes + first + i % width] = sum;
    }
  }
  block_sum(totals);
  if (threadIdx.x != 0) return;
  for (int i = 0; i < kTotals; ++i) to[i] = totals[i];
}
KERNEL_EXPORT(segmentation_sums)

// totals [batch, 4] and overlaps [batch, 3, classes] += the partial sums of segmentation_sums, in the order of the
// blocks.
// Geometry: Elementwise; a thread per sum.
// Bytes per partial sum: 8 read. Accumulator: double. Deterministic.
extern "C" __global__ void __launch_bounds__(kThreads)
    segmentation_total(long long batch, long long classes, long long blocks, const double *partials, double *totals,
                       double *overlaps) {
  const long long width = kTotals + 3 * classes;
  for (long long i = global_thread(); i < batch * width; i += grid_threads()) {
    const long long sample = i / width, place = i % width;
    double sum = 0;
    for (long long block = 0; block < blocks; ++block) sum += partials[(sample * blocks + block) * width + place];
    *(place < kTotals ? totals + sample * kTotals + place : overlaps + sample * 3 * classes + place - kTotals) += sum;
  }
}
KERNEL_EXPORT(segmentation_total)

// As revup_segmentation_factors of native/include/revup_loss.h.
// Geometry: One block of 256 threads; a thread takes every 256th class of a sample.
// Bytes: some tens per class and sample. Accumulator: double. Deterministic. Restrictions: one block.
extern "C" __global__ void __launch_bounds__(kThreads)
    segmentation_factors(long long batch, long long classes, double dice_weight, double smoothing, double first_class,
                         double per_sample, const float *class_weights, const double *totals, const double *overlaps,
                         float *factors, double *statistics) {
  const bool is_per_sample = per_sample != 0;
  double sums[kTotals + 2] = {};  // totals, Dice, number of Dice
  for (long long n = threadIdx.x; n < batch; n += blockDim.x) {
    for (int i = 0; i < kTotals; ++i) sums[i] += totals[kTotals * n + i];
  }
  for (long long i = threadIdx.x; i < (is_per_sample ? batch : 1) * classes; i += blockDim.x) {
    const Overlap overlap(batch, classes, i / classes, i % classes, is_per_sample, overlaps);
    if (static_cast<double>(i % classes) < first_class || !(overlap.both > 0)) continue;
    sums[4] += (2 * overlap.agreement + smoothing) / (overlap.both + smoothing);
    sums[5] += 1;
  }
  block_sum(sums);
  for (long long i = threadIdx.x; i < batch * classes; i += blockDim.x) {
    const long long n = i / classes, c = i % classes;
    const Overlap overlap(batch, classes, n, c, is_per_sample, overlaps);
    const double weight = class_weights == nullptr ? 1.0 : static_cast<double>(class_weights[c]);
    const bool has_dice = static_cast<double>(c) >= first_class && overlap.both > 0;
    const double share = has_dice ? dice_weight / sums[5] : 0.0, joined = overlap.both + smoothing;
    float *to = factors + 3 * n * classes + c;
    to[0] = sums[1] > 0 ? static_cast<float>(weight / sums[1]) : 0.0f;
    to[classes] = has_dice ? static_cast<float>(-2 * share / joined) : 0.0f;
    to[2 * classes] =
        has_dice ? static_cast<float>(share * (2 * overlap.agreement + smoothing) / (joined * joined)) : 0.0f;
  }
  if (threadIdx.x != 0) return;
  const double cross_entropy = sums[1] > 0 ? sums[0] / sums[1] : 0.0;
  const double overlap_loss = sums[5] > 0 ? dice_weight * (1 - sums[4] / sums[5]) : 0.0;
  statistics[0] += static_cast<double>(batch) * (cross_entropy + overlap_loss);
  statistics[1] += sums[3] > 0 ? static_cast<double>(batch) * sums[2] / sums[3] : 0.0;
}
KERNEL_EXPORT(segmentation_factors)

// With q = factors[2] + [label] * factors[1], the derivative by softmax p apart from the cross-entropy:
// gradient = p * (q + factors[0][label] - sum of p * q) - [label] * factors[0]; 0 where the label does not count.
// Geometry: Elementwise over logits; tiles of 256 positions of the whole batch to a block.
// Bytes per logit: 4 read, again from the cache; 4 written. Accumulator: double. Deterministic. Restrictions: gradient
// may alias logits; below 2^23 classes.
extern "C" __global__ void __launch_bounds__(kThreads)
    segmentation_gradient(long long batch, long long positions, long long classes, const float *logits,
                          const unsigned short *labels, const float *factors, float *gradient) {
  __shared__ Tile tile;
  __shared__ float shift[kTile];
  __shared__ const float *factors_of[kTile];
  const long long all = batch * positions;
  for (long long start = blockIdx.x * static_cast<long long>(kTile); start < all;
       start += gridDim.x * static_cast<long long>(kTile)) {
    const long long count = min(all - start, static_cast<long long>(kTile));
    const float *x = logits + start * classes;
    __syncthreads();  // the tile before is still in use
    for_each_row(count, classes, x, labels + start, [&](int row, const Position &position, int lanes) {
      const long long known = row < count ? row : count - 1;
      const float *of_sample = factors + (start + known) / positions * 3 * classes;
      double mean = 0;  // of q, in p
      for (long long c = threadIdx.x % lanes; c < classes; c += lanes) {
        const float q = of_sample[2 * classes + c] + (c == position.label ? of_sample[classes + c] : 0.0f);
        mean += static_cast<double>(expf(x[known * classes + c] - position.best.value) * q);
      }
      mean = row_sum(mean, lanes) / position.exponentials;
      if (row >= count || threadIdx.x % lanes != 0) return;
      tile.peak[row] = position.best.value;
      tile.normalizer[row] = static_cast<float>(1 / position.exponentials);
      tile.label[row] = position.label;
      factors_of[row] = of_sample;
      shift[row] = position.label < 0 ? 0.0f : static_cast<float>(of_sample[position.label] - mean);
    });
    __syncthreads();
    const int width = static_cast<int>(classes);
    for (int i = threadIdx.x; i < count * width; i += blockDim.x) {
      const int row = i / width, c = i % width, label = tile.label[row];
      const float *of_sample = factors_of[row];
      float value = 0;
      if (label >= 0) {
        const float p = expf(x[i] - tile.peak[row]) * tile.normalizer[row];
        const float own = c == label ? p * of_sample[classes + c] - of_sample[c] : 0.0f;
        value = p * (of_sample[2 * classes + c] + shift[row]) + own;
      }
      gradient[start * classes + i] = value;
    }
  }
}
KERNEL_EXPORT(segmentation_gradient)
