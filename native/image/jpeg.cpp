// JPEG through libjpeg-turbo: scaled in the DCT, and only the rows and columns that the region needs.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

// jpeglib.h uses size_t and FILE without declaring them.
#include <jpeglib.h>

#include <jerror.h>

#include "escape.h"
#include "source.h"

#ifndef LIBJPEG_TURBO_VERSION_NUMBER
#error "jpeglib.h is not libjpeg-turbo's; decoding a region needs its jpeg_crop_scanline and jpeg_skip_scanlines"
#endif

namespace revup {
namespace {

constexpr int kMaxScans = 100;            // progressive encoders write about ten
constexpr int64_t kMaxBlocks = 1L << 22;  // of 128 bytes: 512 MiB, 89 million pixels with three components of full size
constexpr int32_t kChromaReach = 2;       // columns whose colour depends on the chroma sample beside them

// Warnings of libjpeg after which the pixels are guesses. The others are about superfluous or inconsistent markers.
bool means_lost_data(int code) {
  return code == JWRN_HIT_MARKER || code == JWRN_JPEG_EOF || code == JWRN_HUFF_BAD_CODE ||
         code == JWRN_ARITH_BAD_CODE || code == JWRN_MUST_RESYNC;
}

// libjpeg's object for one image. A new one each time: a reused one would lend a damaged file the tables of the last.
class JpegFile {
 public:
  explicit JpegFile(const Bytes &bytes);

  revup_image_info info() const;
  void decode(const revup_image_region &region, const Output &output, Buffers &buffers);

 private:
  struct State : jpeg_decompress_struct {
    State() : jpeg_decompress_struct{} {}
    ~State() { jpeg_destroy_decompress(this); }  // nothing before it was created
    State(const State &) = delete;
    State &operator=(const State &) = delete;
  };

  static JpegFile &owner(j_common_ptr state) { return *static_cast<JpegFile *>(state->client_data); }
  static void on_error(j_common_ptr state);
  static void on_message(j_common_ptr state, int level);
  static void on_progress(j_common_ptr state);

  void require_memory();
  void choose_output(const revup_image_region &region, const Output &output);
  void read_rows(const Interval &columns, const Interval &rows, JDIMENSION left, int32_t components, Buffers &buffers);

