// PNG through libpng: every kind of it becomes rows of 8-bit grey or RGB.
#include <png.h>

#include <cstring>
#include <string>
#include <vector>

#include "../common/border.h"
#include "escape.h"
#include "source.h"

namespace revup {
namespace {

// Deflate expands to at most 1,032 bytes for one (zlib's technical notes).
constexpr int64_t kMaxExpansion = 1032;

// libpng's objects for one image.
class PngFile {
 public:
  explicit PngFile(const Bytes &bytes);

  revup_image_info info() const;
  void decode(const revup_image_region &region, const Output &output, Buffers &buffers);
  void decode_labels(int32_t height, int32_t width, uint16_t *labels);

 private:
  struct State {
    png_structp png = nullptr;
    png_infop info = nullptr;
    State() = default;
    ~State() { png_destroy_read_struct(&png, &info, nullptr); }  // nothing before they were created
    State(const State &) = delete;
    State &operator=(const State &) = delete;
  };

  static void on_error(png_structp png, png_const_charp message);
  static void on_warning(png_structp, png_const_charp) {}
  static void on_read(png_structp png, png_bytep target, size_t count);

  void require_plausible_size() const;
  int choose_output();
  void read_rows(const revup_image_region &region, const Output &output, Buffers &buffers);
  void read_interlaced_rows(const revup_image_region &region, int passes, const Output &output, Buffers &buffers);
  void resample(uint8_t *row, const revup_image_region &region, const Output &output, Buffers &buffers);

