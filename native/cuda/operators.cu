// Power iteration of all convolutions of a network side by side: u = W v, v = W^T u, and the gradient of <u, W v>. W is
// a convolution of one sample at stride 1, zero-padded; at one position without padding it is a matrix for each group
// of channels. Weights are O (D) H W I/groups, vectors (D) H W C. The host's ConvolutionOperator has the fields.
#include "gathered.cuh"
#include "reduce.cuh"
#include "vector.cuh"

namespace revup {
namespace {

struct Operator {
  const float *weights;
  float *gradient, *u, *v;
  const float *factor;
  long long groups, inputs, outputs;  // channels of a group
  long long input[3], output[3];      // extents; the depth of 2-D is 1
  long long kernel[3], padding[3];    // the depth's are 1 and 0
  long long first[3];                 // rows, columns, rows; or tiles of u, of v, of the gradient
};

constexpr int kProducts = 0, kTransposed = 1, kGradients = 2;
constexpr int kColumnsOfBlock = 32;                     // of a matrix that a block owns
constexpr int kOperatorTile = 64, kOperatorSlice = 16;  // rows and columns of a tile, and terms of a slice
constexpr int kOperatorShare = kOperatorTile / 16;      // rows and columns of a tile that a thread owns

// Tiles that cover n.
__device__ int operator_tiles(long long n) { return static_cast<int>(n + kOperatorTile - 1) / kOperatorTile; }

__device__ int operator_positions(const long long *extents) {
  return static_cast<int>(extents[0] * extents[1] * extents[2]);
}

struct OperatorPosition {
  int z, y, x;
};

__device__ OperatorPosition operator_position(int index, const long long *extents) {
  const int width = static_cast<int>(extents[2]), height = static_cast<int>(extents[1]);
  return {index / width / height, index / width % height, index % width};
}

// The position `count` places on, in the order of memory.
__device__ OperatorPosition advance(OperatorPosition at, int count, const long long *extents) {
  at.x += count;
  for (; at.x >= extents[2]; at.x -= static_cast<int>(extents[2])) ++at.y;
  for (; at.y >= extents[1]; at.y -= static_cast<int>(extents[1])) ++at.z;
  return at;
}

// The index of the position at a distance of another one; -1 outside.
__device__ int index_at(OperatorPosition from, int sign, OperatorPosition distance, const long long *extents) {
  const int z = from.z + sign * distance.z, y = from.y + sign * distance.y, x = from.x + sign * distance.x;
  if (z < 0 || z >= extents[0] || y < 0 || y >= extents[1] || x < 0 || x >= extents[2]) return -1;
  return static_cast<int>((z * extents[1] + y) * extents[2] + x);
}

// From an output position to the input position that a tap of the kernel sees from there.
__device__ OperatorPosition distance_of(int tap, const Operator &op) {
  const OperatorPosition at = operator_position(tap, op.kernel);
  return {at.z - static_cast<int>(op.padding[0]), at.y - static_cast<int>(op.padding[1]),
          at.x - static_cast<int>(op.padding[2])};
}

// A block's tile of a matrix product, and the factors of one slice of its terms.
struct OperatorTile {
  int height, width;  // rows and columns that there are; this thread owns some of them from `row` and `column` on
  int row, column;
  float sums[kOperatorShare][kOperatorShare];

  __device__ OperatorTile(long long rows, long long columns)
      : height(static_cast<int>(rows < kOperatorTile ? rows : kOperatorTile)),
        width(static_cast<int>(columns < kOperatorTile ? columns : kOperatorTile)),
        row(static_cast<int>(threadIdx.x) / 16 * kOperatorShare),
        column(static_cast<int>(threadIdx.x) % 16 * kOperatorShare),
        sums{} {}

  __device__ void add(const float (*rows)[kOperatorTile], const float (*columns)[kOperatorTile], int terms) {
    if (row >= height || column >= width) return;
    for (int term = 0; term < terms; ++term) {
      const Floats<kOperatorShare> left = load<kOperatorShare>(rows[term] + row),
                                   right = load<kOperatorShare>(columns[term] + column);
      for (int r = 0; r < kOperatorShare; ++r) {
        for (int c = 0; c < kOperatorShare; ++c) sums[r][c] += left.at[r] * right.at[c];
      }
    }
  }

