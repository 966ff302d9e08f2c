// A stream kept as quantised differences, closed loop: `decoded` is what the backward pass will know of the stream. It
// lies on a grid of 2^-16, and every step is a multiple of that, so that adding a code's value and subtracting it again
// are exact below 2^8: 24 bits of significand. Beyond, each rounds like any float32 addition.
#include <cmath>
#include <vector>

#include "bfloat16.h"
#include "parallel.h"
#include "shape.h"

namespace revup {
namespace {

constexpr float kGrid = 0x1p-16f;
// Channels side by side: long runs, and ranges and steps that stay in the first-level cache.
constexpr int64_t kBlock = 256;
// Added to a small float32, it leaves the nearest integer, ties to even, in the lowest bits.
constexpr float kRounder = 0x1.8p23f;

struct Stream {
  int64_t batch, positions, channels;
};

// Largest code and its offset in storage.
template <int bits>
constexpr int kLevels = (1 << (bits - 1)) - 1;
template <int bits>
constexpr int kOffset = 1 << (bits - 1);

template <int bits>
constexpr int64_t row_bytes(int64_t channels) {
  return channels / 8 * bits + (channels % 8 * bits + 7) / 8;
}

// The smallest bfloat16 multiple of the grid, at least one, whose levels reach `range`. The multiple is an integer, and
// rounding it up to 8 bits of significand leaves it one.
float step_of(float range, float levels) {
  const float multiple = std::ceil(range / (levels * kGrid));
  return std::max(float_of((bits_of(multiple) + 0xffff) & 0xffff0000), 1.0f) * kGrid;
}

// Rows [begin, end) of one sample, `width` channels: y = x + s * z, and the largest |y - decoded| of each channel.
template <typename Z>
void add(int64_t begin, int64_t end, int64_t channels, int64_t width, const float *x, const Z *z, float s, float *y,
         const float *decoded, float *ranges) {
  for (int64_t i = begin * channels; i < end * channels; i += channels) {
#pragma omp simd
    for (int64_t c = 0; c < width; ++c) {
      const float sum = x[i + c] + s * load(z[i + c]);
      const float distance = std::fabs(sum - decoded[i + c]);
      ranges[c] = distance > ranges[c] ? distance : ranges[c];
      y[i + c] = sum;
    }
  }
}

// Two neighbours share a byte, the first in the low half.
template <int bits>
void pack(int64_t width, const uint8_t *codes, uint8_t *packed) {
  if constexpr (bits == 8) {
    std::copy(codes, codes + width, packed);
  } else {
#pragma omp simd
    for (int64_t i = 0; i < width / 2; ++i) packed[i] = static_cast<uint8_t>(codes[2 * i] | codes[2 * i + 1] << 4);
    if (width % 2 != 0) packed[width / 2] = codes[width - 1];
  }
}

template <int bits>
void unpack(int64_t width, const uint8_t *packed, uint8_t *codes) {
  if constexpr (bits == 8) {
    std::copy(packed, packed + width, codes);
  } else {
#pragma omp simd
    for (int64_t i = 0; i < width / 2; ++i) {
      codes[2 * i] = packed[i] & 15;
      codes[2 * i + 1] = packed[i] >> 4;
    }
    if (width % 2 != 0) codes[width - 1] = packed[width / 2] & 15;
  }
}

// The codes of y - decoded, which are added to decoded.
template <int bits>
void encode(int64_t begin, int64_t end, int64_t channels, int64_t width, const float *y, const float *steps,
            float *decoded, uint8_t *packed) {
  constexpr float levels = kLevels<bits>;
  float inverses[kBlock];
  for (int64_t c = 0; c < width; ++c) inverses[c] = 1 / steps[c];
  for (int64_t row = begin; row < end; ++row) {
    const float *from = y + row * channels;
    float *to = decoded + row * channels;
    uint8_t codes[kBlock];
#pragma omp simd
    for (int64_t c = 0; c < width; ++c) {
      const float scaled = (from[c] - to[c]) * inverses[c];
      const float below = scaled < levels ? scaled : levels;  // bounds what is not finite, too
      const float rounded = (below > -levels ? below : -levels) + kRounder;
      codes[c] = static_cast<uint8_t>((bits_of(rounded) + kOffset<bits>)&((1 << bits) - 1));
      to[c] += (rounded - kRounder) * steps[c];
    }
    pack<bits>(width, codes, packed + row * row_bytes<bits>(channels));
  }
}

template <int bits>
void retrace(int64_t begin, int64_t end, int64_t channels, int64_t width, const uint8_t *packed, const float *steps,
             float *decoded) {
  for (int64_t row = begin; row < end; ++row) {
    float *to = decoded + row * channels;
    uint8_t codes[kBlock];
    unpack<bits>(width, packed + row * row_bytes<bits>(channels), codes);
#pragma omp simd
    for (int64_t c = 0; c < width; ++c) to[c] -= static_cast<float>(codes[c] - kOffset<bits>) * steps[c];
  }
}

// Calls body(first, width) for the blocks of the channels.
template <typename Body>
void for_each_block(int64_t channels, Body body) {
  for (int64_t first = 0; first < channels; first += kBlock) body(first, std::min(kBlock, channels - first));
}

// A sample whole is one item: its second pass finds y and decoded in the cache. Few, large samples are split, and the
// ranges of the parts combined in between. A maximum has the same bits however it is split.
template <int bits, typename Z>
void quantize(const Stream &stream, const float *x, const Z *z, float s, float *y, float *decoded, uint8_t *packed,
              bfloat16 *stored_steps) {
  const int64_t channels = stream.channels, positions = stream.positions, sample = positions * channels;
  const int64_t wanted = stream.batch >= participants() ? 1 : Chunks(positions, channels).number;
  const int64_t size = (positions + wanted - 1) / wanted, parts = (positions + size - 1) / size;
  std::vector<float> ranges(static_cast<size_t>(stream.batch * parts * channels));
  float *part_ranges = ranges.data();
  const auto add_part = [=](int64_t item) {
    const int64_t n = item / parts, begin = item % parts * size, end = std::min(positions, begin + size);
    for_each_block(channels, [=](int64_t first, int64_t width) {
      const int64_t at = n * sample + first;
      add(begin, end, channels, width, x + at, z + at, s, y + at, decoded + at, part_ranges + item * channels + first);
    });
  };
  const auto encode_part = [=](int64_t item) {
    const int64_t n = item / parts, begin = item % parts * size, end = std::min(positions, begin + size);
    for_each_block(channels, [=](int64_t first, int64_t width) {
      const float *of_sample = part_ranges + n * parts * channels + first;
      float steps[kBlock];
      for (int64_t c = 0; c < width; ++c) {
        float range = 0;
        for (int64_t part = 0; part < parts; ++part) range = std::max(range, of_sample[part * channels + c]);
        steps[c] = step_of(range, kLevels<bits>);
        if (begin == 0) store(steps[c], stored_steps[n * channels + first + c]);
      }
      const int64_t at = n * sample + first;
      uint8_t *to = packed + n * positions * row_bytes<bits>(channels) + row_bytes<bits>(first);
      encode<bits>(begin, end, channels, width, y + at, steps, decoded + at, to);
    });
  };
  const int64_t items = stream.batch * parts, elements = size * channels;
  if (parts == 1) {
    parallel_for_items(items, elements, [=](int64_t begin, int64_t end) {
      for (int64_t item = begin; item < end; ++item) {
        add_part(item);
        encode_part(item);
      }
    });
    return;
  }
  parallel_for_items(items, elements, [=](int64_t begin, int64_t end) {
    for (int64_t item = begin; item < end; ++item) add_part(item);
  });
  parallel_for_items(items, elements, [=](int64_t begin, int64_t end) {
    for (int64_t item = begin; item < end; ++item) encode_part(item);
  });
}

template <int bits>
void retrace(const Stream &stream, const uint8_t *packed, const bfloat16 *stored_steps, float *decoded) {
  const int64_t channels = stream.channels, positions = stream.positions;
  parallel_for_items(stream.batch * positions, channels, [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end;) {
      const int64_t n = row / positions, last = std::min(end, (n + 1) * positions);
      for_each_block(channels, [=](int64_t first, int64_t width) {
        float steps[kBlock];
        for (int64_t c = 0; c < width; ++c) steps[c] = load(stored_steps[n * channels + first + c]);
        retrace<bits>(row, last, channels, width, packed + row_bytes<bits>(first), steps, decoded + first);
      });
      row = last;
    }
  });
}

// Checks sizes; false when there is nothing to do.
bool has_elements(const Stream &stream, int32_t bits) {
  require_count(stream.batch, "batch");
  require_count(stream.positions, "positions");
  require_count(stream.channels, "channels");
  if (bits != 4 && bits != 8) fail("bits is " + std::to_string(bits) + "; it must be 4 or 8");
  return element_count({stream.batch, stream.positions, stream.channels}, "the stream") != 0;
}

template <typename Body>
void with_bits(int32_t bits, Body body) {
  if (bits == 4) {
    body(std::integral_constant<int, 4>{});
  } else {
    body(std::integral_constant<int, 8>{});
  }
}

}  // namespace
}  // namespace revup

