// Cross-entropy plus soft Dice of one label per position. Positions are taken in tiles with the classes outermost, so
// that vectors span positions: most segmentations have few classes.
#include <cmath>
#include <vector>

#include "exponential.h"
#include "parallel.h"
#include "shape.h"

namespace revup {
namespace {

constexpr int64_t kTile = 64;
// Bounds the memory of the partial sums, in doubles of one sample.
constexpr int64_t kPartials = 1 << 16;

// The positions of a sample in chunks, each with partial sums of its own.
Chunks chunks_of(int64_t positions, int64_t classes) {
  return Chunks(positions, classes, kPartials / (4 + 3 * classes));
}

// Buffers of the calling loop's participants, [classes][kTile] each.
class Tiles {
 public:
  explicit Tiles(int64_t classes)
      : size_(classes * kTile), values_(static_cast<size_t>(participants()) * static_cast<size_t>(size_)) {}
  float *data() { return values_.data(); }
  int64_t size() const { return size_; }

 private:
  int64_t size_;
  std::vector<float> values_;
};

struct Rows {
  float peak[kTile];
  int32_t predicted[kTile];
  double sum[kTile];  // of the exponentials
};

// e [classes][kTile] = e^(logit - peak) of the first `count` of a tile's positions; the others are 1.
void exponentials(int64_t count, int64_t classes, const float *logits, float *e, Rows &rows) {
  for (int64_t v = 0; v < count; ++v) {
    for (int64_t c = 0; c < classes; ++c) e[c * kTile + v] = logits[v * classes + c];
  }
  for (int64_t v = count; v < kTile; ++v) {
    for (int64_t c = 0; c < classes; ++c) e[c * kTile + v] = 0;
  }
  for (int64_t v = 0; v < kTile; ++v) {
    rows.peak[v] = -INFINITY;
    rows.predicted[v] = -1;  // of a row of NaN, which no label has
    rows.sum[v] = 0;
  }
  for (int64_t c = 0; c < classes; ++c) {
    const float *x = e + c * kTile;
    const int32_t index = static_cast<int32_t>(c);
#pragma omp simd
    for (int64_t v = 0; v < kTile; ++v) {
      const bool is_larger = x[v] > rows.peak[v];
      rows.predicted[v] = is_larger ? index : rows.predicted[v];
      rows.peak[v] = is_larger ? x[v] : rows.peak[v];
    }
  }
  for (int64_t c = 0; c < classes; ++c) {
    float *x = e + c * kTile;
#pragma omp simd
    for (int64_t v = 0; v < kTile; ++v) {
      x[v] = exponential(x[v] - rows.peak[v]);
      rows.sum[v] += static_cast<double>(x[v]);
    }
  }
}

// Adds the sums of a tile: 4 totals, then the overlaps [3][classes].
void add_tile(int64_t count, int64_t classes, const float *logits, const uint16_t *labels, const float *class_weights,
              float *e, double *sums) {
  Rows rows;
  exponentials(count, classes, logits, e, rows);
  float normalizer[kTile];
  int32_t counts[kTile];
  double *const agreement = sums + 4, *const predicted = agreement + classes, *const labelled = predicted + classes;
  for (int64_t v = 0; v < kTile; ++v) {
    const int64_t label = v < count ? labels[v] : classes;
    counts[v] = label < classes;
    normalizer[v] = static_cast<float>(1 / rows.sum[v]);
    if (label >= classes) continue;
    const double weight = class_weights == nullptr ? 1.0 : static_cast<double>(class_weights[label]);
    const float below = logits[v * classes + label] - rows.peak[v];
    sums[0] += weight * (std::log(rows.sum[v]) - static_cast<double>(below));
    sums[1] += weight;
    sums[2] += rows.predicted[v] == label ? 1 : 0;
    sums[3] += 1;
    agreement[label] += static_cast<double>(e[label * kTile + v] * normalizer[v]);
    labelled[label] += 1;
  }
  for (int64_t c = 0; c < classes; ++c) {
    const float *x = e + c * kTile;
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t v = 0; v < kTile; ++v) sum += counts[v] ? static_cast<double>(x[v] * normalizer[v]) : 0.0;
    predicted[c] += sum;
  }
}

// With q = presence + [label] * agreement, the derivative by softmax p apart from the cross-entropy:
// gradient = p * (q + weight - sum of p * q) - [label] * weight.
void gradient_tile(int64_t count, int64_t classes, const float *logits, const uint16_t *labels, const float *factors,
                   float *e, float *gradient) {
  const float *const weight = factors, *const agreement = weight + classes, *const presence = agreement + classes;
  Rows rows;
  exponentials(count, classes, logits, e, rows);
  float mean[kTile] = {}, normalizer[kTile], shift[kTile] = {}, own[kTile] = {};
  for (int64_t c = 0; c < classes; ++c) {
    const float *x = e + c * kTile;
    const float part = presence[c];
#pragma omp simd
    for (int64_t v = 0; v < kTile; ++v) mean[v] += part * x[v];
  }
  for (int64_t v = 0; v < count; ++v) {
    normalizer[v] = static_cast<float>(1 / rows.sum[v]);
    const int64_t label = labels[v];
    if (label >= classes) continue;
    const float p = e[label * kTile + v] * normalizer[v];
    shift[v] = weight[label] - (mean[v] * normalizer[v] + p * agreement[label]);
    own[v] = p * agreement[label] - weight[label];
  }
  for (int64_t v = count; v < kTile; ++v) normalizer[v] = 0;
  for (int64_t c = 0; c < classes; ++c) {
    float *x = e + c * kTile;
    const float part = presence[c];
#pragma omp simd
    for (int64_t v = 0; v < kTile; ++v) x[v] = x[v] * normalizer[v] * (part + shift[v]);
  }
  for (int64_t v = 0; v < count; ++v) {
    const int64_t label = labels[v];
    float *to = gradient + v * classes;
    if (label < classes) e[label * kTile + v] += own[v];
    for (int64_t c = 0; c < classes; ++c) to[c] = label < classes ? e[c * kTile + v] : 0;
  }
}

// False when there is nothing to do.
bool checked_positions(int64_t batch, int64_t positions, int64_t classes, const float *logits, const uint16_t *labels) {
  require_count(batch, "batch");
  require_count(positions, "positions");
  require_count(classes, "classes");
  if (classes == 0) fail("classes is 0; it must be at least 1");
  if (element_count({batch, positions, classes}, "batch times positions times classes") == 0) return false;
  require_pointer(logits, "logits");
  require_scalar(labels, "labels");
  return true;
}

void require_number(double value, const char *name, double least, double most) {
  if (!(value >= least && value <= most)) {
    fail(std::string(name) + " of loss is " + std::to_string(value) + "; it must be " + std::to_string(least) + " to " +
         std::to_string(most));
  }
}

// The parts of Dice, of one class in one sample or in all of them.
struct Overlap {
  double agreement, both;

