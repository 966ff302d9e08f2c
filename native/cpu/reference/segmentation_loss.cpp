#include <cmath>
#include <vector>

#include "oracle.h"

namespace {

// Softmax of one position.
std::vector<double> softmax(int64_t classes, const double *x) {
  std::vector<double> p(x, x + classes);
  double peak = x[0], sum = 0;
  for (double value : p) peak = value > peak ? value : peak;
  for (double &value : p) sum += value = std::exp(value - peak);
  for (double &value : p) value /= sum;
  return p;
}

}  // namespace

REVUP_ORACLE void revup_reference_segmentation_sums(int64_t batch, int64_t positions, int64_t classes,
                                                    const double *logits, const uint16_t *labels,
                                                    const double *class_weights, double *totals, double *overlaps) {
  for (int64_t i = 0; i < batch * positions; ++i) {
    const int64_t label = labels[i];
    if (label >= classes) continue;
    const double *x = logits + i * classes;
    const double weight = class_weights == nullptr ? 1 : class_weights[label];
    const std::vector<double> p = softmax(classes, x);
    int64_t predicted = 0;
    for (int64_t c = 1; c < classes; ++c) predicted = x[c] > x[predicted] ? c : predicted;
    double *total = totals + i / positions * 4, *overlap = overlaps + i / positions * 3 * classes;
    total[0] -= weight * std::log(p[static_cast<size_t>(label)]);
    total[1] += weight;
    total[2] += predicted == label;
    total[3] += 1;
    overlap[label] += p[static_cast<size_t>(label)];
    for (int64_t c = 0; c < classes; ++c) overlap[classes + c] += p[static_cast<size_t>(c)];
    overlap[2 * classes + label] += 1;
  }
}

REVUP_ORACLE void revup_reference_segmentation_factors(int64_t batch, int64_t classes, const revup_voxel_loss *loss,
                                                       const double *class_weights, const double *totals,
                                                       const double *overlaps, double *factors, double *statistics) {
  double total[4] = {}, dice = 0;
  for (int64_t i = 0; i < 4 * batch; ++i) total[i % 4] += totals[i];
  int64_t dices = 0;
  const auto overlap = [=](int64_t sample, int64_t kind, int64_t c) {
    if (loss->per_sample != 0) return overlaps[(3 * sample + kind) * classes + c];
    double sum = 0;
    for (int64_t n = 0; n < batch; ++n) sum += overlaps[(3 * n + kind) * classes + c];
    return sum;
  };
  for (int64_t n = 0; n < (loss->per_sample != 0 ? batch : 1); ++n) {
    for (int64_t c = static_cast<int64_t>(loss->first_class); c < classes; ++c) {
      const double both = overlap(n, 1, c) + overlap(n, 2, c);
      if (both == 0) continue;
      dice += (2 * overlap(n, 0, c) + loss->smoothing) / (both + loss->smoothing);
      ++dices;
    }
  }
  for (int64_t n = 0; n < batch; ++n) {
    for (int64_t c = 0; c < classes; ++c) {
      double *factor = factors + 3 * n * classes + c;
      factor[0] = total[1] == 0 ? 0 : (class_weights == nullptr ? 1 : class_weights[c]) / total[1];
      factor[classes] = factor[2 * classes] = 0;
      const double both = overlap(n, 1, c) + overlap(n, 2, c), joined = both + loss->smoothing;
      if (both == 0 || c < static_cast<int64_t>(loss->first_class)) continue;
      const double share = loss->dice_weight / static_cast<double>(dices);
      factor[classes] = -2 * share / joined;
      factor[2 * classes] = share * (2 * overlap(n, 0, c) + loss->smoothing) / (joined * joined);
    }
  }
  double value = total[1] == 0 ? 0 : total[0] / total[1];
  if (dices > 0) value += loss->dice_weight * (1 - dice / static_cast<double>(dices));
  statistics[0] += static_cast<double>(batch) * value;
  if (total[3] > 0) statistics[1] += static_cast<double>(batch) * total[2] / total[3];
}

REVUP_ORACLE void revup_reference_segmentation_gradient(int64_t batch, int64_t positions, int64_t classes,
                                                        const double *logits, const uint16_t *labels,
                                                        const double *factors, double *gradient) {
  for (int64_t i = 0; i < batch * positions; ++i) {
    const int64_t label = labels[i];
    const double *factor = factors + i / positions * 3 * classes;
    const std::vector<double> p = softmax(classes, logits + i * classes);
    // Derivative of the loss by each softmax, then through softmax.
    std::vector<double> by_softmax(p.size());
    double mean = 0;
    for (int64_t c = 0; c < classes && label < classes; ++c) {
      const size_t k = static_cast<size_t>(c);
      by_softmax[k] = factor[2 * classes + c] + (c == label ? factor[classes + c] - factor[c] / p[k] : 0);
      mean += p[k] * by_softmax[k];
    }
    for (int64_t c = 0; c < classes; ++c) {
      const size_t k = static_cast<size_t>(c);
      gradient[i * classes + c] = label < classes ? p[k] * (by_softmax[k] - mean) : 0;
    }
  }
}
