#include "activation.h"

namespace {

// What a channel is centred by, divided by and multiplied with.
struct Channel {
  double mean, deviation, weight;

  Channel(int64_t c, const double *means, const double *variances, double epsilon, const double *weights)
      : mean(means == nullptr ? 0 : means[c]),
        deviation(variances == nullptr ? 1 : std::sqrt(variances[c] + epsilon)),
        weight(weights == nullptr ? 1 : weights[c]) {}
};

}  // namespace

void revup_reference_batch_norm_statistics(int64_t rows, int64_t channels, const double *x, double momentum,
                                           double *mean, double *variance, double *running_mean,
                                           double *running_variance) {
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
    running_mean[c] += momentum * (mean[c] - running_mean[c]);
    running_variance[c] += momentum * (unbiased - running_variance[c]);
  }
}

void revup_reference_batch_norm_forward(int64_t rows, int64_t channels, revup_activation activation, const double *x,
                                        const double *mean, const double *variance, double epsilon,
                                        const double *weight, const double *bias, double *y) {
  for (int64_t c = 0; c < channels; ++c) {
    const Channel of(c, mean, variance, epsilon, weight);
    for (int64_t i = c; i < rows * channels; i += channels) {
      y[i] = revup::reference_value(activation, (x[i] - of.mean) / of.deviation * of.weight + bias[c]);
    }
  }
}

void revup_reference_batch_norm_backward(int64_t rows, int64_t channels, revup_activation activation, const double *x,
                                         const double *mean, const double *variance, double epsilon,
                                         const double *weight, const double *bias, const double *dy, double scale,
                                         const double *residual, double *dx, double *weight_gradient,
                                         double *bias_gradient) {
  for (int64_t c = 0; c < channels; ++c) {
    const Channel of(c, mean, variance, epsilon, weight);
    double sum = 0, product = 0;
    for (int64_t i = c; i < rows * channels; i += channels) {
      const double normalized = (x[i] - of.mean) / of.deviation;
      dx[i] = scale * dy[i] * revup::reference_slope(activation, normalized * of.weight + bias[c]);
      sum += dx[i];
      product += dx[i] * normalized;
    }
    weight_gradient[c] += product;
    bias_gradient[c] += sum;
    const double count = static_cast<double>(rows);
    for (int64_t i = c; i < rows * channels; i += channels) {
      const double normalized = (x[i] - of.mean) / of.deviation;
      const double through_statistics = mean == nullptr ? 0 : sum / count + normalized * product / count;
      dx[i] = of.weight / of.deviation * (dx[i] - through_statistics) + (residual == nullptr ? 0 : residual[i]);
    }
  }
}
