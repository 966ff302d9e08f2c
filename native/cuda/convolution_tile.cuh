// The product of two matrices that are gathered into shared memory a slice of the summed dimension at a time. A block
// owns a tile of 128 x 64 results, each of its 8 warps 32 x 32 of them.
#pragma once

#include "matrix.cuh"
#include "reduce.cuh"
#include "vector.cuh"

namespace revup {

constexpr int kTileRows = 128, kTileColumns = 64;
constexpr int kWarpRows = 32, kWarpColumns = 32;
constexpr int kSliceWords = 16;              // of a row: 64 bytes, four packs
constexpr int kTilePitch = kSliceWords + 4;  // rows g and words t of a fragment meet all banks

template <typename T>
constexpr int kPack = 16 / sizeof(T);  // elements of a 16-byte access
template <typename T>
constexpr int kSlice = 4 * kPack<T>;  // elements of a row of a slice

// Rows of the first factor, columns of the second; both with the summed dimension innermost.
struct ConvolutionTile {
  alignas(16) unsigned rows[kTileRows][kTilePitch];
  alignas(16) unsigned columns[kTileColumns][kTilePitch];
};

struct ConvolutionSums {
  float at[kWarpRows / kMatrixRows][kWarpColumns / kMatrixColumns][4] = {};
};

// The first `count` elements of a pack, and zeros behind them. Whole packs are aligned, and have all elements or none.
template <typename T>
__device__ inline uint4 load_pack(const T *from, int count, bool is_whole) {
  uint4 raw = make_uint4(0, 0, 0, 0);
  if (count <= 0) return raw;
  if (is_whole) return *reinterpret_cast<const uint4 *>(from);
  T parts[kPack<T>];
  memcpy(parts, &raw, sizeof raw);
#pragma unroll
  for (int k = 0; k < kPack<T>; ++k) {
    if (k < count) parts[k] = from[k];
  }
  memcpy(&raw, parts, sizeof raw);
  return raw;
}

__device__ inline unsigned word_to_tf32(unsigned word) { return to_tf32(__uint_as_float(word)); }

// What the tensor cores multiply.
template <typename T>
__device__ inline uint4 rounded(uint4 pack, bool is_tf32) {
  if (sizeof(T) == 2 || !is_tf32) return pack;
  return make_uint4(word_to_tf32(pack.x), word_to_tf32(pack.y), word_to_tf32(pack.z), word_to_tf32(pack.w));
}

// A pack along the summed dimension, the `place`-th of a row.
__device__ inline void put_along(uint4 pack, unsigned *row, int place) {
  *reinterpret_cast<uint4 *>(row + 4 * place) = pack;
}

// A pack across rows, at element k of each.
template <typename T>
__device__ inline void put_across(uint4 pack, unsigned (*first)[kTilePitch], int k) {
  T parts[kPack<T>];
  memcpy(parts, &pack, sizeof pack);
#pragma unroll
  for (int row = 0; row < kPack<T>; ++row) {
    memcpy(reinterpret_cast<char *>(first[row]) + k * sizeof(T), &parts[row], sizeof(T));
  }
}

__device__ inline int warp_row() { return static_cast<int>(threadIdx.x) / kWarp / 2 * kWarpRows; }
__device__ inline int warp_column() { return static_cast<int>(threadIdx.x) / kWarp % 2 * kWarpColumns; }

// Adds the products of a slice on tensor cores: its first `words` words, for the first `columns` columns of the tile.
template <typename T>
__device__ inline void add_products(const ConvolutionTile &tile, int words, int columns, ConvolutionSums &sums) {
  const int g = static_cast<int>(threadIdx.x) % kWarp / 4, t = static_cast<int>(threadIdx.x) % 4;
#pragma unroll
  for (int word = 0; word < kSliceWords; word += kMatrixWords) {
    if (word >= words) break;
    unsigned a[kWarpRows / kMatrixRows][4];
#pragma unroll
    for (int i = 0; i < kWarpRows / kMatrixRows; ++i) {
      const unsigned(*const row)[kTilePitch] = tile.rows + warp_row() + i * kMatrixRows + g;
      a[i][0] = row[0][word + t];
      a[i][1] = row[8][word + t];
      a[i][2] = row[0][word + t + 4];
      a[i][3] = row[8][word + t + 4];
    }
#pragma unroll
    for (int j = 0; j < kWarpColumns / kMatrixColumns; ++j) {
      const int column = warp_column() + j * kMatrixColumns;
      if (column >= columns) break;
      const unsigned b[2] = {tile.columns[column + g][word + t], tile.columns[column + g][word + t + 4]};
#pragma unroll
      for (int i = 0; i < kWarpRows / kMatrixRows; ++i) {
        if constexpr (sizeof(T) == 2) {
          multiply_bf16(sums.at[i][j], a[i], b);
        } else {
          multiply_tf32(sums.at[i][j], a[i], b);
        }
      }
    }
  }
}

__device__ inline float4 four_floats(const unsigned *words) {
  const uint4 raw = *reinterpret_cast<const uint4 *>(words);
  return make_float4(__uint_as_float(raw.x), __uint_as_float(raw.y), __uint_as_float(raw.z), __uint_as_float(raw.w));
}

__device__ inline void add_product(float4 a, float4 b, float &sum) {
  sum = __fmaf_rn(a.x, b.x, sum);
  sum = __fmaf_rn(a.y, b.y, sum);
  sum = __fmaf_rn(a.z, b.z, sum);
  sum = __fmaf_rn(a.w, b.w, sum);
}

// The same in float32 on the multipliers of all threads.
__device__ inline void add_exact_products(const ConvolutionTile &tile, int words, int columns, ConvolutionSums &sums) {
  const int g = static_cast<int>(threadIdx.x) % kWarp / 4, t = static_cast<int>(threadIdx.x) % 4;
#pragma unroll 1
  for (int word = 0; word < kSliceWords; word += 4) {
    if (word >= words) break;
    float4 a[kWarpRows / 8];
#pragma unroll
    for (int i = 0; i < kWarpRows / 8; ++i) a[i] = four_floats(tile.rows[warp_row() + 8 * i + g] + word);
#pragma unroll
    for (int j = 0; j < kWarpColumns / kMatrixColumns; ++j) {
      const int column = warp_column() + j * kMatrixColumns;
      if (column >= columns) break;
#pragma unroll
      for (int k = 0; k < 2; ++k) {
        const float4 b = four_floats(tile.columns[column + 2 * t + k] + word);
#pragma unroll
        for (int i = 0; i < kWarpRows / 8; ++i) add_product(a[i], b, sums.at[i / 2][j][i % 2 * 2 + k]);
      }
    }
  }
}

// The sums over all slices of `source`. It has a number of steps; fetch() loads the next slice into registers, put()
// writes it to the tile; words() is the number of its words. `height` rows and `width` columns of the tile are wanted.
template <typename T, typename Source>
__device__ inline ConvolutionSums tile_product(Source &source, bool is_tf32) {
  __shared__ ConvolutionTile tile;
  ConvolutionSums sums;
  source.fetch();
  for (int step = 0; step < source.steps; ++step) {
    const int words = source.words();
    source.put(tile, is_tf32);
    __syncthreads();
    if (step + 1 < source.steps) source.fetch();  // arrives while this slice is multiplied
    if (warp_row() >= source.height) {
      // No result of this warp is wanted.
    } else if (sizeof(T) == 2 || is_tf32) {
      add_products<T>(tile, words, source.width, sums);
    } else {
      add_exact_products(tile, words, source.width, sums);
    }
    __syncthreads();
  }
  return sums;
}

// Calls store(row, column, two sums of neighbouring columns) for the results of this thread.
template <typename Store>
__device__ inline void for_each_pair(const ConvolutionSums &sums, Store store) {
  const int g = static_cast<int>(threadIdx.x) % kWarp / 4, t = static_cast<int>(threadIdx.x) % 4;
#pragma unroll
  for (int i = 0; i < kWarpRows / 8; ++i) {
#pragma unroll
    for (int j = 0; j < kWarpColumns / kMatrixColumns; ++j) {
      const float *const pair = sums.at[i / 2][j] + i % 2 * 2;
      store(warp_row() + 8 * i + g, warp_column() + j * kMatrixColumns + 2 * t, pair[0], pair[1]);
    }
  }
}

// Calls body(row, column, sums of four neighbouring columns): two threads gather them from each other, so that accesses
// of a warp fill sectors of memory. All threads of a warp call it.
template <typename Body>
__device__ inline void for_each_four(const ConvolutionSums &sums, Body body) {
  const int g = static_cast<int>(threadIdx.x) % kWarp / 4, t = static_cast<int>(threadIdx.x) % 4;
  const int is_odd = t % 2;
#pragma unroll
  for (int i = 0; i < kWarpRows / 8; ++i) {
#pragma unroll
    for (int j = 0; j < kWarpColumns / kMatrixColumns; j += 2) {
      const float *const left = sums.at[i / 2][j] + i % 2 * 2, *const right = sums.at[i / 2][j + 1] + i % 2 * 2;
      const float first = __shfl_xor_sync(kAllLanes, is_odd ? left[0] : right[0], 1);
      const float second = __shfl_xor_sync(kAllLanes, is_odd ? left[1] : right[1], 1);
      const Floats<4> run = {
          {is_odd ? first : left[0], is_odd ? second : left[1], is_odd ? right[0] : first, is_odd ? right[1] : second}};
      body(warp_row() + 8 * i + g, warp_column() + (j + is_odd) * kMatrixColumns + 2 * (t - is_odd), run);
    }
  }
}

__device__ inline void store_pair(float first, float second, float *to) {
  *reinterpret_cast<float2 *>(to) = make_float2(first, second);
}
__device__ inline void store_pair(float first, float second, bf16 *to) {
  *reinterpret_cast<__nv_bfloat162 *>(to) = __floats2bfloat162_rn(first, second);
}

// The first `count` of two results; pairs are aligned.
template <typename T>
__device__ inline void store_results(float first, float second, int count, bool is_pair, T *to) {
  if (count >= 2 && is_pair) {
    store_pair(first, second, to);
    return;
  }
  if (count >= 1) from_float(first, to[0]);
  if (count >= 2) from_float(second, to[1]);
}

}  // namespace revup
