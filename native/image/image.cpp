// The exported functions: argument checks, and the choice of the format by the first bytes.
#include <algorithm>
#include <cstring>
#include <string>

#include "../common/border.h"
#include "source.h"

struct revup_image_decoder {
  revup::Buffers buffers;
};

namespace revup {
namespace {

constexpr uint8_t kJpegSignature[] = {0xFF, 0xD8, 0xFF};
constexpr uint8_t kPngSignature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

template <size_t N>
bool starts_with(const Bytes &bytes, const uint8_t (&signature)[N]) {
  return bytes.length >= static_cast<int64_t>(N) && std::memcmp(bytes.data, signature, N) == 0;
}

revup_image_format format_of(const Bytes &bytes) {
  if (starts_with(bytes, kJpegSignature)) return REVUP_IMAGE_JPEG;
  if (starts_with(bytes, kPngSignature)) return REVUP_IMAGE_PNG;
  if (bytes.length == 0) throw Failure(REVUP_INVALID_DATA, "there is no data: its length is 0");
  std::string start;
  for (int64_t i = 0; i < std::min<int64_t>(bytes.length, 8); ++i) {
    constexpr char kDigits[] = "0123456789ABCDEF";
    start += {' ', kDigits[bytes.data[i] >> 4], kDigits[bytes.data[i] & 15]};
  }
  throw Failure(REVUP_INVALID_DATA, "the data starts with" + start +
                                        ", but a JPEG starts with FF D8 FF and a PNG with 89 50 4E 47 0D 0A 1A 0A");
}

Bytes checked_bytes(const uint8_t *data, int64_t length) {
  require_aligned(data, "bytes", 1);
  if (length < 0) fail("length is " + std::to_string(length) + "; it must not be negative");
  return {data, length};
}

void require_side(int32_t side, const char *name) {
  if (side < 1 || side > REVUP_IMAGE_MAX_SIDE) {
    fail(std::string(name) + " is " + std::to_string(side) + "; it must be between 1 and " +
         std::to_string(REVUP_IMAGE_MAX_SIDE));
  }
}

}  // namespace

void require_size(int64_t width, int64_t height) {
  if (width > REVUP_IMAGE_MAX_SIDE || height > REVUP_IMAGE_MAX_SIDE || width * height > REVUP_IMAGE_MAX_AREA) {
    throw Failure(REVUP_INVALID_DATA, "the image has " + std::to_string(width) + "x" + std::to_string(height) +
                                          " pixels; the limits are " + std::to_string(REVUP_IMAGE_MAX_SIDE) +
                                          " a side and " + std::to_string(REVUP_IMAGE_MAX_AREA) + " in all");
  }
}

void require_region(const revup_image_region &region, const revup_image_info &info) {
  const bool within = region.left >= 0 && region.top >= 0 && region.width >= 1 && region.height >= 1 &&
                      int64_t{region.left} + region.width <= info.width &&
                      int64_t{region.top} + region.height <= info.height;
  if (!within) {
    fail("region has left " + std::to_string(region.left) + ", top " + std::to_string(region.top) + ", width " +
         std::to_string(region.width) + " and height " + std::to_string(region.height) +
         "; it must have pixels and lie within the image of " + std::to_string(info.width) + "x" +
         std::to_string(info.height));
  }
}

}  // namespace revup

using namespace revup;

int32_t revup_image_abi_version(void) { return REVUP_IMAGE_ABI_VERSION; }

const char *revup_image_last_error(void) { return last_error(); }

revup_status revup_image_inspect(const uint8_t *bytes, int64_t length, revup_image_info *info) {
  return translated([&] {
    const Bytes data = checked_bytes(bytes, length);
    require_aligned(info, "info", alignof(revup_image_info));
    *info = format_of(data) == REVUP_IMAGE_JPEG ? inspect_jpeg(data) : inspect_png(data);
  });
}

revup_status revup_image_decoder_create(revup_image_decoder **decoder) {
  return translated([&] {
    require_aligned(decoder, "decoder", alignof(revup_image_decoder *));
    *decoder = new revup_image_decoder;
  });
}

revup_status revup_image_decoder_destroy(revup_image_decoder *decoder) {
  return translated([&] { delete decoder; });
}

revup_status revup_image_decode(revup_image_decoder *decoder, const uint8_t *bytes, int64_t length,
                                const revup_image_region *region, int32_t out_height, int32_t out_width,
                                int32_t channels, uint8_t *out) {
  return translated([&] {
    require_aligned(decoder, "decoder", alignof(revup_image_decoder));
    const Bytes data = checked_bytes(bytes, length);
    require_aligned(region, "region", alignof(revup_image_region));
    require_side(out_height, "out_height");
    require_side(out_width, "out_width");
    if (channels != 1 && channels != 3)
      fail("channels is " + std::to_string(channels) + "; it must be 1 (grey) or 3 (RGB)");
    require_aligned(out, "out", 1);
    const Output output = {out_height, out_width, channels, out};
    (format_of(data) == REVUP_IMAGE_JPEG ? decode_jpeg : decode_png)(data, *region, output, decoder->buffers);
  });
}

revup_status revup_image_decode_labels(const uint8_t *bytes, int64_t length, int32_t height, int32_t width,
                                       uint16_t *out) {
  return translated([&] {
    const Bytes data = checked_bytes(bytes, length);
    require_side(height, "height");
    require_side(width, "width");
    require_aligned(out, "out", alignof(uint16_t));
    if (format_of(data) == REVUP_IMAGE_JPEG)
      throw Failure(REVUP_INVALID_DATA, "the data is a JPEG, which does not keep numbers exactly; a label map is a PNG");
    decode_png_labels(data, height, width, out);
  });
}
