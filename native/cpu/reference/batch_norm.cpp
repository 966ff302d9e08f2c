#include "activation.h"

namespace {

// A channel is centred by mean, divided by deviation, multiplied with weight; bias is added.
struct Channel {
  double mean, deviation, weight, bias;

  Channel(int64_t c, const double *means, const double *variances, double epsilon, const double *weights,
          const double *biases)
      : mean(means == nullptr ? 0 : means[c]),
        deviation(variances == nullptr ? 1 : std::sqrt(variances[c] + epsilon)),
        weight(weights == nullptr ? 1 : weights[c]),
        bias(biases[c]) {}

  double normalized(double x) const { return (x - mean) / deviation; }
  double preactivation(double x) const { return normalized(x) * weight + bias; }
};

}  // namespace

REVUP_ORACLE void revup_reference_batch_norm_statistics(int64_t rows, int64_t channels, const double *x,
                                                        double momentum, double *mean, double *variance,
                                                        double *running_mean, double *running_variance) {
  for (int64_t c = 0; c < channels; ++c) {
    double sum = 0, square = 0;
    for (int64_t row = 0; row < rows; ++row) sum += x[row * channels + c];
    mean[c] = sum / static_cast<double>(rows);
    for (int64_t row = 0; row < rows; ++row) {
      const double d = x[row * channels + c] - mean[c];
      square += d * d;
    }
    variance[c] = square / static_cast<double>(rows);
    const double unbiased = rows > 1 ? square / static_cast<double>(rows - 1) : 0;
    if (running_mean != nullptr) running_mean[c] += momentum * (mean[c] - running_mean[c]);
    if (running_variance != nullptr) running_variance[c] += momentum * (unbiased - running_variance[c]);
  }
}

REVUP_ORACLE void revup_reference_batch_norm_forward(int64_t rows, int64_t channels, revup_activation activation,
                                                     const double *x, const double *mean, const double *variance,
                                                     double epsilon, const double *weight, const double *bias,
                                                     double *y) {
  for (int64_t c = 0; c < channels; ++c) {
    const int64_t partner = revup::reference_partner(activation, c);
    const Channel of(c, mean, variance, epsilon, weight, bias);
    const Channel other(partner, mean, variance, epsilon, weight, bias);
    for (int64_t i = c, j = partner; i < rows * channels; i += channels, j += channels) {
      y[i] = revup::reference_value(activation, c, of.preactivation(x[i]), other.preactivation(x[j]));
    }
  }
}

REVUP_ORACLE void revup_reference_batch_norm_backward(int64_t rows, int64_t channels, revup_activation activation,
                                                      const double *x, const double *mean, const double *variance,
                                                      double epsilon, const double *weight, const double *bias,
                                                      const double *dy, double scale, const double *residual,
                                                      double *dx, double *weight_gradient, double *bias_gradient) {
  for (int64_t c = 0; c < channels; ++c) {
    const int64_t partner = revup::reference_partner(activation, c);
    const Channel of(c, mean, variance, epsilon, weight, bias);
    const Channel other(partner, mean, variance, epsilon, weight, bias);
    double sum = 0, product = 0;
    for (int64_t i = c, j = partner; i < rows * channels; i += channels, j += channels) {
      dx[i] = revup::reference_gradient(activation, c, of.preactivation(x[i]), other.preactivation(x[j]), scale * dy[i],
                                        scale * dy[j]);
      sum += dx[i];
      product += dx[i] * of.normalized(x[i]);
    }
    if (weight_gradient != nullptr) weight_gradient[c] += product;
    if (bias_gradient != nullptr) bias_gradient[c] += sum;
    const double count = static_cast<double>(rows);
    for (int64_t i = c; i < rows * channels; i += channels) {
      const double through_statistics = mean == nullptr ? 0 : sum / count + of.normalized(x[i]) * product / count;
      dx[i] = of.weight / of.deviation * (dx[i] - through_statistics) + (residual == nullptr ? 0 : residual[i]);
    }
  }
}

REVUP_ORACLE void revup_reference_channel_affine_forward(int64_t rows, int64_t channels, revup_activation activation,
                                                         const double *x, const double *weight, const double *bias,
                                                         double *y) {
  revup_reference_batch_norm_forward(rows, channels, activation, x, nullptr, nullptr, 0, weight, bias, y);
}

REVUP_ORACLE void revup_reference_channel_affine_backward(int64_t rows, int64_t channels, revup_activation activation,
                                                          const double *x, const double *weight, const double *bias,
                                                          const double *dy, double scale, const double *residual,
                                                          double *dx, double *weight_gradient, double *bias_gradient) {
  revup_reference_batch_norm_backward(rows, channels, activation, x, nullptr, nullptr, 0, weight, bias, dy, scale,
                                      residual, dx, weight_gradient, bias_gradient);
}
