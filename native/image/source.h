// Shared by the two formats: the data, the limits, and the buffers that a decoder keeps.
#pragma once

#include <cstdint>
#include <vector>

#include "../include/revup_image.h"
#include "resampler.h"

namespace revup {

struct Bytes {
  const uint8_t *data;
  int64_t length;
};

struct Output {
  int32_t height, width, channels;
  uint8_t *pixels;
};

// Kept from one image to the next for their capacity alone.
struct Buffers {
  std::vector<uint8_t> row, rows;
  Resampler resampler;
};

// Refuses sizes above REVUP_IMAGE_MAX_SIDE and REVUP_IMAGE_MAX_AREA.
void require_size(int64_t width, int64_t height);

// Refuses a region that is not within the image.
void require_region(const revup_image_region &region, const revup_image_info &info);

// Luma of ITU-R BT.601 in 16-bit fixed point; r, g and b may be any byte.
inline uint8_t luma(uint32_t r, uint32_t g, uint32_t b) {
  return static_cast<uint8_t>((19595 * r + 38470 * g + 7471 * b + 32768) >> 16);
}

revup_image_info inspect_jpeg(const Bytes &bytes);
revup_image_info inspect_png(const Bytes &bytes);

void decode_jpeg(const Bytes &bytes, const revup_image_region &region, const Output &output, Buffers &buffers);
void decode_png(const Bytes &bytes, const revup_image_region &region, const Output &output, Buffers &buffers);
void decode_png_labels(const Bytes &bytes, int32_t height, int32_t width, uint16_t *labels);

}  // namespace revup
