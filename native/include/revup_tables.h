// revup_tables.h: what launches over many tensors read from the device's memory, and what the verdict on a step leaves
// there, for both backends. All in double, which holds every count below 2^53, so that one type of buffer carries them.
#ifndef REVUP_TABLES_H
#define REVUP_TABLES_H

// A vector in a flat buffer of floats, and where in that buffer its norm goes.
typedef struct {
  double first, count;  // in elements; first is a multiple of 16
  double norm;          // an index
} revup_vector;

// Of an optimiser launch; followed in memory by one revup_parameter_group per group.
typedef struct {
  double gradient_scale;            // what gradients are multiplied with first: averaging and clipping
  double skip;                      // 0, or 1 to leave weights and moments as they are
  double momentum, nesterov;        // of SGD; nesterov is 0 or 1
  double beta1, beta2, epsilon;     // of AdamW
  double correction1, correction2;  // 1 - beta1^t and 1 - beta2^t, t the step counted from 1
} revup_optimizer_settings;

// A range of the flat buffers, from the end of the group before, or 0.
typedef struct {
  double end;  // in elements; a multiple of 16, but for the last group's
  double learning_rate, weight_decay;
} revup_parameter_group;

// Changes to one image of a batch. A rectangle, which may be empty, has rows top to bottom - 1 and columns left to
// right - 1.
typedef struct {
  double partner;                                           // the sample that this one is mixed with; may be itself
  double weight;                                            // of the sample itself in the mixture
  double cut_top, cut_left, cut_bottom, cut_right;          // set to 0
  double paste_top, paste_left, paste_bottom, paste_right;  // taken from the partner
} revup_sample_changes;

// Limits of the verdict on a step.
typedef struct {
  double averaging;   // turns the sum of gradients into their average: 1 / batches
  double clip_norm;   // largest norm of the average gradient; 0 for no limit
  double hard_limit;  // largest inversion residual
  double tolerance;   // largest bound of the error where only convergence proves an inverse
  double rounding;    // residual that is as small as float32 allows, and bounds the error itself
} revup_step_limits;

// Result of a step.
typedef struct {
  double loss_sum, correct;  // over the step's samples
  double gradient_norm;      // of the average gradient, before clipping
  double skip;               // 0, or 1: the optimiser leaves weights and moments as they are
  double residual;           // the largest inversion residual; 0 if nothing was inverted
  double refused_block;      // the first block whose residual is above the limit, or -1
} revup_step_outcome;

#endif