  int64_t length_;
  Escape escape_;
  jpeg_error_mgr errors_;
  jpeg_progress_mgr progress_;
  State state_;
};

JpegFile::JpegFile(const Bytes &bytes) : length_(bytes.length) {
  state_.err = jpeg_std_error(&errors_);
  errors_.error_exit = on_error;
  errors_.emit_message = on_message;
  progress_.progress_monitor = on_progress;
  state_.client_data = this;
  attempt(escape_, [&] {
    jpeg_create_decompress(&state_);  // clears everything but err and client_data
    state_.progress = &progress_;
    jpeg_mem_src(&state_, bytes.data, static_cast<unsigned long>(bytes.length));
    jpeg_read_header(&state_, TRUE);
  });
  require_size(state_.image_width, state_.image_height);
}

void JpegFile::on_error(j_common_ptr state) {
  char text[JMSG_LENGTH_MAX];
  state->err->format_message(state, text);
  Escape &escape = owner(state).escape_;
  if (state->err->msg_code == JERR_OUT_OF_MEMORY) escape.status = REVUP_OUT_OF_MEMORY;
  leave(escape, "the JPEG data cannot be decoded: %s", text);
}

void JpegFile::on_message(j_common_ptr state, int level) {
  // Negative levels are warnings, the others a trace.
  if (level < 0 && means_lost_data(state->err->msg_code)) on_error(state);
}

void JpegFile::on_progress(j_common_ptr state) {
  JpegFile &file = owner(state);
  if (file.state_.input_scan_number > kMaxScans) {
    leave(file.escape_, "the JPEG data has more than %d scans", kMaxScans);
  }
}

revup_image_info JpegFile::info() const {
  return {REVUP_IMAGE_JPEG, static_cast<int32_t>(state_.image_width), static_cast<int32_t>(state_.image_height),
          state_.num_components};
}

// Images of several scans are kept whole as coefficients. A block takes a bit at the very least in the first scan of
// its component, so the length of the data bounds the memory; arithmetic codes can be shorter.
void JpegFile::require_memory() {
  int64_t blocks = 0;
  for (int i = 0; i < state_.num_components; ++i) {
    const jpeg_component_info &component = state_.comp_info[i];
    blocks += static_cast<int64_t>(component.width_in_blocks) * component.height_in_blocks;
  }
  const std::string size = std::to_string(state_.image_width) + "x" + std::to_string(state_.image_height) + " pixels";
  if (!state_.arith_code && blocks > 8 * length_) {
    throw Failure(REVUP_INVALID_DATA,
                  "the JPEG header announces " + size + ", more than " + std::to_string(length_) + " bytes can hold");
  }
  if (jpeg_has_multiple_scans(&state_) && blocks > kMaxBlocks) {
    throw Failure(REVUP_INVALID_DATA, "the JPEG data has " + size + " in several scans, for which the limit is " +
                                          std::to_string(kMaxBlocks) + " blocks of 8x8 samples");
  }
}

// Colour space and scale. Powers of two have vectorised transforms; the scales between cost more than they save.
void JpegFile::choose_output(const revup_image_region &region, const Output &output) {
  const bool cmyk = state_.num_components == 4;
  const bool grey = state_.num_components == 1 || (output.channels == 1 && !cmyk);
  state_.out_color_space = cmyk ? JCS_CMYK : grey ? JCS_GRAYSCALE : JCS_RGB;
  state_.do_block_smoothing = FALSE;
  state_.scale_denom = 8;
  state_.scale_num = 1;
  while (state_.scale_num < 8 && (int64_t{region.width} * state_.scale_num < int64_t{output.width} * 8 ||
                                  int64_t{region.height} * state_.scale_num < int64_t{output.height} * 8)) {
    state_.scale_num *= 2;
  }
}

// The part of one axis that a region covers after scaling.
Interval scaled_interval(int32_t begin, int32_t count, unsigned scale, JDIMENSION extent) {
  const double first = begin * (scale / 8.0), last = (begin + count) * (scale / 8.0);
  return {first, last, static_cast<int32_t>(first),
          std::min(static_cast<int32_t>(std::ceil(last)), static_cast<int32_t>(extent))};
}

// CMYK to RGB, or to grey, in place: what is written is never ahead of what is read.
void convert_cmyk(uint8_t *pixels, int32_t count, int32_t components, bool inverted) {
  for (int32_t i = 0; i < count; ++i) {
    uint32_t light[4];  // 255 - ink
    for (int32_t c = 0; c < 4; ++c) light[c] = inverted ? pixels[4 * i + c] : 255u - pixels[4 * i + c];
    uint32_t rgb[3];
    for (int32_t c = 0; c < 3; ++c) rgb[c] = (2 * light[c] * light[3] + 255) / 510;  // to the nearest
    if (components == 1) {
      pixels[i] = luma(rgb[0], rgb[1], rgb[2]);
    } else {
      for (int32_t c = 0; c < 3; ++c) pixels[3 * i + c] = static_cast<uint8_t>(rgb[c]);
    }
  }
}

void JpegFile::decode(const revup_image_region &region, const Output &output, Buffers &buffers) {
  require_region(region, info());
  require_memory();
  choose_output(region, output);
  attempt(escape_, [&] { jpeg_start_decompress(&state_); });

  const Interval columns = scaled_interval(region.left, region.width, state_.scale_num, state_.output_width);
  const Interval rows = scaled_interval(region.top, region.height, state_.scale_num, state_.output_height);
  JDIMENSION left = static_cast<JDIMENSION>(std::max(columns.first - kChromaReach, 0));
  JDIMENSION width = std::min(static_cast<JDIMENSION>(columns.last + kChromaReach), state_.output_width) - left;
  attempt(escape_, [&] { jpeg_crop_scanline(&state_, &left, &width); });  // to whole MCUs, outwards

  const int32_t components = state_.out_color_space == JCS_CMYK ? output.channels : state_.output_components;
  buffers.row.resize(static_cast<size_t>(width) * state_.output_components);
  buffers.resampler.prepare(columns, rows, components, output.height, output.width, output.channels, output.pixels);
  attempt(escape_, [&] { read_rows(columns, rows, left, components, buffers); });
}

void JpegFile::read_rows(const Interval &columns, const Interval &rows, JDIMENSION left, int32_t components,
                         Buffers &buffers) {
  uint8_t *row = buffers.row.data();
  uint8_t *pixels = row + (columns.first - static_cast<int32_t>(left)) * state_.output_components;
  jpeg_skip_scanlines(&state_, static_cast<JDIMENSION>(rows.first));
  for (int32_t i = 0; i < rows.count(); ++i) {
    jpeg_read_scanlines(&state_, &row, 1);
    if (state_.out_color_space == JCS_CMYK) convert_cmyk(pixels, columns.count(), components, state_.saw_Adobe_marker);
    buffers.resampler.add_row(pixels);
  }
}

}  // namespace

revup_image_info inspect_jpeg(const Bytes &bytes) { return JpegFile(bytes).info(); }

void decode_jpeg(const Bytes &bytes, const revup_image_region &region, const Output &output, Buffers &buffers) {
  JpegFile(bytes).decode(region, output, buffers);
}

}  // namespace revup