  Overlap(int64_t batch, int64_t classes, int64_t sample, int64_t c, bool per_sample, const double *overlaps)
      : agreement(0), both(0) {
    for (int64_t n = per_sample ? sample : 0; n < (per_sample ? sample + 1 : batch); ++n) {
      const double *of_sample = overlaps + 3 * n * classes + c;
      agreement += of_sample[0];
      both += of_sample[classes] + of_sample[2 * classes];
    }
  }
};

}  // namespace
}  // namespace revup

using namespace revup;

revup_status revup_segmentation_sums(int64_t batch, int64_t positions, int64_t classes, const float *logits,
                                     const uint16_t *labels, const float *class_weights, double *totals,
                                     double *overlaps) {
  return guarded([&] {
    if (!checked_positions(batch, positions, classes, logits, labels)) return;
    if (class_weights != nullptr) require_scalar(class_weights, "class_weights");
    require_scalar(totals, "totals");
    require_scalar(overlaps, "overlaps");
    const Chunks chunks = chunks_of(positions, classes);
    const int64_t width = 4 + 3 * classes;
    std::vector<double> partial(static_cast<size_t>(batch * chunks.number * width));
    Tiles tiles(classes);
    for_each_item(batch * chunks.number, [=, partials = partial.data(), tile = tiles.data(), size = tiles.size()](
                                             int64_t item, int participant) {
      const int64_t chunk = item % chunks.number, end = chunks.end(chunk), first = item / chunks.number * positions;
      for (int64_t at = chunks.begin(chunk); at < end; at += kTile) {
        add_tile(std::min(kTile, end - at), classes, logits + (first + at) * classes, labels + first + at,
                 class_weights, tile + participant * size, partials + item * width);
      }
    });
    for (int64_t item = 0; item < batch * chunks.number; ++item) {
      const double *from = partial.data() + item * width;
      const int64_t n = item / chunks.number;
      for (int64_t i = 0; i < 4; ++i) totals[4 * n + i] += from[i];
      for (int64_t i = 0; i < 3 * classes; ++i) overlaps[3 * n * classes + i] += from[4 + i];
    }
  });
}