  // Calls body(row, column, sum) for the tile's elements of this thread.
  template <typename Body>
  __device__ void for_each(Body body) const {
    for (int r = 0; r < kOperatorShare && row + r < height; ++r) {
      for (int c = 0; c < kOperatorShare && column + c < width; ++c) body(row + r, column + c, sums[r][c]);
    }
  }
};

// One tile of positions and channels of u, or of v if transposed, of a group. Terms are the channels of the other
// vector, tap after tap.
template <bool transposed>
__device__ void vector_tile(const Operator &op, int part) {
  alignas(16) __shared__ float rows[kOperatorSlice][kOperatorTile], columns[kOperatorSlice][kOperatorTile];
  const long long *extents = transposed ? op.input : op.output, *others = transposed ? op.output : op.input;
  const long long channels = transposed ? op.inputs : op.outputs, positions = operator_positions(extents);
  const int terms = static_cast<int>(transposed ? op.outputs : op.inputs), taps = operator_positions(op.kernel);
  const int across = operator_tiles(channels), down = operator_tiles(positions), group = part / (across * down);
  const long long first_row = part / across % down * kOperatorTile, first_column = part % across * kOperatorTile;
  OperatorTile tile(positions - first_row, channels - first_column);
  // Neighbouring threads read neighbouring terms of the vector, and neighbouring inputs of the weights.
  const int thread = static_cast<int>(threadIdx.x), own_term = thread % kOperatorSlice,
            own_row = thread / kOperatorSlice;
  const int weight_term = transposed ? thread / kOperatorTile : own_term,
            weight_column = transposed ? thread % kOperatorTile : own_row;
  constexpr int term_step = transposed ? kThreads / kOperatorTile : 0,
                column_step = transposed ? 0 : kThreads / kOperatorSlice;
  OperatorPosition at[kOperatorShare];
  for (int i = 0; i < kOperatorShare; ++i) {
    at[i] = operator_position(static_cast<int>(first_row) + own_row + i * (kThreads / kOperatorSlice), extents);
  }
  const float *from = (transposed ? op.u : op.v) + group * terms;
  for (int tap = 0; tap < taps; ++tap) {
    const OperatorPosition distance = distance_of(tap, op);
    int sources[kOperatorShare];
    for (int i = 0; i < kOperatorShare; ++i) {
      const bool is_there = own_row + i * (kThreads / kOperatorSlice) < tile.height;
      sources[i] = is_there ? index_at(at[i], transposed ? -1 : 1, distance, others) : -1;
    }
    for (int first = 0; first < terms; first += kOperatorSlice) {
      __syncthreads();  // the slice before may still be in use
      for (int i = 0; i < kOperatorShare; ++i) {
        const bool is_there = sources[i] >= 0 && first + own_term < terms;
        rows[own_term][own_row + i * (kThreads / kOperatorSlice)] =
            is_there ? from[sources[i] * op.groups * terms + first + own_term] : 0.0f;
      }
      for (int i = 0; i < kOperatorShare; ++i) {
        const int term = weight_term + i * term_step, column = weight_column + i * column_step;
        if (first + term >= terms || column >= tile.width) continue;
        const long long own = first_column + column, other = first + term;
        const long long output = group * op.outputs + (transposed ? other : own);
        columns[term][column] = op.weights[(output * taps + tap) * op.inputs + (transposed ? own : other)];
      }
      __syncthreads();
      tile.add(rows, columns, terms - first < kOperatorSlice ? terms - first : kOperatorSlice);
    }
  }
  float *to = (transposed ? op.v : op.u) + first_row * op.groups * channels + group * channels + first_column;
  tile.for_each([&](int row, int column, float sum) { to[row * op.groups * channels + column] = sum; });
}

// The gradient of one tap, and of a tile of outputs and inputs of a group. Terms are positions of u.
__device__ void gradient_tile(const Operator &op, int part) {
  alignas(16) __shared__ float rows[kOperatorSlice][kOperatorTile], columns[kOperatorSlice][kOperatorTile];
  const int across = operator_tiles(op.inputs), down = operator_tiles(op.outputs);
  const int taps = operator_positions(op.kernel), positions = operator_positions(op.output);
  const long long group = part / (across * down * taps), first_row = part / across % down * kOperatorTile;
  const long long first_column = part % across * kOperatorTile;
  const int tap = static_cast<int>(part / (across * down) % taps);
  const OperatorPosition distance = distance_of(tap, op);
  OperatorTile tile(op.outputs - first_row, op.inputs - first_column);
  const int thread = static_cast<int>(threadIdx.x), own_term = thread / kOperatorTile, own = thread % kOperatorTile;
  constexpr int step = kThreads / kOperatorTile;
  const long long u_stride = op.groups * op.outputs, v_stride = op.groups * op.inputs;
  const float *u = op.u + group * op.outputs + first_row + own, *v = op.v + group * op.inputs + first_column + own;
  OperatorPosition at[kOperatorShare];
  for (int i = 0; i < kOperatorShare; ++i) at[i] = operator_position(own_term + i * step, op.output);
  for (int first = 0; first < positions; first += kOperatorSlice) {
    __syncthreads();  // the slice before may still be in use
    for (int i = 0; i < kOperatorShare; ++i) {
      const int term = own_term + i * step, index = first + term;
      const int source = index < positions ? index_at(at[i], 1, distance, op.input) : -1;
      rows[term][own] = index < positions && own < tile.height ? u[index * u_stride] : 0.0f;
      columns[term][own] = source >= 0 && own < tile.width ? v[source * v_stride] : 0.0f;
      at[i] = advance(at[i], kOperatorSlice, op.output);
    }
    __syncthreads();
    tile.add(rows, columns, kOperatorSlice);
  }
  const float factor = *op.factor;
  tile.for_each([&](int row, int column, float sum) {
    const long long output = group * op.outputs + first_row + row;
    op.gradient[(output * taps + tap) * op.inputs + first_column + column] += factor * sum;
  });
}

// Calls body(entry, row) for this warp's rows of matrices.
template <typename Body>
__device__ void for_each_row(long long entries, const Operator *table, int product, long long rows, Body body) {
  const long long warp = global_thread() / kWarp, warps = grid_threads() / kWarp;
  for (long long i = warp; i < rows; i += warps) {
    long long row = i;
    const Operator &op = entry_of(table, entries, product, row);
    body(op, static_cast<int>(row));
  }
}

// Calls body(Width<w>, i) for this lane's packs of a row; rows of 4 n elements are aligned to 16 bytes.
template <typename Body>
__device__ void for_each_pack_of_row(long long length, Body body) {
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  with_channel_width(length, [&](auto width) { for_each_pack<decltype(width)::value>(length, lane, kWarp, body); });
}

}  // namespace
}  // namespace revup

