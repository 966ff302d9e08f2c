using RevUp.Tensors;

namespace RevUp.Data.Dense;

/// <summary>
/// Seeded heads with lesions, as images or volumes, for tests and demonstrations without a file:
/// the truth is known.
/// </summary>
/// <remarks>
/// A case has extents, a spacing, a head, a bias field, a texture, Rician noise and 1 to 6 lesions:
/// an oedema, in it a core, in it an enhancing part. One position in fifty is not labelled. Each
/// follows from (seed, case) alone. A case is drawn at its first use and kept, normalised to mean 0
/// and deviation 1.
/// </remarks>
internal sealed class Lesions : DenseDataset
{
    /// <summary>Names of the classes.</summary>
    public static readonly string[] ClassNames = ["background", "oedema", "core", "enhancing"];

    private readonly VoxelIndex _least;
    private readonly int _spatialRank;
    private readonly ulong _seed;
    private readonly int _first;
    private readonly Lazy<LesionCase>[] _cases;

    /// <summary>A part of the set.</summary>
    /// <param name="count">Number of cases.</param>
    /// <param name="sample">
    /// [1, (D), H, W, C] with 1 or 4 channels; cases have these extents, or up to a quarter more.
    /// </param>
    /// <param name="seed">Of the set.</param>
    /// <param name="first">Number of the first case; parts of a set share none.</param>
    /// <exception cref="ConfigurationException">The channels or the extents are others.</exception>
    public Lesions(int count, Shape sample, ulong seed, int first = 0)
    {
        _least = VoxelIndex.Of(sample);
        _spatialRank = sample.SpatialRank;
        ConfigurationException.Require(
            sample.Channels is 1 or 4, $"data.channels is {sample.Channels}; cases of 'lesions' have 1 or 4");
        ConfigurationException.Require(
            _least.Height >= 16 && _least.Width >= 16 && (_spatialRank == 2 || _least.Depth >= 16),
            $"data.extents is {_least}; cases of 'lesions' have at least 16 positions along each axis");
        (Channels, _seed, _first) = (sample.Channels, seed, first);
        _cases = [.. Enumerable.Range(0, count).Select(
            index => new Lazy<LesionCase>(() => LesionCase.Draw(_seed, _first + index, Extents(index), Channels)))];
    }

    /// <inheritdoc/>
    public override int Count => _cases.Length;

    /// <inheritdoc/>
    public override int Channels { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Classes => ClassNames;

    /// <inheritdoc/>
    internal override bool IsNormalized => true;

    /// <inheritdoc/>
    public override Shape Extents(int index)
    {
        CounterRandom random = LesionCase.Draws(_seed, _first + index, LesionCase.Stream.Grid);
        int[] extents = new int[3];
        for (int axis = 0; axis < 3; axis++)
        {
            int more = random.NextInt(_least[axis] / 4 + 1);
            extents[axis] = _least[axis] + (axis == 0 && _spatialRank == 2 ? 0 : more);
        }
        return new VoxelIndex(extents[0], extents[1], extents[2]).ToShape(_spatialRank, Channels);
    }

    /// <summary>Between 1 and 1.5 mm in the plane, and up to twice that along D.</summary>
    public override IReadOnlyList<double> Spacing(int index)
    {
        CounterRandom random = LesionCase.Draws(_seed, _first + index, LesionCase.Stream.Spacing);
        double plane = 1 + random.NextDouble() / 2, depth = plane * (1 + random.NextDouble());
        return _spatialRank == 2 ? [plane, plane] : [depth, plane, plane];
    }

    /// <inheritdoc/>
    public override string Name(int index) => FormattableString.Invariant($"lesions-{_first + index:000}");

    /// <inheritdoc/>
    public override DenseReader OpenReader() => new Reader(this);

    private sealed class Reader(Lesions lesions) : DenseReader
    {
        public override void Read(
            int index, ReadOnlySpan<int> origin, Shape box, Span<float> pixels, Span<ushort> labels)
        {
            LesionCase drawn = lesions._cases[index].Value;
            VoxelIndex extents = VoxelIndex.Of(lesions.Extents(index)), inner = VoxelIndex.Of(box);
            (int channels, int plane) = (lesions.Channels, origin.Length == 3 ? origin[0] : 0);
            for (int row = 0; row < inner.Depth * inner.Height; row++)
            {
                int line = (plane + row / inner.Height) * extents.Height + origin[^2] + row % inner.Height;
                int from = line * extents.Width + origin[^1], to = row * inner.Width;
                if (!pixels.IsEmpty)
                {
                    drawn.Pixels.AsSpan(from * channels, inner.Width * channels).CopyTo(pixels[(to * channels)..]);
                }
                if (!labels.IsEmpty)
                {
                    drawn.Labels.AsSpan(from, inner.Width).CopyTo(labels[to..]);
                }
            }
        }
    }
}