revup_status revup_segmentation_factors(int64_t batch, int64_t classes, const revup_voxel_loss *loss,
                                        const float *class_weights, const double *totals, const double *overlaps,
                                        float *factors, double *statistics) {
  return guarded([&] {
    require_count(batch, "batch");
    require_count(classes, "classes");
    if (classes == 0) fail("classes is 0; it must be at least 1");
    require_scalar(loss, "loss");
    require_number(loss->dice_weight, "dice_weight", 0, 1e9);
    require_number(loss->smoothing, "smoothing", 0, 1e9);
    require_number(loss->first_class, "first_class", 0, 1);
    require_number(loss->per_sample, "per_sample", 0, 1);
    if (element_count({batch, classes, 3}, "batch times classes") == 0) return;
    if (class_weights != nullptr) require_scalar(class_weights, "class_weights");
    require_scalar(totals, "totals");
    require_scalar(overlaps, "overlaps");
    require_pointer(factors, "factors");
    require_scalar(statistics, "statistics");
    const bool per_sample = loss->per_sample != 0;
    const int64_t first_class = static_cast<int64_t>(loss->first_class);
    double total[4] = {}, dice = 0, dices = 0;
    for (int64_t i = 0; i < 4 * batch; ++i) total[i % 4] += totals[i];
    for (int64_t n = 0; n < (per_sample ? batch : 1); ++n) {
      for (int64_t c = first_class; c < classes; ++c) {
        const Overlap overlap(batch, classes, n, c, per_sample, overlaps);
        if (!(overlap.both > 0)) continue;
        dice += (2 * overlap.agreement + loss->smoothing) / (overlap.both + loss->smoothing);
        dices += 1;
      }
    }
    for (int64_t n = 0; n < batch; ++n) {
      for (int64_t c = 0; c < classes; ++c) {
        float *to = factors + 3 * n * classes + c;
        const double weight = class_weights == nullptr ? 1.0 : static_cast<double>(class_weights[c]);
        const Overlap overlap(batch, classes, n, c, per_sample, overlaps);
        const bool has_dice = c >= first_class && overlap.both > 0;
        const double share = has_dice ? loss->dice_weight / dices : 0.0, joined = overlap.both + loss->smoothing;
        to[0] = total[1] > 0 ? static_cast<float>(weight / total[1]) : 0;
        to[classes] = has_dice ? static_cast<float>(-2 * share / joined) : 0;
        to[2 * classes] =
            has_dice ? static_cast<float>(share * (2 * overlap.agreement + loss->smoothing) / (joined * joined)) : 0;
      }
    }
    const double cross_entropy = total[1] > 0 ? total[0] / total[1] : 0;
    const double overlap_loss = dices > 0 ? loss->dice_weight * (1 - dice / dices) : 0;
    statistics[0] += static_cast<double>(batch) * (cross_entropy + overlap_loss);
    statistics[1] += total[3] > 0 ? static_cast<double>(batch) * total[2] / total[3] : 0;
  });
}

revup_status revup_segmentation_gradient(int64_t batch, int64_t positions, int64_t classes, const float *logits,
                                         const uint16_t *labels, const float *factors, float *gradient) {
  return guarded([&] {
    if (!checked_positions(batch, positions, classes, logits, labels)) return;
    require_scalar(factors, "factors");
    require_pointer(gradient, "gradient");
    const Chunks chunks(positions, classes);
    Tiles tiles(classes);
    for_each_item(batch * chunks.number, [=, tile = tiles.data(), size = tiles.size()](int64_t item, int participant) {
      const int64_t chunk = item % chunks.number, end = chunks.end(chunk), n = item / chunks.number;
      for (int64_t at = chunks.begin(chunk); at < end; at += kTile) {
        const int64_t place = n * positions + at;
        gradient_tile(std::min(kTile, end - at), classes, logits + place * classes, labels + place,
                      factors + 3 * n * classes, tile + participant * size, gradient + place * classes);
      }
    });
  });
}