using namespace revup;

revup_status revup_quantize_begin(int64_t count, const float *x, float *decoded) {
  return guarded([&] {
    require_count(count, "count");
    if (count == 0) return;
    require_pointer(x, "x");
    require_pointer(decoded, "decoded");
    parallel_for(count, [=](int64_t begin, int64_t end) {
#pragma omp simd
      for (int64_t i = begin; i < end; ++i) decoded[i] = std::nearbyint(x[i] * (1 / kGrid)) * kGrid;
    });
  });
}

revup_status revup_quantize_residual(int64_t batch, int64_t positions, int64_t channels, int32_t bits, const float *x,
                                     revup_type z_type, const void *z, const float *s, float *y, float *decoded,
                                     uint8_t *codes, revup_bfloat16 *steps) {
  return guarded([&] {
    const Stream stream{batch, positions, channels};
    require_type(z_type, "z_type");
    if (!has_elements(stream, bits)) return;
    require_pointer(x, "x");
    require_pointer(z, "z");
    require_scalar(s, "s");
    require_pointer(y, "y");
    require_pointer(decoded, "decoded");
    require_pointer(codes, "codes");
    require_pointer(steps, "steps");
    with_bits(bits, [&](auto bits_tag) {
      with_type(z_type, [&](auto z_tag) {
        using Z = decltype(z_tag);
        quantize<decltype(bits_tag)::value>(stream, x, static_cast<const Z *>(z), *s, y, decoded, codes,
                                            reinterpret_cast<bfloat16 *>(steps));
      });
    });
  });
}

revup_status revup_quantize_retrace(int64_t batch, int64_t positions, int64_t channels, int32_t bits,
                                    const uint8_t *codes, const revup_bfloat16 *steps, float *decoded) {
  return guarded([&] {
    const Stream stream{batch, positions, channels};
    if (!has_elements(stream, bits)) return;
    require_pointer(codes, "codes");
    require_pointer(steps, "steps");
    require_pointer(decoded, "decoded");
    with_bits(bits, [&](auto tag) {
      retrace<decltype(tag)::value>(stream, codes, reinterpret_cast<const bfloat16 *>(steps), decoded);
    });
  });
}
