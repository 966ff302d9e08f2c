// revup_cpu.h: the C ABI of the RevUp CPU library. Its losses are in revup_loss.h, its optimisers in revup_optimizer.h.
//
// Conventions, valid for every function:
// - The result is a revup_status. On failure nothing was written, and revup_last_error() says why, per calling thread.
// - Activations are dense and channels-last: N (D) H W C. Convolution weights are O (D) H W I/groups.
// - Tensor pointers are aligned to REVUP_ALIGNMENT bytes; scalars (const float *) to 4, statistics (double *) to 8.
// - Counts are elements, sizes are bytes. A count of zero is valid and does nothing.
// - Two arguments may alias only where the comment says so, and then only exactly (same start, same element size).
// - Sums are accumulated in double, in an order that depends only on shape and thread count: same inputs, same bits.
// - Functions are thread-safe as long as no two calls write the same memory.
// - The environment variable REVUP_MAX_ISA limits the instructions: avx2, avx512, avx512_vnni, avx512_bf16 or amx. With
//   another value every call fails. For oneDNN and revup_supports() it is read at the first call and overrides
//   ONEDNN_MAX_CPU_ISA; other functions are there for AVX2 and for AVX-512, and are chosen when the library is loaded.
//
// A comment line that begins with @ describes an operation. RevUp.Operations writes the
// bindings, the backends' methods, launches, counting and tests from it. Its items, with ";" between them:
//   x, y? [rows, channels]   the shape of each; ? may be null, + is read and written. [] is a scalar.
//   y may be x, z            the memory that an output may share
//   bits is 4 or 8           the values of a number;  `inputs at least 1` excludes 0
//   x, y at any element      pointers that need no other alignment: rows of a larger tensor
//   internal                 RevUp alone calls it; other operations are public methods of Backend
// A size is a parameter of the function, or an expression of them. Some names collapse extents: count is all elements,
// rows all extents but the last, positions those between batch and channels. An array of one extent other than count
// is aligned to its element.
#ifndef REVUP_CPU_H
#define REVUP_CPU_H

#include <stdint.h>

#include "revup_loss.h"
#include "revup_optimizer.h"
#include "revup_status.h"
#include "revup_tables.h"