using namespace revup;

// u = W v of each matrix.
// Geometry: RowPerWarp; a warp walks along one row of a matrix, 4 elements per lane and step.
// Bytes per element of weights: 4 read. Accumulator: double. Deterministic. Restrictions: no aliasing.
extern "C" __global__ void __launch_bounds__(kThreads)
    matrix_products(long long entries, const Operator *table, long long rows) {
  for_each_row(entries, table, kProducts, rows, [](const Operator &op, int row) {
    const float *weights = op.weights + row * op.inputs, *v = op.v + row / static_cast<int>(op.outputs) * op.inputs;
    double sum = 0;
    for_each_pack_of_row(op.inputs, [&](auto width, long long i) {
      constexpr int w = decltype(width)::value;
      const Floats<w> left = load<w>(weights + i), right = load<w>(v + i);
      for (int k = 0; k < w; ++k) sum += static_cast<double>(left.at[k]) * static_cast<double>(right.at[k]);
    });
    sum = warp_sum(sum);
    if (threadIdx.x % kWarp == 0) op.u[row] = static_cast<float>(sum);
  });
}
KERNEL_EXPORT(matrix_products)

// v = W^T u of each matrix.
// Geometry: RowPerBlock; a block owns 32 columns of one group, and each of its warps every eighth row.
// Bytes per element of weights: 4 read. Accumulator: double. Deterministic. Restrictions: no aliasing.
extern "C" __global__ void __launch_bounds__(kThreads)
    matrix_products_transposed(long long entries, const Operator *table, long long parts) {
  __shared__ double of_warp[kThreads / kWarp][kColumnsOfBlock];
  const int lane = static_cast<int>(threadIdx.x) % kWarp, warp = static_cast<int>(threadIdx.x) / kWarp;
  const int warps = static_cast<int>(blockDim.x) / kWarp;
  for (long long block = blockIdx.x; block < parts; block += gridDim.x) {
    long long part = block;
    const Operator &op = entry_of(table, entries, kTransposed, part);
    const int of_group = static_cast<int>(op.inputs + kColumnsOfBlock - 1) / kColumnsOfBlock;
    const int group = static_cast<int>(part) / of_group;
    const long long column = static_cast<int>(part) % of_group * kColumnsOfBlock + lane;
    const float *weights = op.weights + group * op.outputs * op.inputs + column, *u = op.u + group * op.outputs;
    double sum = 0;
    if (column < op.inputs) {
#pragma unroll 8
      for (long long row = warp; row < op.outputs; row += warps) {
        sum += static_cast<double>(weights[row * op.inputs]) * static_cast<double>(u[row]);
      }
    }
    __syncthreads();  // of_warp may still be in use by an earlier part
    of_warp[warp][lane] = sum;
    __syncthreads();
    if (warp == 0 && column < op.inputs) {
      for (int other = 1; other < warps; ++other) sum += of_warp[other][lane];
      op.v[group * op.inputs + column] = static_cast<float>(sum);
    }
  }
}
KERNEL_EXPORT(matrix_products_transposed)

