// revup_optimizer.h: weight updates of the RevUp CPU library, and the verdict on a step. revup_cpu.h, which includes
// this file, has the conventions and the meaning of @.
#ifndef REVUP_OPTIMIZER_H
#define REVUP_OPTIMIZER_H

#include <stdint.h>

#include "revup_status.h"
#include "revup_tables.h"

#ifdef __cplusplus
extern "C" {
#endif

// One call for all parameter groups of the flat buffers: `settings` is followed by `groups` revup_parameter_group, and
// rates and decays are rounded to float32. Does nothing if settings->skip. No aliasing.
// PyTorch's SGD: d = scale * g + weight_decay * w;  m = momentum * m + d;
//   w -= learning_rate * (nesterov ? d + momentum * m : m)
// @ settings [9 + 3 * groups]; gradient, momentum_buffer+, weights+ [count]; internal
REVUP_API revup_status revup_sgd(int64_t groups, const revup_optimizer_settings *settings, const float *gradient,
                                 float *momentum_buffer, float *weights);
// PyTorch's AdamW. A gap between tensors, zero in every buffer, stays zero.
// @ settings [9 + 3 * groups]; gradient, first_moment+, second_moment+, weights+ [count]; internal
REVUP_API revup_status revup_adam_w(int64_t groups, const revup_optimizer_settings *settings, const float *gradient,
                                    float *first_moment, float *second_moment, float *weights);
// Momentum alone, for directions that are worked on before weights follow them:
//   d = scale * g;  m = momentum * m + d;  g = nesterov ? d + momentum * m : m
// @ settings [9 + 3 * groups]; gradient+, momentum_buffer+ [count]; internal
REVUP_API revup_status revup_momentum_direction(int64_t groups, const revup_optimizer_settings *settings,
                                                float *gradient, float *momentum_buffer);
// The step along such a direction: w -= learning_rate * (direction + weight_decay * w).
// @ settings [9 + 3 * groups]; direction, weights+ [count]; internal
REVUP_API revup_status revup_descend(int64_t groups, const revup_optimizer_settings *settings, const float *direction,
                                     float *weights);
// Whether a step may be taken, and with which scale of its gradient.
//   losses: sum of losses and correct samples, reported and set to 0 for the next step
//   square_sum: sum of the squares of all gradients; their average is averaging times them
//   inversions: of each branch evaluation, ||x_next - x||^2 and ||x_next||^2
//   evaluations: how many there were of each block, 0 to stride; the last one gives the residual
//   coefficients: the bounds on the blocks' Lipschitz constants; null if all are below 1
// settings: gradient_scale = averaging * min(1, clip_norm / norm), clip_norm 0 for no limit. skip = 1, and the scale 0,
// if the loss or the norm is not finite, or a block is refused: its residual is not at most hard_limit, or its
// coefficient is 1 or more and the bound of its error not at most tolerance. The bound is the residual itself if that
// is at most rounding, else L / (1 - L) times it, with L < 1 the ratio of the block's last two corrections.
// @ losses+ [2]; square_sum []; inversions [blocks, stride, 2]; evaluations, coefficients? [blocks]
// @ settings+ [9]; outcome [6]; internal
REVUP_API revup_status revup_step_verdict(int64_t blocks, int64_t stride, const revup_step_limits *limits,
                                          double *losses, const double *square_sum, const double *inversions,
                                          const double *evaluations, const float *coefficients,
                                          revup_optimizer_settings *settings, revup_step_outcome *outcome);

#ifdef __cplusplus
}
#endif

#endif  // REVUP_OPTIMIZER_H
