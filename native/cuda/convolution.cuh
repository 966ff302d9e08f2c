// The geometry of a convolution on the device: x [N, D, H, W, I] * w [O, kD, kH, kW, I / groups] -> y [N, D', H', W',
// O]. 2-D has depth, kernel and stride 1. A tap is a place in the kernel, a spot is one in a tensor. Positions count
// the spots of all images and are below 2^31.
#pragma once

#include "launch.cuh"

namespace revup {

struct ConvolutionAxis {
  int input, output, kernel, stride, padding;

  __device__ ConvolutionAxis(long long extent, long long taps, long long step, long long zeros)
      : input(static_cast<int>(extent)),
        output(static_cast<int>((extent + 2 * zeros - taps) / step) + 1),
        kernel(static_cast<int>(taps)),
        stride(static_cast<int>(step)),
        padding(static_cast<int>(zeros)) {}

  // The input that output o meets at a tap; false in the padding.
  __device__ bool input_at(int o, int tap, int &i) const {
    i = o * stride - padding + tap;
    return static_cast<unsigned>(i) < static_cast<unsigned>(input);
  }

  // The output that input i meets at a tap; false if there is none.
  __device__ bool output_at(int i, int tap, int &o) const {
    const int distance = i + padding - tap;
    o = distance / stride;
    return distance >= 0 && o * stride == distance && o < output;
  }
};

struct Spot {
  int n, d, h, w;

  __device__ int position(int depth, int height, int width) const { return ((n * depth + d) * height + h) * width + w; }
};

struct Convolution {
  ConvolutionAxis d, h, w;
  int batch, in_channels, out_channels, groups, in_group, out_group;

  __device__ Convolution(long long images, long long in, long long out, long long channel_groups, ConvolutionAxis depth,
                         ConvolutionAxis height, ConvolutionAxis width)
      : d(depth),
        h(height),
        w(width),
        batch(static_cast<int>(images)),
        in_channels(static_cast<int>(in)),
        out_channels(static_cast<int>(out)),
        groups(static_cast<int>(channel_groups)),
        in_group(in_channels / groups),
        out_group(out_channels / groups) {}

  __device__ int taps() const { return d.kernel * h.kernel * w.kernel; }
  __device__ int inputs() const { return batch * d.input * h.input * w.input; }
  __device__ int outputs() const { return batch * d.output * h.output * w.output; }

  __device__ Spot tap(int number) const { return spot(number, d.kernel, h.kernel, w.kernel); }
  __device__ Spot input(int position) const { return spot(position, d.input, h.input, w.input); }
  __device__ Spot output(int position) const { return spot(position, d.output, h.output, w.output); }

  // The position of x that an output meets at a tap; -1 in the padding.
  __device__ int input_of(const Spot &output, const Spot &tap) const {
    int z, y, x;
    const bool is_inside =
        d.input_at(output.d, tap.d, z) && h.input_at(output.h, tap.h, y) && w.input_at(output.w, tap.w, x);
    return is_inside ? Spot{output.n, z, y, x}.position(d.input, h.input, w.input) : -1;
  }

  // The position of y that an input meets at a tap; -1 if there is none.
  __device__ int output_of(const Spot &input, const Spot &tap) const {
    int z, y, x;
    const bool is_inside =
        d.output_at(input.d, tap.d, z) && h.output_at(input.h, tap.h, y) && w.output_at(input.w, tap.w, x);
    return is_inside ? Spot{input.n, z, y, x}.position(d.output, h.output, w.output) : -1;
  }

  // Where the weights of an output channel, a tap and the first input channel of its group begin.
  __device__ long long weights(int channel, int tap) const {
    return (static_cast<long long>(channel) * taps() + tap) * in_group;
  }

 private:
  __device__ static Spot spot(int position, int depth, int height, int width) {
    const int row = position / width, plane = row / height;
    return {plane / depth, plane % depth, row % height, position % width};
  }
};

}  // namespace revup