  Bytes rest_;
  int64_t length_;
  Escape escape_;
  State state_;
};

PngFile::PngFile(const Bytes &bytes) : rest_(bytes), length_(bytes.length) {
  state_.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &escape_, on_error, on_warning);
  state_.info = state_.png == nullptr ? nullptr : png_create_info_struct(state_.png);
  if (state_.info == nullptr)
    throw Failure(REVUP_INTERNAL, "libpng cannot make a decoder; this is version " PNG_LIBPNG_VER_STRING);
  attempt(escape_, [&] {
    // libpng would only say that the header is invalid; require_size names the size and the limit.
    png_set_user_limits(state_.png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    // Text, profiles and the like, some of which are compressed, are not even read.
    png_set_keep_unknown_chunks(state_.png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
    png_set_read_fn(state_.png, this, on_read);
    png_read_info(state_.png, state_.info);
  });
  require_size(png_get_image_width(state_.png, state_.info), png_get_image_height(state_.png, state_.info));
}

void PngFile::on_error(png_structp png, png_const_charp message) {
  leave(*static_cast<Escape *>(png_get_error_ptr(png)), "the PNG data cannot be decoded: %s", message);
}

void PngFile::on_read(png_structp png, png_bytep target, size_t count) {
  PngFile &file = *static_cast<PngFile *>(png_get_io_ptr(png));
  if (count > static_cast<size_t>(file.rest_.length)) {
    leave(file.escape_, "the PNG data ends before the image does, after %ld bytes", static_cast<long>(file.length_));
  }
  std::memcpy(target, file.rest_.data, count);
  file.rest_.data += count;
  file.rest_.length -= static_cast<int64_t>(count);
}

revup_image_info PngFile::info() const {
  const bool palette = png_get_color_type(state_.png, state_.info) == PNG_COLOR_TYPE_PALETTE;
  return {REVUP_IMAGE_PNG, static_cast<int32_t>(png_get_image_width(state_.png, state_.info)),
          static_cast<int32_t>(png_get_image_height(state_.png, state_.info)),
          palette ? 3 : png_get_channels(state_.png, state_.info)};
}

void PngFile::require_plausible_size() const {
  const revup_image_info image = info();
  const int64_t row_bytes =
      static_cast<int64_t>(png_get_rowbytes(state_.png, state_.info)) + 1;  // and its filter's type
  if (row_bytes * image.height > kMaxExpansion * length_) {
    throw Failure(REVUP_INVALID_DATA, "the PNG header announces " + std::to_string(image.width) + "x" +
                                          std::to_string(image.height) + " pixels, more than " +
                                          std::to_string(length_) + " bytes can hold");
  }
}

// Asks for 8-bit rows of 1 or 3 samples a pixel; returns the number of passes over the image, 7 when it is interlaced.
int PngFile::choose_output() {
  int passes = 0;
  attempt(escape_, [&] {
    png_set_scale_16(state_.png);
    png_set_palette_to_rgb(state_.png);
    png_set_expand_gray_1_2_4_to_8(state_.png);
    png_set_strip_alpha(state_.png);
    passes = png_set_interlace_handling(state_.png);
    png_read_update_info(state_.png, state_.info);
  });
  return passes;
}

void PngFile::decode(const revup_image_region &region, const Output &output, Buffers &buffers) {
  require_region(region, info());
  require_plausible_size();
  const int passes = choose_output();
  const size_t row_bytes = png_get_rowbytes(state_.png, state_.info);
  const int32_t components = output.channels == 1 ? 1 : png_get_channels(state_.png, state_.info);
  const Interval columns = {0.0, static_cast<double>(region.width), 0, region.width};
  const Interval rows = {0.0, static_cast<double>(region.height), 0, region.height};
  buffers.resampler.prepare(columns, rows, components, output.height, output.width, output.channels, output.pixels);
  buffers.row.resize(row_bytes);
  if (passes == 1) {
    attempt(escape_, [&] { read_rows(region, output, buffers); });
  } else {
    buffers.rows.resize(row_bytes * region.height);
    attempt(escape_, [&] { read_interlaced_rows(region, passes, output, buffers); });
  }
}

void PngFile::read_rows(const revup_image_region &region, const Output &output, Buffers &buffers) {
  for (int32_t y = 0; y < region.top + region.height; ++y) {
    png_read_row(state_.png, buffers.row.data(), nullptr);
    if (y >= region.top) resample(buffers.row.data(), region, output, buffers);
  }
}

// Every pass fills in pixels of all rows, so the region's rows are kept until the last pass is through them.
void PngFile::read_interlaced_rows(const revup_image_region &region, int passes, const Output &output,
                                   Buffers &buffers) {
  const int32_t height = info().height, bottom = region.top + region.height;
  for (int pass = 0; pass < passes; ++pass) {
    const bool last_pass = pass == passes - 1;
    for (int32_t y = 0; y < (last_pass ? bottom : height); ++y) {
      const bool kept = y >= region.top && y < bottom;
      uint8_t *row = kept ? buffers.rows.data() + buffers.row.size() * (y - region.top) : buffers.row.data();
      png_read_row(state_.png, row, nullptr);
      if (kept && last_pass) resample(row, region, output, buffers);
    }
  }
}

void PngFile::resample(uint8_t *row, const revup_image_region &region, const Output &output, Buffers &buffers) {
  const int32_t components = png_get_channels(state_.png, state_.info);
  uint8_t *pixels = row + static_cast<int64_t>(region.left) * components;
  if (components == 3 && output.channels == 1) {
    // In place: what is written is never ahead of what is read.
    for (int32_t i = 0; i < region.width; ++i) pixels[i] = luma(pixels[3 * i], pixels[3 * i + 1], pixels[3 * i + 2]);
  }
  buffers.resampler.add_row(pixels);
}

void PngFile::decode_labels(int32_t height, int32_t width, uint16_t *labels) {
  const int type = png_get_color_type(state_.png, state_.info);
  if (type != PNG_COLOR_TYPE_GRAY && type != PNG_COLOR_TYPE_PALETTE) {
    throw Failure(REVUP_INVALID_DATA,
                  "the image has colours or alpha, but a label map has one number a pixel: grey or a palette");
  }
  const revup_image_info image = info();
  if (image.height != height || image.width != width) {
    fail("the image has " + std::to_string(image.width) + "x" + std::to_string(image.height) + " pixels, not " +
         std::to_string(width) + "x" + std::to_string(height));
  }
  require_plausible_size();
  const bool wide = png_get_bit_depth(state_.png, state_.info) == 16;
  const size_t row_bytes = static_cast<size_t>(width) * (wide ? 2 : 1);
  std::vector<uint8_t> pixels(row_bytes * height);
  attempt(escape_, [&] {
    png_set_packing(state_.png);  // samples below 8 bits take a byte each and keep their values
    const int passes = png_set_interlace_handling(state_.png);
    png_read_update_info(state_.png, state_.info);
    for (int pass = 0; pass < passes; ++pass) {
      for (int32_t y = 0; y < height; ++y) png_read_row(state_.png, pixels.data() + row_bytes * y, nullptr);
    }
  });
  const int64_t count = static_cast<int64_t>(height) * width;
  for (int64_t i = 0; i < count; ++i) {
    labels[i] = static_cast<uint16_t>(wide ? pixels[2 * i] << 8 | pixels[2 * i + 1] : pixels[i]);
  }
}

}  // namespace

revup_image_info inspect_png(const Bytes &bytes) { return PngFile(bytes).info(); }

void decode_png(const Bytes &bytes, const revup_image_region &region, const Output &output, Buffers &buffers) {
  PngFile(bytes).decode(region, output, buffers);
}

void decode_png_labels(const Bytes &bytes, int32_t height, int32_t width, uint16_t *labels) {
  PngFile(bytes).decode_labels(height, width, labels);
}

}  // namespace revup
