// The sources of fprop and dgrad for a tile of their results.
#pragma once

#include "convolution.cuh"
#include "convolution_tile.cuh"

namespace revup {

// The tile of a block, and the group of channels that it is in. Blocks count columns first, then rows, then groups.
struct ConvolutionPlace {
  int row, column, group;

  __device__ ConvolutionPlace(int rows, int columns, long long block) {
    const int column_tiles = (columns + kTileColumns - 1) / kTileColumns;
    const int row_tiles = (rows + kTileRows - 1) / kTileRows;
    column = static_cast<int>(block % column_tiles) * kTileColumns;
    row = static_cast<int>(block / column_tiles % row_tiles) * kTileRows;
    group = static_cast<int>(block / column_tiles / row_tiles);
  }
};

// fprop and dgrad: rows are the positions of the result, columns its channels. The sum runs over taps and, within one,
// over the channels of the other tensor.
template <typename T, bool is_forward>
struct OverTaps {
  static constexpr int kRowsOfThread = kTileRows * 4 / kThreads;

  const Convolution &shape;
  const T *from, *weights;
  ConvolutionPlace place;
  int channels, depth, results, steps, height, width;  // of `from`, of its group, of the result's group
  bool is_whole, are_weights_whole;
  Spot spots[kRowsOfThread];
  Spot tap{0, 0, 0, 0};
  int number = 0, first = 0, held = 0;  // tap, first channel of the next slice, channels of the slice in registers
  uint4 rows[kRowsOfThread], column;

  __device__ OverTaps(const Convolution &convolution, const T *operand, const T *packed, long long block)
      : shape(convolution),
        from(operand),
        weights(packed),
        place(is_forward ? convolution.outputs() : convolution.inputs(),
              is_forward ? convolution.out_group : convolution.in_group, block),
        channels(is_forward ? convolution.in_channels : convolution.out_channels),
        depth(is_forward ? convolution.in_group : convolution.out_group),
        results(is_forward ? convolution.out_group : convolution.in_group),
        steps(convolution.taps() * ((depth + kSlice<T> - 1) / kSlice<T>)),
        height((is_forward ? convolution.outputs() : convolution.inputs()) - place.row),
        width(results - place.column),
        is_whole(channels % kPack<T> == 0 && depth % kPack<T> == 0),
        are_weights_whole(convolution.in_group % kPack<T> == 0) {
    for (int i = 0; i < kRowsOfThread; ++i) {
      const int position = place.row + row(i);
      spots[i] = is_forward ? shape.output(position) : shape.input(position);
      if (row(i) >= height) spots[i].n = -1;
    }
  }

  __device__ static int row(int i) { return static_cast<int>(threadIdx.x) / 4 + i * (kThreads / 4); }
  __device__ static int pack() { return static_cast<int>(threadIdx.x) % 4; }

  __device__ void fetch() {
    held = depth - first < kSlice<T> ? depth - first : kSlice<T>;
    const int channel = pack() * kPack<T>;
    for (int i = 0; i < kRowsOfThread; ++i) {
      int position = -1;
      if (spots[i].n >= 0) position = is_forward ? shape.input_of(spots[i], tap) : shape.output_of(spots[i], tap);
      const T *const at = from + static_cast<long long>(position) * channels + place.group * depth + first + channel;
      rows[i] = load_pack(at, position < 0 ? 0 : held - channel, is_whole);
    }
    if (is_forward) {
      const int out = place.column + row(0);
      const T *const at = weights + shape.weights(place.group * results + out, number) + first + channel;
      column = load_pack(at, out < results ? held - channel : 0, are_weights_whole);
    } else {
      const int in = place.column + across() * kPack<T>;
      const T *const at = weights + shape.weights(place.group * depth + first + along(), number) + in;
      column = load_pack(at, along() < held ? results - in : 0, are_weights_whole);
    }
    first += kSlice<T>;
    if (first < depth) return;
    first = 0;
    tap = shape.tap(++number);
  }

  __device__ void put(ConvolutionTile &tile, bool is_tf32) {
    for (int i = 0; i < kRowsOfThread; ++i) put_along(rounded<T>(rows[i], is_tf32), tile.rows[row(i)], pack());
    if (is_forward) {
      put_along(rounded<T>(column, is_tf32), tile.columns[row(0)], pack());
    } else {
      put_across<T>(rounded<T>(column, is_tf32), tile.columns + across() * kPack<T>, along());
    }
  }

  __device__ int words() const { return (held * static_cast<int>(sizeof(T)) + 3) / 4; }

 private:
  // Columns of the tile in packs, and where the summed dimension is, for weights that are read across it.
  __device__ static int across() { return static_cast<int>(threadIdx.x) % (kTileColumns / kPack<T>); }
  __device__ static int along() { return static_cast<int>(threadIdx.x) / (kTileColumns / kPack<T>); }
};

}  // namespace revup
