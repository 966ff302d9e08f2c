// Shared by every kernel: its place in the grid, and how the host finds it.
//
// Kernels are extern "C", so that the driver finds them by name, and take 8-byte slots: pointers, long long, double, or
// an int or float in the low bytes. Tensors are aligned to 64 bytes, channels-last N (D) H W C; the host has checked
// all arguments. An empty tensor is not launched. Suffixes name storage types; arithmetic is float32 throughout.
//
// A kernel's parameters have the names of its operation in revup_cpu.h.
// Three geometries; each kernel's header names its own, and every one is correct for any grid:
//   Elementwise  256 threads, grid-stride; the host launches ceil(n / 1024) blocks, at most 1024 and 16 per processor.
//   RowPerWarp   a warp walks along one row.
//   RowPerBlock  a block walks along one row, or along everything where the header says so.
// An Elementwise thread has one pack of each operand in flight. That is enough where much fits a multiprocessor: an
// H200 hides 700 ns at 4.3 TB/s behind 23 KB on each of its 132, and by limits.txt no kernel of the reversible step
// holds less than 24 KB. A second pack would need __restrict__, which is wrong where operations work in place. The
// number of blocks does not follow from a kernel's occupancy: 1024 are 7.8 of the 8 that fit where it is 100 %, but
// 1.3 rounds of them where it is 75 %. All of this is computed; no GPU has measured it.
//
// "over x" (a tensor's elements) or "over batch" (a size) lets RevUp.Operations write the launch. "RowPerBlock over
// vectors of longest / 4 threads" has wide blocks, "One block of 32 threads" has one. Partial sums of a grid are
// `partials` and `counter`, the extents of a shape `rank`, `e0`, `e1` and `e2`. Other kernels are launched by hand.
#pragma once

#include <cuda_bf16.h>

// Makes a kernel known by name to a host build that has no driver to do so; such a build defines it beforehand.
#ifndef KERNEL_EXPORT
#define KERNEL_EXPORT(name)
#endif

namespace revup {

using f32 = float;
using bf16 = __nv_bfloat16;

constexpr int kThreads = 256;      // of a block, but where it owns a row whole
constexpr int kBlockLimit = 1024;  // threads of a block that does
constexpr int kWarp = 32;

__device__ inline long long global_thread() { return static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x; }
__device__ inline long long grid_threads() { return static_cast<long long>(gridDim.x) * blockDim.x; }

}  // namespace revup
