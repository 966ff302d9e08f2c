#include "resampler.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace revup {
namespace {

// The four samples from one pixel on; the fourth of an RGB pixel belongs to its neighbour and is not used.
typedef float Samples __attribute__((vector_size(16)));

Samples load(const float *samples) {
  Samples value;
  std::memcpy(&value, samples, sizeof value);
  return value;
}

// Weights are positive and sum to 1 within 1e-6, so a mean of bytes plus a half stays below 256.
uint8_t rounded(float mean) { return static_cast<uint8_t>(mean + 0.5f); }

void add_scaled(int64_t count, float weight, const uint8_t *x, float *sums) {
  for (int64_t i = 0; i < count; ++i) sums[i] += weight * static_cast<float>(x[i]);
}

}  // namespace

void FilterTaps::prepare(const Interval &source, int32_t outputs) {
  const double scale = (source.end - source.begin) / outputs, radius = std::max(scale, 1.0);
  start_.resize(outputs);
  count_.resize(outputs);
  offset_.resize(outputs);
  weights_.clear();
  for (int32_t i = 0; i < outputs; ++i) {
    const double center = source.begin + (i + 0.5) * scale;
    // Samples whose centre j + 1/2 is less than the radius away; there is always one, the nearest.
    const int32_t first =
        std::clamp(static_cast<int32_t>(std::floor(center - radius + 0.5)), source.first, source.last - 1);
    const int32_t last = std::clamp(static_cast<int32_t>(std::ceil(center + radius - 0.5)), first + 1, source.last);
    offset_[i] = static_cast<int64_t>(weights_.size());
    start_[i] = first - source.first;
    count_[i] = last - first;
    double sum = 0;
    for (int32_t j = first; j < last; ++j) sum += std::max(0.0, 1 - std::abs(j + 0.5 - center) / radius);
    for (int32_t j = first; j < last; ++j) {
      weights_.push_back(static_cast<float>(std::max(0.0, 1 - std::abs(j + 0.5 - center) / radius) / sum));
    }
  }
}

int32_t FilterTaps::most_open() const {
  int32_t most = 1;
  // Starts and ends never decrease from one output to the next.
  for (int32_t i = 0, begun = 0; i < outputs(); ++i) {
    while (begun < outputs() && start(begun) < end(i)) ++begun;
    most = std::max(most, begun - i);
  }
  return most;
}

void Resampler::prepare(const Interval &columns, const Interval &rows, int32_t components, int32_t out_height,
                        int32_t out_width, int32_t channels, uint8_t *out) {
  columns_.prepare(columns, out_width);
  rows_.prepare(rows, out_height);
  row_samples_ = static_cast<int64_t>(columns.count()) * components;
  sums_stride_ = row_samples_ + 1;  // for load() at the last pixel
  open_capacity_ = rows_.most_open();
  sums_.resize(static_cast<size_t>(open_capacity_ * sums_stride_));
  row_ = opened_ = written_ = 0;
  components_ = components;
  channels_ = channels;
  out_width_ = out_width;
  out_ = out;
}

void Resampler::add_row(const uint8_t *pixels) {
  for (; opened_ < rows_.outputs() && rows_.start(opened_) <= row_; ++opened_) {
    std::fill_n(sums(opened_), sums_stride_, 0.0f);
  }
  for (int32_t i = written_; i < opened_; ++i) {
    add_scaled(row_samples_, rows_.weight(i)[row_ - rows_.start(i)], pixels, sums(i));
  }
  ++row_;
  for (; written_ < opened_ && rows_.end(written_) <= row_; ++written_) write_row(written_);
}

void Resampler::write_row(int32_t output) {
  const float *source = sums(output);
  uint8_t *y = out_ + static_cast<int64_t>(output) * out_width_ * channels_;
  for (int32_t i = 0; i < out_width_; ++i, y += channels_) {
    const float *weight = columns_.weight(i);
    const int32_t start = columns_.start(i), count = columns_.end(i) - start;
    if (components_ == 1) {
      float mean = 0;
      for (int32_t k = 0; k < count; ++k) mean += weight[k] * source[start + k];
      std::fill_n(y, channels_, rounded(mean));
    } else {
      Samples mean = {};
      for (int32_t k = 0; k < count; ++k) mean += weight[k] * load(source + (start + k) * 3L);
      for (int32_t c = 0; c < 3; ++c) y[c] = rounded(mean[c]);
    }
  }
}

}  // namespace revup
