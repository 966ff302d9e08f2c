using RevUp.Tensors;

namespace RevUp.Backends;

/// <summary>
/// A convolution W of one sample as a linear operator, with the vectors of its power iteration.
/// </summary>
/// <param name="Geometry">Batch 1, stride 1, float32.</param>
/// <param name="Weight">W, [O, (kD), kH, kW, I / groups].</param>
/// <param name="Gradient">Of W.</param>
/// <param name="U">In the shape of one output.</param>
/// <param name="V">In the shape of one input.</param>
/// <param name="Factor">
/// The scalar of <see cref="Backend.AddGradients"/>; empty where it is not called.
/// </param>
internal readonly record struct ConvolutionOperator(
    ConvolutionGeometry Geometry, Tensor Weight, Tensor Gradient, Tensor U, Tensor V, Tensor Factor) : IOperands
{
    // As native/cuda/operators.cu has them.
    private const int Rows = 0;
    private const int Columns = 1;
    private const int ColumnsPerBlock = 32;
    private const int Tile = 64;

    private const int LargestGathered = 28 * 28;

    /// <inheritdoc/>
    public static int Words => 20;

    /// <inheritdoc/>
    public static int Products => 3;

    /// <summary>Whether W is a matrix: one position, and one tap.</summary>
    public bool IsMatrix =>
        Geometry.Weights.Count == (long)Geometry.OutputChannels * Inputs && U.Count == Geometry.OutputChannels
        && V.Count == Geometry.Input.Channels;

    /// <summary>
    /// Whether W fills a device alone: a library's convolution is then faster than a part of a
    /// launch for many.
    /// </summary>
    public bool IsLarge => U.Count / Geometry.OutputChannels > LargestGathered;

    private int Inputs => Geometry.Input.Channels / Geometry.Groups;

    private int Outputs => Geometry.OutputChannels / Geometry.Groups;

    /// <inheritdoc/>
    public long Parts(int product)
    {
        long groups = Geometry.Groups, taps = Geometry.Weights.Count / Geometry.OutputChannels / Inputs;
        long outputs = Tiles(Outputs), inputs = Tiles(Inputs);
        return (IsMatrix, product) switch
        {
            (true, Columns) => groups * ((Inputs + ColumnsPerBlock - 1) / ColumnsPerBlock),
            (true, _) => Geometry.OutputChannels,
            (false, Rows) => groups * Tiles(U.Count / Geometry.OutputChannels) * outputs,
            (false, Columns) => groups * Tiles(V.Count / Geometry.Input.Channels) * inputs,
            _ => groups * taps * outputs * inputs,
        };
    }

    /// <inheritdoc/>
    public void Write(Span<long> words)
    {
        ReadOnlySpan<long> addresses =
        [
            Weight.Address, Gradient.Address, U.Address, V.Address, Factor.Address, Geometry.Groups, Inputs, Outputs,
        ];
        addresses.CopyTo(words);
        int missing = 3 - Geometry.Input.SpatialRank;
        for (int axis = 0; axis < 3; axis++)
        {
            int own = axis - missing;
            ReadOnlySpan<long> ofAxis = own < 0
                ? [1, 1, 1, 0]
                : [
                    Geometry.Input.Extent(own), Geometry.Output.Extent(own), Geometry.Kernel[own],
                    Geometry.Padding[own],
                ];
            for (int i = 0; i < ofAxis.Length; i++)
            {
                words[addresses.Length + 3 * i + axis] = ofAxis[i];
            }
        }
    }

    private static long Tiles(long count) => (count + Tile - 1) / Tile;
}
