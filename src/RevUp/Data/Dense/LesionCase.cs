using RevUp.Tensors;

namespace RevUp.Data.Dense;

/// <summary>One drawn case of <see cref="Lesions"/>.</summary>
/// <param name="Pixels">[(D), H, W, C], mean 0 and deviation 1 in each channel.</param>
/// <param name="Labels">[(D), H, W]; one position in fifty is not labelled.</param>
internal sealed record LesionCase(float[] Pixels, ushort[] Labels)
{
    private const int MostLesions = 6;
    private const double Noise = 0.06;
    private const double Texture = 0.03; // amplitude of each wave
    private const double Bias = 0.05;
    private const int Waves = 6;
    private const double IgnoredShare = 0.02;

    // By channel; air, head, oedema, core, enhancing. In the order T1, T1 with contrast agent, T2,
    // FLAIR; one channel alone has contrasts of its own, in which the classes differ.
    private static readonly double[][] s_contrasts =
    [
        [0, 1.0, 0.75, 0.55, 0.7], [0, 1.0, 0.8, 0.6, 1.6], [0, 0.8, 1.3, 1.5, 1.2], [0, 0.9, 1.6, 1.2, 1.35],
    ];

    private static readonly double[][] s_contrast = [[0, 0.8, 1.15, 1.5, 1.9]];

    /// <summary>Uses of the random numbers of a case.</summary>
    internal enum Stream
    {
        Grid,
        Spacing,
        Shapes,
        Waves,
        Noise,
        Ignored,
    }

    /// <summary>The numbers of (seed, case) for one use.</summary>
    public static CounterRandom Draws(ulong seed, int number, Stream use) => new(seed, (long)use, number);

    /// <summary>Draws a case.</summary>
    public static LesionCase Draw(ulong seed, int number, Shape shape, int channels)
    {
        VoxelIndex extents = VoxelIndex.Of(shape);
        CounterRandom shapes = Draws(seed, number, Stream.Shapes), waves = Draws(seed, number, Stream.Waves);
        List<Ellipsoid> tissues = DrawTissues(ref shapes, extents);
        Wave[] texture = [.. Wave.Draw(ref waves, Waves, 4, 12, Texture)];
        double longest = Math.Max(extents.Depth, Math.Max(extents.Height, extents.Width));
        Wave[] bias = [.. Wave.Draw(ref waves, 3, longest, 2 * longest, Bias)];
        double[][] contrasts = channels == 1 ? s_contrast : s_contrasts;
        CounterRandom noise = Draws(seed, number, Stream.Noise), ignored = Draws(seed, number, Stream.Ignored);
        float[] pixels = new float[shape.Count];
        ushort[] labels = new ushort[shape.Positions];
        double[] means = new double[channels];
        for (int i = 0; i < labels.Length; i++)
        {
            VoxelIndex at = extents.Position(i);
            int tissue = TissueAt(tissues, at.Depth, at.Height, at.Width);
            labels[i] = ignored.NextDouble() < IgnoredShare
                ? VoxelLabels.Ignored
                : (ushort)Math.Max(0, tissue - 1);
            Mix(tissues, at, extents.Depth > 1, contrasts, means);
            double field = 1 + bias.Sum(wave => wave.At(at)), grain = 1 + texture.Sum(wave => wave.At(at));
            for (int channel = 0; channel < channels; channel++)
            {
                double signal = means[channel] * field * grain;
                double real = signal + Noise * noise.NextNormal(), imaginary = Noise * noise.NextNormal();
                pixels[i * channels + channel] = (float)Math.Sqrt(real * real + imaginary * imaginary);
            }
        }
        for (int channel = 0; channel < channels; channel++)
        {
            new ChannelRule("lesions", ChannelRuleKind.Case).Apply(pixels, channels, channel, null);
        }
        return new LesionCase(pixels, labels);
    }

