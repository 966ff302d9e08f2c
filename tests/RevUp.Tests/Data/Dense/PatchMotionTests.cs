namespace RevUp.Tests.Data.Dense;

/// <summary>Rotation and scale of patches, against their definitions.</summary>
[TestClass]
public sealed class PatchMotionTests
{
    private const int Edge = 9;
    private static readonly VoxelIndex s_case = new(Edge, Edge, Edge);

    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(2)]
    public void AQuarterTurnPermutesVoxels(int axis)
    {
        double[] angles = [0, 0, 0];
        angles[axis] = Math.PI / 2;
        (float[] pixels, ushort[] labels) = Move(new PatchMotion(angles, 1, s_case, []), Number, s_case);
        int[] to = new int[3];
        for (int i = 0; i < pixels.Length; i++)
        {
            int[] at = [i / 81, i / 9 % 9, i % 9];
            (int a, int b) = ((axis + 1) % 3, (axis + 2) % 3);
            to[axis] = at[axis];
            (to[a], to[b]) = (8 - at[b], at[a]); // c + R (p − c)
            Assert.AreEqual(Number(to[0], to[1], to[2]), pixels[i], 0.01f);
            Assert.AreEqual((ushort)Number(to[0], to[1], to[2]), labels[i]);
        }
    }

    [TestMethod]
    public void ALinearFieldIsReadAtTheRotatedPlaceInMillimetres()
    {
        // Values that are linear in the position make linear interpolation exact.
        double[] spacing = [3, 1, 2], angles = [0.3, -0.4, 0.2];
        VoxelIndex patch = new(3, 4, 3);
        PatchMotion motion = new(angles, 0.8, patch, spacing);
        (float[] pixels, _) = Move(motion, (d, h, w) => 2 * d - 3 * h + 5 * w + 30, patch, new VoxelIndex(3, 3, 3));
        double[] r = Rotation(angles);
        for (int i = 0; i < pixels.Length; i++)
        {
            double[] offset = [(i / 12 - 1) * spacing[0], (i / 3 % 4 - 1.5) * spacing[1], (i % 3 - 1) * spacing[2]];
            double[] place = [4, 4.5, 4];
            for (int axis = 0; axis < 3; axis++)
            {
                place[axis] += 0.8 / spacing[axis] * Enumerable.Range(0, 3).Sum(k => r[3 * axis + k] * offset[k]);
            }
            Assert.AreEqual(2 * place[0] - 3 * place[1] + 5 * place[2] + 30, pixels[i], 1e-4);
        }
    }

    [TestMethod]
    public void OutsideTheCaseThereIsNothing()
    {
        (float[] pixels, ushort[] labels) = Move(new PatchMotion([0, 0, 0], 3, s_case, []), (_, _, _) => 1, s_case);
        int inside = labels.Count(label => label == 1);
        Assert.AreEqual(27, inside); // positions 4 ± 3 of each axis
        Assert.AreEqual(inside, labels.Length - labels.Count(label => label == VoxelLabels.Ignored));
        Assert.AreEqual(27f, pixels.Sum(), 1e-4f);
    }

    [TestMethod]
    public void SharesAndRangesAreTheSettings()
    {
        PatchAugmentation settings = new() { RotationShare = 0.3, ScaleShare = 0.5 };
        int moved = 0;
        for (int index = 0; index < 1000; index++)
        {
            CounterRandom random = new(1, 0, index);
            moved += PatchMotion.Draw(ref random, settings, s_case, []) is null ? 0 : 1;
        }
        Assert.AreEqual(650, moved, 45); // 1 − 0.7 · 0.5, three deviations
        CounterRandom draws = new(2, 0, 0);
        double[] factors = [.. Enumerable.Range(0, 1000).Select(_ => PatchValues.Factor(ref draws, [0.7, 1.4]))];
        Assert.IsTrue(factors.All(factor => factor is >= 0.7 and <= 1.4));
        Assert.AreEqual(500, factors.Count(factor => factor < 1), 48);
    }

    private static float Number(int d, int h, int w) => (d * Edge + h) * Edge + w;

    private static double[] Rotation(double[] angles)
    {
        // R = R_D · R_H · R_W, each a turn of the two other axes.
        double[] product = [1, 0, 0, 0, 1, 0, 0, 0, 1];
        for (int axis = 0; axis < 3; axis++)
        {
            double[] turn = [1, 0, 0, 0, 1, 0, 0, 0, 1];
            (int a, int b) = ((axis + 1) % 3, (axis + 2) % 3);
            turn[3 * a + a] = turn[3 * b + b] = Math.Cos(angles[axis]);
            (turn[3 * a + b], turn[3 * b + a]) = (-Math.Sin(angles[axis]), Math.Sin(angles[axis]));
            product = [.. Enumerable.Range(0, 9).Select(
                i => Enumerable.Range(0, 3).Sum(k => product[i / 3 * 3 + k] * turn[3 * k + i % 3]))];
        }
        return product;
    }

    private static (float[] Pixels, ushort[] Labels) Move(
        PatchMotion motion, Func<int, int, int, float> value, VoxelIndex patch, VoxelIndex origin = default)
    {
        (VoxelIndex first, VoxelIndex box) = motion.Source(origin, s_case);
        float[] values = new float[box.Count];
        ushort[] numbers = new ushort[box.Count];
        for (int i = 0; i < values.Length; i++)
        {
            VoxelIndex at = box.Position(i);
            (int d, int h, int w) = (at.Depth + first.Depth, at.Height + first.Height, at.Width + first.Width);
            bool isInside = d is >= 0 and < Edge && h is >= 0 and < Edge && w is >= 0 and < Edge;
            values[i] = isInside ? value(d, h, w) : 0;
            numbers[i] = isInside ? (ushort)value(d, h, w) : VoxelLabels.Ignored;
        }
        float[] pixels = new float[patch.Count];
        ushort[] labels = new ushort[patch.Count];
        motion.Resample(origin, first, box, 1, values, numbers, pixels, labels);
        return (pixels, labels);
    }
}
