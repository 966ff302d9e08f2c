namespace RevUp.Interop.Cudnn;

/// <summary>
/// A convolution and the choice of its algorithms. Spatial numbers are (D) H W, and their count is
/// the rank, 2 or 3.
/// </summary>
internal readonly ref struct CudnnGeometry
{
    /// <summary>Of activations, weights and their gradients.</summary>
    public required CudnnDataType Type { get; init; }

    /// <summary>
    /// Which arithmetic may be used: Fma for exact float32, Default to allow TF32, TensorOp for
    /// bfloat16.
    /// </summary>
    public required CudnnMathType MathType { get; init; }

    /// <summary>N.</summary>
    public required int Batch { get; init; }

    /// <summary>I.</summary>
    public required int InChannels { get; init; }

    /// <summary>O.</summary>
    public required int OutChannels { get; init; }

    /// <summary>Divides both channel counts.</summary>
    public required int Groups { get; init; }

    /// <summary>Extents of x.</summary>
    public required ReadOnlySpan<int> Input { get; init; }

    /// <summary>Extents of w.</summary>
    public required ReadOnlySpan<int> Kernel { get; init; }

    /// <summary>Steps between outputs.</summary>
    public required ReadOnlySpan<int> Stride { get; init; }

    /// <summary>Zeros on both sides.</summary>
    public required ReadOnlySpan<int> Padding { get; init; }

    /// <summary>Extents of y: (input + 2·padding − kernel) / stride + 1, rounded down.</summary>
    public int[] Output()
    {
        int[] output = new int[Input.Length];
        for (int axis = 0; axis < output.Length; axis++)
        {
            output[axis] = ((Input[axis] + (2 * Padding[axis]) - Kernel[axis]) / Stride[axis]) + 1;
        }

        return output;
    }

    /// <summary>One line with every number.</summary>
    public override string ToString() =>
        $"{Type} batch {Batch}, channels {InChannels} to {OutChannels} in {Groups} groups, input {Join(Input)}, kernel "
        + $"{Join(Kernel)}, stride {Join(Stride)}, padding {Join(Padding)}, math {MathType}";

    private static string Join(ReadOnlySpan<int> values) => string.Join('x', values.ToArray());
}