#ifdef __cplusplus
extern "C" {
#endif

#define REVUP_ALIGNMENT 64
#define REVUP_ABI_VERSION 10
typedef int32_t revup_type;
// Labels are copied by revup_cast; no other function takes their type.
enum { REVUP_FLOAT32 = 0, REVUP_BFLOAT16 = 1, REVUP_UINT16 = 3 };
typedef uint16_t revup_bfloat16;  // the bits of one
typedef int32_t revup_activation;
// ELU has alpha = 1. MaxMin sorts an even number of channels in pairs: (t0, t1) -> (max, min), act' its Jacobian^T.
enum { REVUP_IDENTITY = 0, REVUP_RELU = 1, REVUP_ELU = 2, REVUP_MAX_MIN = 3 };

// ------------------------------------------------------------------------------------------------------------- runtime
REVUP_API int32_t revup_abi_version(void);
// The calling thread's last error, or "" when there was none. Valid until the thread's next failing call.
REVUP_API const char *revup_last_error(void);
// One line: instruction set, oneDNN version, threads. Written with its terminating zero; truncated to capacity.
REVUP_API revup_status revup_describe(char *text, int64_t capacity);
// Threads used by later calls of the calling thread, 1 to 1024. Convolutions keep the count they were created with.
REVUP_API revup_status revup_set_threads(int32_t threads);
// What functions without oneDNN were compiled for, as a value of -march: x86-64-v3 (AVX2) or x86-64-v4 (AVX-512).
REVUP_API const char *revup_instruction_set(void);
typedef int32_t revup_support;
// Convolutions of a type: impossible; possible; possible and faster than in float32.
enum { REVUP_NONE = 0, REVUP_NATIVE = 1, REVUP_FAST = 2 };
// Support of this processor for convolutions of a type.
REVUP_API revup_status revup_supports(revup_type type, revup_support *support);

// -------------------------------------------------------------------------------------------------------------- memory
// Reserves address space; pages come zeroed on first touch, huge where the system can. Release with the same size.
REVUP_API revup_status revup_reserve(int64_t bytes, void **memory);
REVUP_API revup_status revup_release(void *memory, int64_t bytes);
// y = value
// @ y [count]
REVUP_API revup_status revup_fill(int64_t count, float *y, float value);
// y = x, converted (round to nearest even). The types may be equal: then it is a copy. REVUP_UINT16 is only copied.
// @ x, y [count]
REVUP_API revup_status revup_cast(int64_t count, revup_type x_type, const void *x, revup_type y_type, void *y);

// ----------------------------------------------------------------------------------------------------------- pointwise
// y = act(x + a) + b, a and b scalars. y may alias x when the types are equal.
// @ x, y [count]; a, b []; y may be x
REVUP_API revup_status revup_preactivation_forward(int64_t count, revup_activation activation, revup_type x_type,
                                                   const void *x, const float *a, const float *b, revup_type y_type,
                                                   void *y);
// Backward of preactivation_forward for the gradient dy of y, which is first multiplied by *scale (null: 1):
//   dx = residual + scale * dy * act'(x + a)      (residual null: 0; its type is dx_type)
//   *sum_b += sum(scale * dy);  *sum_a += sum(scale * dy * act'(x + a))      (either may be null)
// dx may alias dy and residual, and x, when the types are equal.
// @ x, dy, residual?, dx [count]; a, scale?, sum_a?+, sum_b?+ []; dx may be dy, residual, x
REVUP_API revup_status revup_preactivation_backward(int64_t count, revup_activation activation, revup_type x_type,
                                                    const void *x, const float *a, revup_type dy_type, const void *dy,
                                                    const float *scale, const void *residual, revup_type dx_type,
                                                    void *dx, float *sum_a, float *sum_b);
// preactivation_backward from y, which preactivation_forward wrote in bfloat16, instead of x: act' at t = y - b. Not
// for MaxMin. ReLU's act' is 0 where y is not above the rounded b.
//   dx = residual + scale * dy * act'      narrow = dx in bfloat16 (null: not written)      sums as above
// @ y, dy, residual?, dx, narrow? [count]; b, scale?, sum_a?+, sum_b?+ []; dx may be residual, y; narrow may be dy
// @ internal
REVUP_API revup_status revup_preactivation_gradient(int64_t count, revup_activation activation, const revup_bfloat16 *y,
                                                    const float *b, const revup_bfloat16 *dy, const float *scale,
                                                    const void *residual, revup_type dx_type, void *dx,
                                                    revup_bfloat16 *narrow, float *sum_a, float *sum_b);
// y = x + s * z. y may alias x, and z when z is float32.
// @ x, z, y [count]; s []; y may be x, z
REVUP_API revup_status revup_residual_add(int64_t count, const float *x, revup_type z_type, const void *z,
                                          const float *s, float *y);
// y = x - s * z: takes a branch from the stream again. y may alias x, and z when z is float32.
// @ x, z, y [count]; s []; y may be x, z
REVUP_API revup_status revup_residual_subtract(int64_t count, const float *x, revup_type z_type, const void *z,
                                               const float *s, float *y);
// One step of the fixed-point inversion: x_next = y - s * z, where z = branch(x) before its multiplier.
//   statistics = {sum((x_next - x)^2), sum(x_next^2)}, added to what is there when adds is 1
// x_next may alias y, x, and z when z is float32.
// @ y, z, x, x_next [count]; s []; statistics+ [2]; adds is 0 or 1; x_next may be y, x, z; internal
REVUP_API revup_status revup_fixed_point_step(int64_t count, int32_t adds, const float *y, revup_type z_type,
                                              const void *z, const float *s, const float *x, float *x_next,
                                              double *statistics);
// residual_add (a null x is 0, a null s 1) and fixed_point_step (a null x is y) that also write p = act(y + a) + b, or
// of x_next, for its reader.
// @ x?, z, y, p [count]; s?, a, b []; y may be x; p may be z; internal
REVUP_API revup_status revup_residual_add_ahead(int64_t count, const float *x, const revup_bfloat16 *z, const float *s,
                                                float *y, revup_activation activation, const float *a, const float *b,
                                                revup_bfloat16 *p);
// @ y, z, x?, x_next, p [count]; s, a, b []; statistics [2]; x_next may be y, x; p may be z; internal
REVUP_API revup_status revup_fixed_point_step_ahead(int64_t count, const float *y, const revup_bfloat16 *z,
                                                    const float *s, const float *x, float *x_next, double *statistics,
                                                    revup_activation activation, const float *a, const float *b,
                                                    revup_bfloat16 *p);
// y += alpha * x (alpha null: 1).
// @ x, y+ [count]; alpha? []
REVUP_API revup_status revup_axpy(int64_t count, const float *alpha, const float *x, float *y);

// -------------------------------------------------------------------------------------------- quantised differences
// A stream of activations kept as 4 or 8 bits per element, closed loop: `decoded` is what will be known of it later. It
// lies on a grid of 2^-16, as do its changes, so that it is retraced bit for bit while it is below 2^8.
// decoded = x, rounded to the grid: the start of a stream. decoded may alias x.
// @ x, decoded [count]; decoded may be x; internal
REVUP_API revup_status revup_quantize_begin(int64_t count, const float *x, float *decoded);
// y = x + s * z;  code = round((y - decoded) / step);  decoded += code * step. The step of a sample and channel is the
// least that keeps codes within 7 (4 bits) or 127, rounded up to a multiple of the grid and to bfloat16.
// |y - decoded| is at most half a step, whatever earlier blocks have lost (differential pulse-code modulation). The
// codes of a position are packed into bytes. y may alias x.
// @ x, z, y, decoded+ [batch, positions, channels]; s []; codes [batch, positions, (channels * bits + 7) / 8]
// @ steps [batch, channels]; bits is 4 or 8; y may be x; internal
REVUP_API revup_status revup_quantize_residual(int64_t batch, int64_t positions, int64_t channels, int32_t bits,
                                               const float *x, revup_type z_type, const void *z, const float *s,
                                               float *y, float *decoded, uint8_t *codes, revup_bfloat16 *steps);
// decoded -= code * step: what decoded was before quantize_residual left these codes and steps.
// @ codes [batch, positions, (channels * bits + 7) / 8]; steps [batch, channels]; bits is 4 or 8
// @ decoded+ [batch, positions, channels]; internal
REVUP_API revup_status revup_quantize_retrace(int64_t batch, int64_t positions, int64_t channels, int32_t bits,
                                              const uint8_t *codes, const revup_bfloat16 *steps, float *decoded);

// ------------------------------------------------------------------------------------------------- batch normalisation
// Mean and (biased) variance of every channel of x. Unless null, running_mean += momentum * (mean - running_mean), and
// running_variance follows the unbiased variance (0 of one row) in the same way.
// @ x [rows, channels]; mean, variance, running_mean?+, running_variance?+ [channels]; x at any element
REVUP_API revup_status revup_batch_norm_statistics(int64_t rows, int64_t channels, revup_type x_type, const void *x,
                                                   float momentum, float *mean, float *variance, float *running_mean,
                                                   float *running_variance);
// y = act((x - mean) / sqrt(variance + epsilon) * weight + bias)      (weight null: 1)
// y may alias x when the types are equal.
// @ x, y [rows, channels]; mean, variance, weight?, bias [channels]; y may be x; x, y at any element
REVUP_API revup_status revup_batch_norm_forward(int64_t rows, int64_t channels, revup_activation activation,
                                                revup_type x_type, const void *x, const float *mean,
                                                const float *variance, float epsilon, const float *weight,
                                                const float *bias, revup_type y_type, void *y);
// Backward of batch_norm_forward for the gradient dy of y, which is first multiplied by *scale (null: 1). Mean and
// variance are the statistics of x itself, and gradient flows through them. With the normalised x as n and
// g = scale * dy * act':
//   dx = residual + weight / sqrt(variance + epsilon) * (g - mean(g) - n * mean(g * n))      (residual null: 0)
//   weight_gradient += sum(g * n);  bias_gradient += sum(g)      (either may be null)
// dx may alias dy and residual, and x, when the types are equal.
// @ x, dy, residual?, dx [rows, channels]; scale? []; dx may be dy, residual, x
// @ mean, variance, weight?, bias, weight_gradient?+, bias_gradient?+ [channels]; x, dy, residual, dx at any element
REVUP_API revup_status revup_batch_norm_backward(int64_t rows, int64_t channels, revup_activation activation,
                                                 revup_type x_type, const void *x, const float *mean,
                                                 const float *variance, float epsilon, const float *weight,
                                                 const float *bias, revup_type dy_type, const void *dy,
                                                 const float *scale, const void *residual, revup_type dx_type, void *dx,
                                                 float *weight_gradient, float *bias_gradient);
// y = act(weight * x + bias), channel by channel      (weight null: 1): a bias, or an affine map.
// y may alias x when the types are equal.
// @ x, y [rows, channels]; weight?, bias [channels]; y may be x; x, y at any element
REVUP_API revup_status revup_channel_affine_forward(int64_t rows, int64_t channels, revup_activation activation,
                                                    revup_type x_type, const void *x, const float *weight,
                                                    const float *bias, revup_type y_type, void *y);
// Backward of channel_affine_forward, with g = scale * dy * act' (scale null: 1):
//   dx = residual + weight * g;  weight_gradient += sum(g * x);  bias_gradient += sum(g)      (residual null: 0)
// Either gradient may be null. dx may alias dy and residual, and x, when the types are equal.
// @ x, dy, residual?, dx [rows, channels]; scale? []; dx may be dy, residual, x
// @ weight?, bias, weight_gradient?+, bias_gradient?+ [channels]; x, dy, residual, dx at any element
REVUP_API revup_status revup_channel_affine_backward(int64_t rows, int64_t channels, revup_activation activation,
                                                     revup_type x_type, const void *x, const float *weight,
                                                     const float *bias, revup_type dy_type, const void *dy,
                                                     const float *scale, const void *residual, revup_type dx_type,
                                                     void *dx, float *weight_gradient, float *bias_gradient);

// ---------------------------------------------------------------------------------------------------------- reductions
// *result = sum(x * y); x may alias y.
// @ x, y [count]; result []
REVUP_API revup_status revup_dot(int64_t count, const float *x, const float *y, double *result);
// For each vector x in a flat buffer, which a revup_vector of the table places: its norm ||x||_2, and x = x / ||x||. No
// vector has more than `longest` elements. When ||x|| <= 1e-12 (a zero convolution), the norm is 0 and x a unit vector
// drawn from seed + its number, so that power iteration does not stay at zero for ever; or zero when `draws` is 0.
// @ table [vectors, 3]; buffer+ [count]; draws is 0 or 1; internal
REVUP_API revup_status revup_normalize_all(int64_t vectors, const revup_vector *table, int64_t longest, int32_t draws,
                                           uint64_t seed, int64_t count, float *buffer);

// ---------------------------------------------------------------------------------------------- factors of parameters
// Arrays of one number per convolution, channel or angle are aligned to 4 bytes. No aliasing.
typedef int32_t revup_branch_bound;
// How the Lipschitz bound of a residual branch is held under a coefficient c.
enum { REVUP_UNBOUNDED = 0, REVUP_PER_LAYER = 1, REVUP_PER_BRANCH = 2 };

// From the multiplier s of a branch and the norms sigmas [m] of its m = `convolutions` convolutions to its factors:
//   scales [2m + 1]: alpha [m], the effective multiplier e [1], gamma [m]
//   per branch: alpha = 1, e = s * min(1, c / (|s| * product of sigmas));  per layer: alpha = min(1, c / sigma),
//   e = s / max(1, |s|);  gamma = alpha, the last one times e
//   *bound = |s| * product of sigmas (null: not wanted)
// @ coefficient, multiplier, bound? []; sigmas [convolutions]; scales [1 + 2 * convolutions]; mode is 0 or 1 or 2
// @ internal
REVUP_API revup_status revup_branch_scale_forward(revup_branch_bound mode, int64_t convolutions,
                                                  const float *coefficient, const float *multiplier,
                                                  const float *sigmas, float *scales, double *bound);
// From dots[i] = <wgrad_i, W_i>, the last wgrad taken before e: *multiplier_gradient is added to, sigma_gradients [m]
// are overwritten.
// @ coefficient, multiplier, multiplier_gradient+ []; sigmas, dots, sigma_gradients [convolutions]
// @ scales [1 + 2 * convolutions]; mode is 0 or 1 or 2; internal
REVUP_API revup_status revup_branch_scale_backward(revup_branch_bound mode, int64_t convolutions,
                                                   const float *coefficient, const float *multiplier,
                                                   const float *sigmas, const float *scales, const double *dots,
                                                   float *multiplier_gradient, float *sigma_gradients);
// factor = 2^tanh(t);  inverse_factor = 1 / factor;  inverse_shift = -b / factor, each rounded once.
// @ t, b, factor, inverse_factor, inverse_shift [channels]; internal
REVUP_API revup_status revup_affine_factors_forward(int64_t channels, const float *t, const float *b, float *factor,
                                                    float *inverse_factor, float *inverse_shift);
// gradient += factor_gradient * factor * ln 2 * (1 - tanh(t)^2)
// @ t, factor_gradient, gradient+ [channels]; internal
REVUP_API revup_status revup_affine_factors_backward(int64_t channels, const float *t, const float *factor_gradient,
                                                     float *gradient);
// The orthogonal matrix W = R_K ... R_1 [C, C], K = ceil(log2 C). Stage k rotates rows c and c + d, d = 2^(k-1), by an
// angle of their own, for every c with floor(c / d) even and c + d < C:
//   (x, x') -> (cos * x - sin * x', sin * x + cos * x')
// angles: stage after stage, by c. They may be null for one channel, which has none.
// @ angles [rotations]; matrix [channels, channels]; internal
REVUP_API revup_status revup_channel_rotations_forward(int64_t channels, const float *angles, float *matrix);
// gradient += gradient of the angles, from W's gradient. Both matrices are undone stage by stage:
// W becomes the identity.
// @ angles, gradient+ [rotations]; matrix+, matrix_gradient+ [channels, channels]; internal
REVUP_API revup_status revup_channel_rotations_backward(int64_t channels, const float *angles, float *matrix,
                                                        float *matrix_gradient, float *gradient);

// ---------------------------------------------------------------------------------------- shape changes of activations
typedef struct {
  int32_t rank;      // spatial dimensions: 2 or 3
  int32_t reserved;  // 0
  int64_t batch;
  int64_t extent[3];  // rank of them, outermost first; the rest is ignored
  int64_t channels;
} revup_shape;

// Space-to-depth with blocks of 2: y[n, i, j, (di*2+dj)*C + c] = x[n, 2i+di, 2j+dj, c]; in 3-D ((dk*2+di)*2+dj)*C + c.
// `shape` is x's; every extent must be even. y has extents / 2 and channels * 2^rank.
// @ x [shape]; y [squeezed(shape)]
REVUP_API revup_status revup_squeeze(const revup_shape *shape, const float *x, float *y);
// The inverse (and the gradient) of squeeze; `shape` is of the unsqueezed x.
// @ y [squeezed(shape)]; x [shape]
REVUP_API revup_status revup_unsqueeze(const revup_shape *shape, const float *y, float *x);
// The halves of the channels of x.
// @ x [rows, 2 * channels]; first, second [rows, channels]
REVUP_API revup_status revup_split_channels(int64_t rows, int64_t channels, const float *x, float *first,
                                            float *second);
// The inverse (and the gradient) of split_channels.
// @ first, second [rows, channels]; x [rows, 2 * channels]
REVUP_API revup_status revup_merge_channels(int64_t rows, int64_t channels, const float *first, const float *second,
                                            float *x);
// rows of x_channels -> rows of y_channels: extra channels become 0 (y_channels > x_channels) or are dropped.
// @ x [rows, x_channels]; y [rows, y_channels]
REVUP_API revup_status revup_resize_channels(int64_t rows, int64_t x_channels, const float *x, int64_t y_channels,
                                             float *y);

// ------------------------------------------------------------------------------------------------------------- pooling
// y[n, c] = mean over all positions of x[n, :, c]
// @ x [batch, positions, channels]; y [batch, channels]
REVUP_API revup_status revup_global_average_pool_forward(int64_t batch, int64_t positions, int64_t channels,
                                                         const float *x, float *y);
// dx[n, :, c] = dy[n, c] / positions: the mean's gradient, spread evenly.
// @ dy [batch, channels]; dx [batch, positions, channels]
REVUP_API revup_status revup_global_average_pool_backward(int64_t batch, int64_t positions, int64_t channels,
                                                          const float *dy, float *dx);
// Maximum over windows of 3 with stride 2 and padding 1 along every axis; padding never wins. `shape` is x's, and
// the extents of y are (extent - 1) / 2 + 1, rounded down. y has at least the channels of x; the others are 0.
// @ x [shape]; y [pooled(shape), y_channels]; y_channels at least 1
REVUP_API revup_status revup_max_pool_forward(const revup_shape *shape, const float *x, int64_t y_channels, float *y);
// max_pool_forward that also writes p = act(y + a) + b for its reader. Not for MaxMin.
// @ x [shape]; y, p [pooled(shape), y_channels]; a, b []; y_channels at least 1; internal
REVUP_API revup_status revup_max_pool_forward_ahead(const revup_shape *shape, const float *x, int64_t y_channels,
                                                    float *y, revup_activation activation, const float *a,
                                                    const float *b, revup_bfloat16 *p);
// dx = gradient, recomputing the argmax from x; among equal values the first in row-major order takes it. Channels of
// dy that x does not have are passed over.
// @ x, dx [shape]; dy [pooled(shape), dy_channels]; dy_channels at least 1
REVUP_API revup_status revup_max_pool_backward(const revup_shape *shape, const float *x, int64_t dy_channels,
                                               const float *dy, float *dx);

// -------------------------------------------------------------------------------------------------------------- linear
// y[n, o] = sum_i x[n, i] * w[o, i] + bias[o]
// @ x [batch, inputs]; w [outputs, inputs]; bias [outputs]; y [batch, outputs]; inputs, outputs at least 1
REVUP_API revup_status revup_linear_forward(int64_t batch, int64_t inputs, int64_t outputs, const float *x,
                                            const float *w, const float *bias, float *y);
// dx = dy * w;  dw += dy^T * x;  dbias += column sums of dy
// @ x, dx [batch, inputs]; w, dw+ [outputs, inputs]; dy [batch, outputs]; dbias+ [outputs]; inputs, outputs at least 1
REVUP_API revup_status revup_linear_backward(int64_t batch, int64_t inputs, int64_t outputs, const float *x,
                                             const float *w, const float *dy, float *dx, float *dw, float *dbias);

// -------------------------------------------------------------------------------------------------------------- images
// Pixels of byte images. Each sample is changed as its revup_sample_changes say; null changes nothing.
//   v[n, p, c] = 0 in the sample's cutout, table[c, x[n, p, c]] elsewhere
//   y = v of the partner in the sample's paste, weight * v + (1 - weight) * v of the partner elsewhere
// Both products and the sum are rounded to float32; with weight 1, y is v. A row of an image has `width` positions, of
// which `positions` is a multiple. No aliasing.
// @ x, y [batch, positions, channels]; table [channels, 256]; changes? [batch, 10]; internal
REVUP_API revup_status revup_byte_pixels(int64_t batch, int64_t positions, int64_t channels, int64_t width,
                                         const uint8_t *x, const float *table, const revup_sample_changes *changes,
                                         float *y);

// --------------------------------------------------------------------------------------------------------- convolution
typedef int32_t revup_convolution_use;
enum {
  REVUP_TRAINING = 0,   // fprop, dgrad and wgrad; weights are packed for each step
  REVUP_INFERENCE = 1,  // fprop alone; weights are packed once for many calls
};

typedef struct {
  int32_t rank;     // spatial dimensions: 2 or 3
  revup_type type;  // of src, dst and of the arithmetic; weights and their gradients are always float32
  int64_t batch, in_channels, out_channels, groups;
  revup_convolution_use use;
  int32_t reserved;                                    // 0
  int64_t input[3], kernel[3], stride[3], padding[3];  // rank of them, outermost first; padding on both sides
} revup_convolution_geometry;

typedef int32_t revup_convolution_algorithm;
enum {
  REVUP_DIRECT = 0,    // a sum of products for every output
  REVUP_WINOGRAD = 1,  // a quarter of the products, of transformed tiles: 3x3 taps at stride 1, in float32
};

typedef struct {
  int64_t output[3];     // (input + 2 * padding - kernel) / stride + 1, rounded down
  int64_t packed_bytes;  // weights as fprop and dgrad want them, in one buffer
  int64_t pack_scratch_bytes, fprop_scratch_bytes, dgrad_scratch_bytes, wgrad_scratch_bytes;
  revup_convolution_algorithm data_algorithm, weights_algorithm;  // of fprop and dgrad; of wgrad
} revup_convolution_sizes;

typedef struct revup_convolution revup_convolution;

// Chooses the algorithms for one geometry, once. Immutable afterwards: one handle may be used by several threads.
REVUP_API revup_status revup_convolution_create(const revup_convolution_geometry *geometry, revup_convolution **handle);
REVUP_API revup_status revup_convolution_destroy(revup_convolution *handle);  // null is allowed
REVUP_API revup_status revup_convolution_query(const revup_convolution *handle, revup_convolution_sizes *sizes);
// packed = scale * weights (scale null: 1), rounded and laid out for fprop and dgrad. Once per step, not per call.
// @ weights, packed, scratch [count]; scale? []
REVUP_API revup_status revup_convolution_pack(const revup_convolution *handle, const float *weights, const float *scale,
                                              void *packed, void *scratch);
// Scratch of the queried size (null when that is 0); its content before and after is undefined. No bias: the caller
// adds scalars.
// @ src, packed, dst [count]
REVUP_API revup_status revup_convolution_fprop(const revup_convolution *handle, const void *src, const void *packed,
                                               void *dst, void *scratch);
// @ diff_dst, packed, diff_src [count]
REVUP_API revup_status revup_convolution_dgrad(const revup_convolution *handle, const void *diff_dst,
                                               const void *packed, void *diff_src, void *scratch);
// diff_weights = gradient (overwritten), float32, in the plain layout of `weights`.
// @ src, diff_dst, diff_weights [count]
REVUP_API revup_status revup_convolution_wgrad(const revup_convolution *handle, const void *src, const void *diff_dst,
                                               float *diff_weights, void *scratch);

#ifdef __cplusplus
}
#endif
#endif