// gradient += factor * u v^T of each matrix.
// Geometry: RowPerWarp; a warp walks along one row of a matrix, 4 elements per lane and step.
// Bytes per element of weights: 4 read, 4 written. Accumulator: none. Deterministic. Restrictions: no aliasing.
extern "C" __global__ void __launch_bounds__(kThreads, 4)  // at most 64 registers: at 48, some would be spilled
    matrix_gradients(long long entries, const Operator *table, long long rows) {
  for_each_row(entries, table, kGradients, rows, [](const Operator &op, int row) {
    const float *v = op.v + row / static_cast<int>(op.outputs) * op.inputs;
    float *gradient = op.gradient + row * op.inputs;
    const float factor = *op.factor, u = op.u[row];
    for_each_pack_of_row(op.inputs, [&](auto width, long long i) {
      constexpr int w = decltype(width)::value;
      const Floats<w> values = load<w>(v + i);
      Floats<w> sum = load<w>(gradient + i);
      for (int k = 0; k < w; ++k) sum.at[k] += factor * (u * values.at[k]);
      store(sum, gradient + i);
    });
  });
}
KERNEL_EXPORT(matrix_gradients)

// u = W v of each convolution.
// Geometry: RowPerBlock; a block owns a tile of 64 positions and 64 channels, a thread 4 by 4 of it.
// Bytes per element of weights: 4 read. Accumulator: float32, in the order of taps and channels. Deterministic.
// Restrictions: no aliasing.
extern "C" __global__ void __launch_bounds__(kThreads)
    operator_products(long long entries, const Operator *table, long long parts) {
  for (long long block = blockIdx.x; block < parts; block += gridDim.x) {
    long long part = block;
    const Operator &op = entry_of(table, entries, kProducts, part);
    vector_tile<false>(op, static_cast<int>(part));
  }
}
KERNEL_EXPORT(operator_products)

// v = W^T u of each convolution.
// Geometry: RowPerBlock; a block owns a tile of 64 positions and 64 channels, a thread 4 by 4 of it.
// Bytes per element of weights: 4 read. Accumulator: float32, in the order of taps and channels. Deterministic.
// Restrictions: no aliasing.
extern "C" __global__ void __launch_bounds__(kThreads)
    operator_products_transposed(long long entries, const Operator *table, long long parts) {
  for (long long block = blockIdx.x; block < parts; block += gridDim.x) {
    long long part = block;
    const Operator &op = entry_of(table, entries, kTransposed, part);
    vector_tile<true>(op, static_cast<int>(part));
  }
}
KERNEL_EXPORT(operator_products_transposed)

// gradient += factor * (the gradient of <u, W v>) of each convolution.
// Geometry: RowPerBlock; a block owns one tap and a tile of 64 outputs and 64 inputs, a thread 4 by 4 of it.
// Bytes per element of weights: 4 read, 4 written. Accumulator: float32, in the order of positions. Deterministic.
// Restrictions: no aliasing.
extern "C" __global__ void __launch_bounds__(kThreads)
    operator_gradients(long long entries, const Operator *table, long long parts) {
  for (long long block = blockIdx.x; block < parts; block += gridDim.x) {
    long long part = block;
    const Operator &op = entry_of(table, entries, kGradients, part);
    gradient_tile(op, static_cast<int>(part));
  }
}
KERNEL_EXPORT(operator_gradients)
