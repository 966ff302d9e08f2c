// revup_image.h: the C ABI of the image library: JPEG and PNG data to pixels of the size that a network takes.
//
// Conventions, valid for every function:
// - The result is a revup_status. On failure revup_image_last_error() says why, per calling thread, in one sentence.
// - Data that is damaged, truncated, of another format, or larger than an image may be is REVUP_INVALID_DATA.
// - Pixels are dense and channels-last, H W C, one byte per sample.
// - Any thread may call anything, but one decoder does one thing at a time.
#ifndef REVUP_IMAGE_H
#define REVUP_IMAGE_H

#include <stdint.h>

#include "revup_status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define REVUP_IMAGE_ABI_VERSION 2
#define REVUP_IMAGE_MAX_SIDE 65500      // pixels
#define REVUP_IMAGE_MAX_AREA 268435456  // pixels, 2^28; the largest image of ImageNet has 61 million

typedef int32_t revup_image_format;
enum { REVUP_IMAGE_JPEG = 1, REVUP_IMAGE_PNG = 2 };

typedef struct {
  revup_image_format format;  // by the data, whatever the file is called
  int32_t width, height;      // as stored: the orientation of EXIF is ignored, as by the usual ImageNet pipelines
  int32_t components;         // as stored: 1 grey, 2 grey and alpha, 3 colour, 4 CMYK (JPEG) or colour and alpha (PNG)
} revup_image_info;

// In pixels of the stored image: columns [left, left + width) and rows [top, top + height).
typedef struct {
  int32_t left, top, width, height;
} revup_image_region;

typedef struct revup_image_decoder revup_image_decoder;

REVUP_API int32_t revup_image_abi_version(void);
// The calling thread's last error, or "" when there was none. Valid until the thread's next failing call.
REVUP_API const char *revup_image_last_error(void);

// Reads the header alone.
REVUP_API revup_status revup_image_inspect(const uint8_t *bytes, int64_t length, revup_image_info *info);

// A decoder keeps its buffers from one image to the next, and nothing else: the pixels do not depend on what it decoded
// before. They grow with the widths of region and output. The coefficients of a JPEG with several scans (512 MiB at the
// most) and the region's rows of an interlaced PNG come on top: at most 1,032 bytes for each byte of the data.
REVUP_API revup_status revup_image_decoder_create(revup_image_decoder **decoder);
REVUP_API revup_status revup_image_decoder_destroy(revup_image_decoder *decoder);  // null is allowed

// The region, resampled to out_height x out_width pixels of `channels` (1 grey, 3 RGB) in `out`.
//
// Resampling is separable with the triangle filter w(t) = max(0, 1 - |t|), widened by the scale s = in / out if s > 1:
//   out[i] = sum_j w_ij in[j] / sum_j w_ij,  w_ij = w((j + 1/2 - (i + 1/2) s) / max(s, 1)),  j within the region only,
// in float, rounded once at the end. Pillow's resize(BILINEAR, box) is the same, but rounds between the two directions.
//
// A JPEG is first scaled by m/8 in its DCT, with the smallest m of {1, 2, 4, 8} that leaves the scaled region no
// smaller than the output in either direction; s then counts from the scaled pixels that touch the region. With m = 8
// they are the region's own. Only rows down to the region's last and the columns around it are decoded, so damage below
// the region goes unseen, as it does in a PNG.
//
// Grey is Y of a JPEG, and 0.299 R + 0.587 G + 0.114 B elsewhere. CMYK becomes (255 - C)(255 - K) / 255 and so on; a
// file with Adobe's marker stores it inverted. Alpha is dropped, not composed, like Pillow's convert("RGB"); 16-bit
// samples become round(v / 257); colour profiles and gamma are ignored.
//
// Refused as damaged: warnings of libjpeg that mean lost data (a premature end, a bad code, a lost restart marker),
// more than 100 scans, and headers that announce more pixels than so few bytes can hold. Extraneous bytes pass.
// On failure the contents of `out` are undefined.
REVUP_API revup_status revup_image_decode(revup_image_decoder *decoder, const uint8_t *bytes, int64_t length,
                                          const revup_image_region *region, int32_t out_height, int32_t out_width,
                                          int32_t channels, uint8_t *out);

// The numbers of a label map: height x width values of a PNG as they are stored, with nothing scaled or converted. A
// grey image gives its samples of 1 to 16 bits, a palette image its indices. Images of colour, images with alpha and
// JPEGs are refused as invalid data. height and width must be the image's.
REVUP_API revup_status revup_image_decode_labels(const uint8_t *bytes, int64_t length, int32_t height, int32_t width,
                                                 uint16_t *out);

#ifdef __cplusplus
}
#endif

#endif
