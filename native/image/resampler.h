// Separable resampling with an antialiased triangle filter, fed with one source row at a time.
#pragma once

#include <cstdint>
#include <vector>

namespace revup {

// Source positions along one axis: what is resampled is [begin, end), from the samples [first, last) that touch it.
struct Interval {
  double begin, end;
  int32_t first, last;
  int32_t count() const { return last - first; }
};

// The weights of every output of one axis: output i is the sum of weight(i)[k] * source[start[i] + k], k < count[i].
class FilterTaps {
 public:
  void prepare(const Interval &source, int32_t outputs);
  int32_t outputs() const { return static_cast<int32_t>(start_.size()); }
  int32_t start(int32_t output) const { return start_[output]; }  // relative to source.first
  int32_t end(int32_t output) const { return start_[output] + count_[output]; }
  const float *weight(int32_t output) const { return weights_.data() + offset_[output]; }
  // The most outputs that one source sample can have begun and not finished.
  int32_t most_open() const;

 private:
  std::vector<int32_t> start_, count_;
  std::vector<int64_t> offset_;
  std::vector<float> weights_;
};

class Resampler {
 public:
  // `components` (1 or 3) of the source; 1 is repeated where `channels` of the output is 3. `out` stays the caller's.
  void prepare(const Interval &columns, const Interval &rows, int32_t components, int32_t out_height, int32_t out_width,
               int32_t channels, uint8_t *out);

  // The next source row, from rows.first on; `pixels` is its sample in columns.first.
  void add_row(const uint8_t *pixels);

 private:
  float *sums(int32_t output) { return sums_.data() + output % open_capacity_ * sums_stride_; }
  void write_row(int32_t output);

  FilterTaps columns_, rows_;
  std::vector<float> sums_;  // a ring of the output rows that are open, as wide as the source: open_capacity_ rows
  int64_t open_capacity_, sums_stride_, row_samples_;
  int32_t row_, opened_, written_;  // the next source row, output rows begun and finished
  int32_t components_, channels_, out_width_;
  uint8_t *out_;
};

}  // namespace revup
