namespace RevUp.Tests.Models;

/// <summary>
/// Receptive fields against dependencies followed one by one, and tiles that cover.
/// </summary>
[TestClass]
public sealed class TilePlanTests
{
    private static readonly ReachStep s_branch = new(Kernel: 3, Stride: 1, Padding: 1);

    /// <summary>
    /// A U-Net of one axis whose every output lists the inputs it depends on: none of an aligned
    /// run lies outside the field, and the field is not rounded up by more than the alignment.
    /// </summary>
    [TestMethod]
    [DataRow(1, 3, 2)]
    [DataRow(2, 3, 2)]
    [DataRow(3, 3, 2)]
    [DataRow(2, 2, 2)]
    [DataRow(2, 5, 3)]
    [DataRow(0, 3, 2)]
    public void TheFieldHoldsEveryInputThatAnAlignedRunNeeds(int levels, int kernel, int stride)
    {
        List<ReachStep> steps = Net(levels, kernel, stride, blocks: 2);
        ReceptiveField field = ReceptiveField.Of(steps);
        Assert.AreEqual((int)Math.Pow(stride, levels), field.Alignment);

        int extent = 2 * (field.Before + field.After) + 3 * field.Alignment;
        extent = ReceptiveField.Up(extent, field.Alignment);
        HashSet<int>[] outputs = Follow(steps, extent);
        for (int first = 0; first < extent; first += field.Alignment)
        {
            for (int end = first + field.Alignment; end <= extent; end += field.Alignment)
            {
                int[] needed = [.. outputs[first..end].SelectMany(inputs => inputs).Distinct()];
                Assert.IsGreaterThanOrEqualTo(Math.Max(0, first - field.Before), needed.Min());
                Assert.IsLessThan(Math.Min(extent, end + field.After), needed.Max());
                if (first > field.Before && end < extent - field.After)
                {
                    Assert.IsLessThan(first - field.Before + field.Alignment, needed.Min(), "no wider than it must be");
                    Assert.IsGreaterThanOrEqualTo(end + field.After - field.Alignment, needed.Max());
                }
            }
        }
    }

    [TestMethod]
    public void OutputsOfAnotherExtentHaveNoTiles() => Assert.Contains(
        "2 times as coarse",
        Assert.ThrowsExactly<ArgumentException>(() => ReceptiveField.Of([s_branch, new(3, 2, 1)])).Message);

    /// <summary>
    /// Every output is taken once, from a tile in which its field lies or ends with the volume.
    /// </summary>
    [TestMethod]
    [DataRow(8, 4, 4, 4)]
    [DataRow(64, 4, 8, 4)]
    [DataRow(60, 4, 8, 12)]
    [DataRow(400, 16, 48, 32)]
    [DataRow(13, 1, 2, 3)]
    [DataRow(13, 1, 0, 0)]
    public void TilesCoverAnAxis(int extent, int alignment, int before, int after)
    {
        ReceptiveField field = new(alignment, before, after);
        IReadOnlyList<int> lengths = TileRun.Lengths(extent, field);
        Assert.AreEqual(extent, lengths[0]);
        for (int i = 0; i < lengths.Count; i++)
        {
            IReadOnlyList<TileRun> runs = TileRun.Cover(extent, lengths[i], field);
            Assert.AreEqual(0, lengths[i] % alignment);
            Assert.IsTrue(i == 0 || lengths[i] < lengths[i - 1]);
            int next = 0;
            foreach (TileRun run in runs)
            {
                Assert.AreEqual(next, run.First);
                Assert.AreEqual(0, run.Start % alignment);
                Assert.IsGreaterThan(run.First, run.End);
                Assert.IsTrue(run.Start == 0 || run.First - run.Start >= before);
                int end = run.Start + lengths[i];
                Assert.IsLessThanOrEqualTo(extent, end);
                Assert.IsTrue(end == extent || end - run.End >= after);
                next = run.End;
            }
            Assert.AreEqual(extent, next);
        }
        Assert.IsTrue(lengths.Count == 1 || lengths[^1] == before + after + alignment);
    }

    [TestMethod]
    public void PlansGoFromTheWholeToTheSmallestTile()
    {
        Shape volume = new(1, 64, 96, 80, 2);
        ReceptiveField field = new(8, 16, 16);
        TilePlan[] plans = [.. TilePlan.Candidates(volume, [field, field, field])];
        Assert.AreEqual(volume, plans[0].Tile);
        Assert.AreEqual(new Shape(1, 40, 40, 40, 2), plans[^1].Tile);
        for (int i = 1; i < plans.Length; i++)
        {
            Assert.IsGreaterThanOrEqualTo(plans[i - 1].Positions, plans[i].Positions);
            Assert.IsLessThan(plans[i - 1].Tile.Count, plans[i].Tile.Count);
        }
        foreach (TilePlan plan in plans)
        {
            long taken = plan.Tiles.Sum(tile => tile.Aggregate(1L, (product, run) => product * (run.End - run.First)));
            Assert.AreEqual(volume.Positions, taken);
            Assert.AreEqual(plan.Count, plan.Tiles.LongCount());
        }
    }

    private static List<ReachStep> Net(int levels, int kernel, int stride, int blocks)
    {
        List<ReachStep> steps = [new(Kernel: 3, Stride: 1, Padding: 1)];
        object[] skips = [.. Enumerable.Range(0, levels).Select(_ => new object())];
        steps.AddRange(Enumerable.Repeat(s_branch, blocks));
        foreach (object skip in skips)
        {
            steps.Add(new ReachStep(kernel, stride, (kernel - 1) / 2, Skip: skip));
            steps.AddRange(Enumerable.Repeat(s_branch, blocks));
        }
        foreach (object skip in skips.Reverse())
        {
            steps.Add(new ReachStep(stride, stride, 0, IsTransposed: true, skip));
            steps.AddRange(Enumerable.Repeat(s_branch, blocks));
        }
        return steps;
    }

    private static HashSet<int>[] Follow(List<ReachStep> steps, int extent)
    {
        HashSet<int>[] stream = [.. Enumerable.Range(0, extent).Select(place => (HashSet<int>)[place])];
        Dictionary<object, HashSet<int>[]> skips = [];
        foreach (ReachStep step in steps)
        {
            HashSet<int>[] input = stream;
            int length =
                step.IsTransposed ? input.Length * step.Stride : (input.Length + step.Stride - 1) / step.Stride;
            stream = [.. Enumerable.Range(0, length).Select(_ => (HashSet<int>)[])];
            for (int coarse = 0; coarse < Math.Min(length, input.Length); coarse++)
            {
                for (int tap = 0; tap < step.Kernel; tap++)
                {
                    int fine = coarse * step.Stride - step.Padding + tap;
                    if (fine < 0 || fine >= Math.Max(length, input.Length))
                    {
                        continue;
                    }
                    if (step.IsTransposed)
                    {
                        stream[fine].UnionWith(input[coarse]);
                    }
                    else
                    {
                        stream[coarse].UnionWith(input[fine]);
                    }
                }
            }
            if (step.Skip is { } skip && !step.IsTransposed)
            {
                skips.Add(skip, input);
            }
            else if (step.Skip is { } joined)
            {
                for (int i = 0; i < stream.Length; i++)
                {
                    stream[i].UnionWith(skips[joined][i]);
                }
            }
        }
        return stream;
    }
}
