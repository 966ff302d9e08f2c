// revup_reference.h: the naive float64 twin of every operation of revup_cpu.h. One plain loop each, single-threaded, no
// blocking, no library: what the fast versions are tested against and reported beside. Arguments mean what they mean
// there; they are trusted, not checked.
#ifndef REVUP_REFERENCE_H
#define REVUP_REFERENCE_H

#include "revup_cpu.h"

#ifdef __cplusplus
extern "C" {
#endif

REVUP_API void revup_reference_preactivation_forward(int64_t count, revup_activation activation, const double *x,
                                                     double a, double b, double *y);
REVUP_API void revup_reference_preactivation_backward(int64_t count, revup_activation activation, const double *x,
                                                      double a, const double *dy, double scale, const double *residual,
                                                      double *dx, double *sum_a, double *sum_b);
REVUP_API void revup_reference_residual_add(int64_t count, const double *x, const double *z, double s, double *y);
REVUP_API void revup_reference_fixed_point_step(int64_t count, const double *y, const double *z, double s,
                                                const double *x, double *x_next, double *difference, double *norm);
// Codes are numbers here, one each.
REVUP_API void revup_reference_quantize_begin(int64_t count, const double *x, double *decoded);
REVUP_API void revup_reference_quantize_residual(int64_t batch, int64_t positions, int64_t channels, int32_t bits,
                                                 const double *x, const double *z, double s, double *y, double *decoded,
                                                 double *codes, double *steps);
REVUP_API void revup_reference_quantize_retrace(int64_t batch, int64_t positions, int64_t channels, const double *codes,
                                                const double *steps, double *decoded);
REVUP_API void revup_reference_axpy(int64_t count, double alpha, const double *x, double *y);
// Unlike there, no array may be null but mean, variance, weight and residual.
REVUP_API void revup_reference_batch_norm_statistics(int64_t rows, int64_t channels, const double *x, double momentum,
                                                     double *mean, double *variance, double *running_mean,
                                                     double *running_variance);
REVUP_API void revup_reference_batch_norm_forward(int64_t rows, int64_t channels, revup_activation activation,
                                                  const double *x, const double *mean, const double *variance,
                                                  double epsilon, const double *weight, const double *bias, double *y);
REVUP_API void revup_reference_batch_norm_backward(int64_t rows, int64_t channels, revup_activation activation,
                                                   const double *x, const double *mean, const double *variance,
                                                   double epsilon, const double *weight, const double *bias,
                                                   const double *dy, double scale, const double *residual, double *dx,
                                                   double *weight_gradient, double *bias_gradient);
REVUP_API double revup_reference_sum(int64_t count, const double *x);
REVUP_API double revup_reference_dot(int64_t count, const double *x, const double *y);
REVUP_API void revup_reference_branch_scale_forward(revup_branch_bound mode, int64_t convolutions, double coefficient,
                                                    double multiplier, const double *sigmas, double *scales,
                                                    double *bound);
REVUP_API void revup_reference_branch_scale_backward(revup_branch_bound mode, int64_t convolutions, double coefficient,
                                                     double multiplier, const double *sigmas, const double *scales,
                                                     const double *dots, double *multiplier_gradient,
                                                     double *sigma_gradients);
REVUP_API void revup_reference_affine_factors_forward(int64_t channels, const double *t, const double *b,
                                                      double *factor, double *inverse_factor, double *inverse_shift);
REVUP_API void revup_reference_affine_factors_backward(int64_t channels, const double *t, const double *factor_gradient,
                                                       double *gradient);
REVUP_API void revup_reference_channel_rotations_forward(int64_t channels, const double *angles, double *matrix);
REVUP_API void revup_reference_channel_rotations_backward(int64_t channels, const double *angles, double *matrix,
                                                          double *matrix_gradient, double *gradient);
REVUP_API void revup_reference_squeeze(const revup_shape *shape, const double *x, double *y);
REVUP_API void revup_reference_unsqueeze(const revup_shape *shape, const double *y, double *x);
REVUP_API void revup_reference_split_channels(int64_t rows, int64_t channels, const double *x, double *first,
                                              double *second);
REVUP_API void revup_reference_merge_channels(int64_t rows, int64_t channels, const double *first, const double *second,
                                              double *x);
REVUP_API void revup_reference_resize_channels(int64_t rows, int64_t x_channels, const double *x, int64_t y_channels,
                                               double *y);
REVUP_API void revup_reference_global_average_pool_forward(const revup_shape *shape, const double *x, double *y);
REVUP_API void revup_reference_global_average_pool_backward(const revup_shape *shape, const double *dy, double *dx);
REVUP_API void revup_reference_max_pool_forward(const revup_pool_geometry *geometry, const double *x, double *y);
REVUP_API void revup_reference_max_pool_backward(const revup_pool_geometry *geometry, const double *x, const double *dy,
                                                 double *dx);
REVUP_API void revup_reference_linear_forward(int64_t batch, int64_t inputs, int64_t outputs, const double *x,
                                              const double *w, const double *bias, double *y);
REVUP_API void revup_reference_linear_backward(int64_t batch, int64_t inputs, int64_t outputs, const double *x,
                                               const double *w, const double *dy, double *dx, double *dw,
                                               double *dbias);
REVUP_API void revup_reference_cross_entropy(int64_t batch, int64_t classes, const double *logits,
                                             const double *targets, double gradient_scale, double *gradient,
                                             double *loss_sum, int64_t *correct);
REVUP_API void revup_reference_sgd(int64_t count, double learning_rate, double momentum, double weight_decay,
                                   int32_t nesterov, double gradient_scale, const double *gradient,
                                   double *momentum_buffer, double *weights);
REVUP_API void revup_reference_adamw(int64_t count, double learning_rate, double beta1, double beta2, double epsilon,
                                     double weight_decay, int64_t step, double gradient_scale, const double *gradient,
                                     double *first_moment, double *second_moment, double *weights);
REVUP_API void revup_reference_step_verdict(int64_t blocks, int64_t stride, double averaging, double clip_norm,
                                            double hard_limit, double tolerance, double rounding, double *losses,
                                            const double *square_sum, const double *inversions,
                                            const double *evaluations, const float *coefficients,
                                            revup_optimizer_settings *settings, revup_step_outcome *outcome);
// Convolutions take the weights themselves, not the packed form; geometry->type is ignored.
REVUP_API void revup_reference_convolution_fprop(const revup_convolution_geometry *geometry, const double *src,
                                                 const double *weights, double *dst);
REVUP_API void revup_reference_convolution_dgrad(const revup_convolution_geometry *geometry, const double *diff_dst,
                                                 const double *weights, double *diff_src);
REVUP_API void revup_reference_convolution_wgrad(const revup_convolution_geometry *geometry, const double *src,
                                                 const double *diff_dst, double *diff_weights);

#ifdef __cplusplus
}
#endif
#endif
