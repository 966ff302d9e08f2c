// revup_loss.h: the losses of the RevUp CPU library, and labels. revup_cpu.h, which includes this file, has the
// conventions and the meaning of @.
#ifndef REVUP_LOSS_H
#define REVUP_LOSS_H

#include <stdint.h>

#include "revup_status.h"
#include "revup_tables.h"

#ifdef __cplusplus
extern "C" {
#endif

// Cross-entropy of softmax(logits) with soft targets, and its gradient in the same pass. A row of targets
// sums to 1, or to the weight of its class:
//   statistics[0] += sum over n of -sum_c targets * log softmax(logits)
//   statistics[1] += rows whose largest logit has the index of the largest target (first of equals in both)
//   gradient = gradient_scale * (softmax(logits) * sum of the row's targets - targets)      (null: evaluation)
// gradient may alias logits.
// @ logits, targets, gradient? [batch, classes]; statistics+ [2]; gradient may be logits; internal
REVUP_API revup_status revup_cross_entropy(int64_t batch, int64_t classes, const float *logits, const float *targets,
                                           float gradient_scale, float *gradient, double *statistics);
// Binary cross-entropy of p = sigmoid(logits) with the probabilities `targets`, each output an answer of its own:
//   statistics[0] += sum over n of the mean over the outputs of -(targets * log p + (1 - targets) * log(1 - p))
//   statistics[1] += rows whose outputs are all right: p > 1/2 where the target is above 1/2, and nowhere else
//   gradient = gradient_scale / outputs * (p - targets)      (null: evaluation)
// gradient may alias logits.
// @ logits, targets, gradient? [batch, outputs]; statistics+ [2]; gradient may be logits; internal
REVUP_API revup_status revup_binary_cross_entropy(int64_t batch, int64_t outputs, const float *logits,
                                                  const float *targets, float gradient_scale, float *gradient,
                                                  double *statistics);
// Squared error, or Huber's loss (1964, doi 10.1214/aoms/1177703732) where delta is above 0; e = values - targets:
//   statistics[0] += sum over n of the mean over the outputs of e^2, or of {e^2 / 2 where |e| <= delta, else
//   delta * (|e| - delta / 2)}
//   statistics[1] += sum over n of the mean over the outputs of |e|
//   gradient = gradient_scale / outputs * 2 * e, or * {e within [-delta, delta]}      (null: evaluation)
// gradient may alias values.
// @ values, targets, gradient? [batch, outputs]; statistics+ [2]; gradient may be values; internal
REVUP_API revup_status revup_regression_loss(int64_t batch, int64_t outputs, const float *values, const float *targets,
                                             float delta, float gradient_scale, float *gradient, double *statistics);
// Index of the largest logit of each row, the first of equals; 65535 where all are NaN.
// @ logits [rows, classes]; labels [rows]; classes at least 1; internal
REVUP_API revup_status revup_arg_max(int64_t rows, int64_t classes, const float *logits, uint16_t *labels);
// The voxel loss of one label per position takes three calls, so that nothing as large as the logits is kept beside
// them, and the logits themselves may come in parts. A position counts if its label is below `classes`; 65535 means
// "not labelled". The first call adds, of every sample, with p = softmax(logits) and w = class_weights (null: 1):
//   totals += {sum of -w[label] * log p[label], sum of w[label], positions whose largest logit (first of equals) has
//   the label's index, positions that count}
//   overlaps += {sum of p where the class is the label, sum of p, positions with that label} of each class
// @ logits [batch, positions, classes]; labels [batch, positions]; class_weights? [classes]; totals+ [batch, 4]
// @ overlaps+ [batch, 3, classes]; classes at least 1; labels at any element; internal
REVUP_API revup_status revup_segmentation_sums(int64_t batch, int64_t positions, int64_t classes, const float *logits,
                                               const uint16_t *labels, const float *class_weights, double *totals,
                                               double *overlaps);
// loss = cross-entropy / weight + dice_weight * (1 - mean of Dice), cross-entropy and weight summed over the batch.
// Dice = (2 * I + smoothing) / (P + G + smoothing), I, P and G the overlaps of a class, over the batch or of a sample.
// The mean is over all from first_class on with P + G > 0. Without such a Dice, or without a counted position, its part
// of the loss is 0. statistics += batch * {loss, share of the counted positions that are right}.
//   factors = terms of the loss's derivative for each class: w / weight, 0 where no position counts;
//   -2 * d / (P + G + smoothing), where the class is the label; d * (2 * I + smoothing) / (P + G + smoothing)^2
//   everywhere; d = dice_weight / number of Dice
// @ class_weights? [classes]; totals [batch, 4]; overlaps [batch, 3, classes]; factors [batch, 3, classes]
// @ statistics+ [2]; classes at least 1; internal
REVUP_API revup_status revup_segmentation_factors(int64_t batch, int64_t classes, const revup_voxel_loss *loss,
                                                  const float *class_weights, const double *totals,
                                                  const double *overlaps, float *factors, double *statistics);
// gradient = d loss / d logits from these factors; 0 at positions that do not count. gradient may alias logits.
// @ logits, gradient [batch, positions, classes]; labels [batch, positions]; factors [batch, 3, classes]
// @ classes at least 1; gradient may be logits; labels, factors at any element; internal
REVUP_API revup_status revup_segmentation_gradient(int64_t batch, int64_t positions, int64_t classes,
                                                   const float *logits, const uint16_t *labels, const float *factors,
                                                   float *gradient);

#ifdef __cplusplus
}
#endif

#endif
