// The part of the CUDA device language that our kernels use, for a host compiler, which includes it before each file as
// nvcc does with its own.
// Not there, on purpose: inline PTX, asynchronous copies, cooperative grids, textures. Threads
// run one after another, which hides races: order.h tells a race detector what orders them.
#pragma once

#define __CUSHIM__ 1

#include "atomics.h"
#include "intrinsics.h"
#include "launch.h"
#include "matrix.h"
#include "vector_types.h"
#include "warp.h"

#define __global__
#define __device__
#define __host__
#define __constant__
#define __forceinline__ inline
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __align__(bytes) __attribute__((aligned(bytes)))
#define __restrict__ __restrict
// At block scope this is static: one copy per processor thread, which runs one block at a time.
#define __shared__ thread_local
// In the place of `extern __shared__ T name[];`, which has no host meaning.
#define DYN_SMEM(T, name) T *name = static_cast<T *>(::cushim::position.block->dynamic_shared())
// After the definition of a kernel.
#define KERNEL_EXPORT(name) static const ::cushim::Registration<name> registration_of_##name(#name);

#define threadIdx (::cushim::position.thread_index)
#define blockIdx (::cushim::position.block->block_index())
#define blockDim (::cushim::position.block->block_extent())
#define gridDim (::cushim::position.block->grid_extent())
#define warpSize 32
