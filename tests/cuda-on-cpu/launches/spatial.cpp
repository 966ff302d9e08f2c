// Pooling, rearranged positions and channels, bytes to pixels; two and three dimensions, whole packs and odd channels.
#include "../../../native/include/revup_tables.h"
#include "launches.h"

namespace launches {

void add_spatial(Table &table) {
  constexpr unsigned blocks = 2, threads = 32;
  constexpr long long batch = 2, height = 6, width = 4;
  for (const long long channels : {8LL, 3LL}) {
    for (const int rank : {2, 3}) {
      const long long depth = rank == 3 ? 4 : 1;
      const size_t count = batch * depth * height * width * channels;
      for (const char *const kernel : {"squeeze", "unsqueeze"}) {
        table.add(kernel, blocks, threads, rank, batch, depth, height, width, channels, table.floats(count),
                  table.floats(count));
      }
      float *const x = table.floats(count);
      // Less than half as many elements as x has: the declared bytes are of x.
      for (const long long wide : {channels, rank == 3 ? 2 * channels : channels + channels / 2}) {
        const size_t pooled = count / (rank == 3 ? 8 : 4) * wide / channels;
        table.add("max_pool_forward", blocks, threads, rank, batch, depth, height, width, channels, x, wide,
                  table.floats(pooled));
        table.add("max_pool_forward_ahead", blocks, threads, rank, batch, depth, height, width, channels, x, wide,
                  table.floats(pooled), 1, table.floats(1), table.floats(1), table.tensor(Type::bf16, pooled));
        table.add("max_pool_backward", blocks, threads, rank, batch, depth, height, width, channels, x, wide,
                  table.floats(pooled), table.floats(count));
      }
    }
    constexpr long long rows = 60;
    const long long more = channels + 4;
    table.add("resize_channels", blocks, threads, rows, channels, table.floats(rows * channels), more,
              table.floats(rows * more));
    table.add("split_channels", blocks, threads, rows, channels, table.floats(2 * rows * channels),
              table.floats(rows * channels), table.floats(rows * channels));
    table.add("merge_channels", blocks, threads, rows, channels, table.floats(rows * channels),
              table.floats(rows * channels), table.floats(2 * rows * channels));
  }
  for (const long long channels : {72LL, 70LL}) {  // a block takes several groups of 32
    constexpr long long samples = 3, positions = 20;
    const unsigned sum_blocks = channels == 72 ? 2 : 1;
    const size_t count = samples * positions * channels, pooled = samples * channels;
    table.add("global_average_pool_forward", sum_blocks, 256, samples, positions, channels, table.floats(count),
              table.floats(pooled));
    table.add("global_average_pool_backward", blocks, threads, samples, positions, channels, table.floats(pooled),
              table.floats(count));
    table.add("linear_bias_add", blocks, threads, positions, channels, table.floats(channels),
              table.floats(positions * channels));
    table.add("column_sums_add", sum_blocks, 256, positions, channels, table.floats(positions * channels),
              table.floats(channels));
  }
  {
    constexpr long long channels = 3, columns = 20, positions = 20 * columns;
    const size_t count = batch * positions * channels;
    revup_sample_changes *const changes = table.zeros<revup_sample_changes>(batch);
    changes[0] = {1, 0.7, 1, 1, 3, 3, 0, 0, 0, 0};
    changes[1] = {0, 1, 0, 0, 0, 0, 2, 1, 4, 3};
    table.add("byte_pixels", blocks, threads, batch, positions, channels, columns, table.zeros<unsigned char>(count),
              table.floats(channels * 256), changes, table.floats(count));
  }
}

}  // namespace launches
