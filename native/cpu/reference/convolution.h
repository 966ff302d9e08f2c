// The oracles of a convolution, with which the stand-in of cuDNN computes. They take the weights themselves, not the
// packed form; geometry->type is ignored.
#pragma once

#include "oracle.h"

REVUP_ORACLE void revup_reference_convolution_fprop(const revup_convolution_geometry *geometry, const double *src,
                                                    const double *weights, double *dst);
REVUP_ORACLE void revup_reference_convolution_dgrad(const revup_convolution_geometry *geometry, const double *diff_dst,
                                                    const double *weights, double *diff_src);
REVUP_ORACLE void revup_reference_convolution_wgrad(const revup_convolution_geometry *geometry, const double *src,
                                                    const double *diff_dst, double *diff_weights);