    // Head first; what comes later lies in front.
    private static List<Ellipsoid> DrawTissues(ref CounterRandom random, VoxelIndex extents)
    {
        bool isFlat = extents.Depth == 1;
        double[] centre = new double[3], radii = new double[3];
        for (int axis = 0; axis < 3; axis++)
        {
            centre[axis] = (extents[axis] - 1) / 2.0 + 0.04 * extents[axis] * (random.NextDouble() - 0.5);
            radii[axis] = extents[axis] * (0.40 + 0.06 * random.NextDouble());
        }
        List<Ellipsoid> tissues = [Ellipsoid.Of(1, centre, radii, isFlat)];
        double smallest = Math.Min(extents.Height, extents.Width);
        smallest = isFlat ? smallest : Math.Min(smallest, extents.Depth);
        int lesions = 1 + random.NextInt(MostLesions);
        for (int lesion = 0; lesion < lesions; lesion++)
        {
            // Log-normal sizes, so that a few are of less than 100 voxels.
            double size = Math.Clamp(0.12 * smallest * Math.Exp(0.45 * random.NextNormal()), 2, 0.22 * smallest);
            double[] place = new double[3], axes = new double[3];
            for (int axis = 0; axis < 3; axis++)
            {
                place[axis] = centre[axis] + radii[axis] * 0.45 * (2 * random.NextDouble() - 1);
                axes[axis] = size * (0.75 + 0.5 * random.NextDouble());
            }
            (double core, double enhancing) = (0.6 + 0.15 * random.NextDouble(), 0.3 + 0.15 * random.NextDouble());
            tissues.Add(Ellipsoid.Of(2, place, axes, isFlat));
            tissues.Add(Ellipsoid.Of(3, place, [.. axes.Select(radius => radius * core)], isFlat));
            tissues.Add(Ellipsoid.Of(4, place, [.. axes.Select(radius => radius * enhancing)], isFlat));
        }
        return tissues;
    }

    // Number of the tissue; of lesions that overlap, the innermost part.
    private static int TissueAt(List<Ellipsoid> tissues, double d, double h, double w)
    {
        int tissue = 0;
        foreach (Ellipsoid each in tissues)
        {
            if (each.Tissue > tissue && each.Contains(d, h, w))
            {
                tissue = each.Tissue;
            }
        }
        return tissue;
    }

    // Mean contrasts of a voxel over its halves along each axis.
    private static void Mix(List<Ellipsoid> tissues, VoxelIndex at, bool isVolume, double[][] contrasts, double[] means)
    {
        Array.Clear(means);
        int parts = isVolume ? 8 : 4;
        for (int part = 0; part < parts; part++)
        {
            double d = isVolume ? at.Depth - 0.25 + (part >> 2) * 0.5 : at.Depth;
            int tissue = TissueAt(
                tissues, d, at.Height - 0.25 + (part >> 1 & 1) * 0.5, at.Width - 0.25 + (part & 1) * 0.5);
            for (int channel = 0; channel < means.Length; channel++)
            {
                means[channel] += contrasts[channel][tissue] / parts;
            }
        }
    }

    private readonly record struct Ellipsoid(
        int Tissue, double D, double H, double W, double OverD, double OverH, double OverW)
    {
        // Images cut the ellipsoids through their centres.
        public static Ellipsoid Of(int tissue, double[] centre, double[] radii, bool isFlat) => new(
            tissue, centre[0], centre[1], centre[2], isFlat ? 0 : 1 / radii[0], 1 / radii[1], 1 / radii[2]);

        public bool Contains(double d, double h, double w)
        {
            (double x, double y, double z) = ((d - D) * OverD, (h - H) * OverH, (w - W) * OverW);
            return x * x + y * y + z * z <= 1;
        }
    }

    private readonly record struct Wave(double D, double H, double W, double Phase, double Amplitude)
    {
        // Wavelengths in positions, directions drawn from a cube.
        public static List<Wave> Draw(ref CounterRandom random, int count, double least, double most, double amplitude)
        {
            List<Wave> waves = [];
            for (int i = 0; i < count; i++)
            {
                (double d, double h, double w) = (random.NextNormal(), random.NextNormal(), random.NextNormal());
                double length = least + (most - least) * random.NextDouble();
                double scale = 2 * Math.PI / length / Math.Max(1e-3, Math.Sqrt(d * d + h * h + w * w));
                waves.Add(new Wave(d * scale, h * scale, w * scale, 2 * Math.PI * random.NextDouble(), amplitude));
            }
            return waves;
        }

        public double At(VoxelIndex at) => Amplitude * Math.Sin(D * at.Depth + H * at.Height + W * at.Width + Phase);
    }
}
