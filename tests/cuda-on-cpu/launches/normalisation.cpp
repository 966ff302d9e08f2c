// Batch normalisation, the affine layer of each channel, the channel rotations and the scale of a branch.
#include "launches.h"

namespace launches {
namespace {

// The table of native/cuda/branch_scale.cu.
struct Branch {
  long long mode, convolutions;
  const void *coefficient, *multiplier, *sigmas, *scales, *bound, *dots, *multiplier_gradient, *sigma_gradients;
};

}  // namespace

void add_normalisation(Table &table) {
  constexpr unsigned blocks = 2, threads = 32, sum_threads = 256;
  constexpr int relu = 1, max_min = 3;
  constexpr long long rows = 50, shares = 2;
  constexpr float epsilon = 1e-5f;
  for (const long long channels : {72LL, 38LL}) {  // whole packs, and pairs only
    const int activation = channels % 8 == 0 ? relu : max_min;
    const unsigned sum_blocks = channels == 72 ? 2 : 1;
    const size_t count = rows * channels;
    float *const mean = table.floats(channels), *const variance = table.floats(channels, 1);
    float *const weight = table.floats(channels), *const bias = table.floats(channels);
    float *const scale = table.floats(1), *const means = table.floats(2 * channels);
    double *const partials = table.doubles(shares * 2 * channels, 1);
    for (const Type x : types) {
      table.add(name("batch_norm_moments", {x}), sum_blocks, sum_threads, rows, channels, shares,
                table.tensor(x, count), table.floats(channels), partials);
      for (const Type y : types) {
        table.add(name("batch_norm_forward", {x, y}), blocks, threads, rows, channels, activation,
                  table.tensor(x, count), mean, variance, epsilon, weight, bias, table.tensor(y, count));
        table.add(name("channel_affine_forward", {x, y}), blocks, threads, rows, channels, activation,
                  table.tensor(x, count), weight, bias, table.tensor(y, count));
        table.add(name("batch_norm_gradient_sums", {x, y}), sum_blocks, sum_threads, rows, channels, shares, activation,
                  table.tensor(x, count), mean, variance, epsilon, weight, bias, table.tensor(y, count), scale,
                  partials);
        for (const Type z : types) {
          void *const residual = table.tensor(z, count);
          table.add(name("batch_norm_backward", {x, y, z}), blocks, threads, rows, channels, activation,
                    table.tensor(x, count), mean, variance, epsilon, weight, bias, table.tensor(y, count), scale, means,
                    residual, residual);
        }
      }
    }
    table.add("batch_norm_statistics", blocks, threads, rows, channels, shares, partials, 0.1f, table.floats(channels),
              table.floats(channels), table.floats(channels), table.floats(channels));
    table.add("batch_norm_gradients", blocks, threads, rows, channels, shares, partials, table.floats(channels),
              table.floats(channels), table.floats(2 * channels));
    table.add("affine_factors_forward", blocks, threads, 4 * channels, table.floats(4 * channels),
              table.floats(4 * channels), table.floats(4 * channels), table.floats(4 * channels),
              table.floats(4 * channels));
    table.add("affine_factors_backward", blocks, threads, 4 * channels, table.floats(4 * channels),
              table.floats(4 * channels), table.floats(4 * channels));
  }
  {
    constexpr long long channels = 40, pairs = 20, distance = 4;
    float *const matrix = table.floats(channels * channels), *const angles = table.floats(pairs);
    table.add("channel_rotations_begin", blocks, threads, channels, matrix);
    table.add("channel_rotations_forward", blocks, threads, pairs, channels, distance, angles, matrix);
    table.add("channel_rotations_backward", blocks, threads, pairs, channels, distance, angles, matrix,
              table.floats(channels * channels), table.floats(pairs));
  }
  for (const int mode : {1, 2}) {
    constexpr long long convolutions = 3;
    float *const coefficient = table.floats(1, 0.9f), *const multiplier = table.floats(1, 1);
    float *const norms = table.floats(convolutions, 2), *const scales = table.floats(2 * convolutions + 1);
    table.add("branch_scale_forward", 1, 32, mode, coefficient, convolutions, multiplier, norms, scales,
              table.doubles(1));
    table.add("branch_scale_backward", 1, 32, mode, coefficient, convolutions, multiplier, norms, scales,
              table.doubles(convolutions, 1), table.floats(1), table.floats(convolutions));
  }
  constexpr int branches = 3;
  auto *const all = table.zeros<Branch>(branches);
  for (int mode = 0; mode < branches; ++mode) {
    all[mode] = {mode,
                 2,
                 table.floats(1, 0.9f),
                 table.floats(1, 1),
                 table.floats(2, 2),
                 table.floats(5),
                 mode == 1 ? nullptr : table.doubles(1),
                 table.doubles(2, 1),
                 table.floats(1),
                 table.floats(2)};
  }
  table.add("branch_scale_forward_all", 1, 32, branches, all);
  table.add("branch_scale_backward_all", 1, 32, branches, all);
}

}  // namespace launches
