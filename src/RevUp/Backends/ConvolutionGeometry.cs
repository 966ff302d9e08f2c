using RevUp.Tensors;

namespace RevUp.Backends;

/// <summary>
/// Everything that determines a convolution's algorithm and memory: x [N, (D), H, W, I] * w [O,
/// (kD), kH, kW, I / groups] -> [N, (D'), H', W', O], zero padding on both sides, extents (input +
/// 2 padding - kernel) / stride + 1.
/// </summary>
/// <param name="Input">Shape of the input, batch included.</param>
/// <param name="OutputChannels">O.</param>
/// <param name="Kernel">Kernel extents.</param>
/// <param name="Stride">Strides.</param>
/// <param name="Padding">Zeros added on both sides of an axis.</param>
/// <param name="Groups">Independent groups of channels.</param>
/// <param name="Type">
/// Storage type of input and output; weights and their gradient are float32.
/// </param>
/// <param name="IsForwardAlone">
/// Whether fprop is the only pass, with weights that are packed once for many calls.
/// </param>
/// <param name="Tf32">
/// Whether the device may round float32 factors to TF32, with 11 bits of significand. Tensor cores
/// multiply such factors.
/// </param>
internal readonly record struct ConvolutionGeometry(
    Shape Input, int OutputChannels, Axes Kernel, Axes Stride, Axes Padding, int Groups, ElementType Type,
    bool Tf32 = false, bool IsForwardAlone = false)
{
    /// <summary>Shape of the weights: [O, (kD), kH, kW, I / groups].</summary>
    public Shape Weights
    {
        get
        {
            Span<int> dimensions = stackalloc int[Input.Rank];
            dimensions[0] = OutputChannels;
            for (int axis = 0; axis < Input.SpatialRank; axis++)
            {
                dimensions[axis + 1] = Kernel[axis];
            }
            dimensions[^1] = Input.Channels / Groups;
            return new Shape(dimensions);
        }
    }

    /// <summary>Shape of the output.</summary>
    public Shape Output
    {
        get
        {
            Span<int> dimensions = stackalloc int[Input.Rank];
            dimensions[0] = Input.Batch;
            for (int axis = 0; axis < Input.SpatialRank; axis++)
            {
                dimensions[axis + 1] = (Input.Extent(axis) + 2 * Padding[axis] - Kernel[axis]) / Stride[axis] + 1;
            }
            dimensions[^1] = OutputChannels;
            return new Shape(dimensions);
        }
    }
}
