using RevUp.Backends.Cpu;
using RevUp.Data;
using RevUp.Data.Dense;
using RevUp.Data.Volumes;
using RevUp.Models;
using RevUp.Recipes;
using RevUp.Tensors;
using RevUp.Training;

namespace RevUp.Benchmarks.Studies;

/// <summary>
/// Patches of segment-3d from drawn cases that are encoded as a preparation does it, with its
/// augmentation; and its training step on them.
/// </summary>
internal static class DensePatchRates
{
    private const string RecipeName = "segment-3d";
    private const int Cases = 4;
    private const int Batches = 8; // of one measurement

    /// <summary>Measures loaders of one and two workers, and the step.</summary>
    /// <param name="patch">Positions along every axis.</param>
    /// <param name="threads">Of the step.</param>
    /// <param name="rounds">Measurements.</param>
    /// <param name="origin">Of the rows.</param>
    public static IEnumerable<DenseRow> Measure(int patch, int threads, int rounds, Origin origin)
    {
        Recipe recipe = Checkout.Recipe(
            RecipeName, $"data.extents=[{patch},{patch},{patch}]", $"data.classes={Lesions.ClassNames.Length}",
            "data.channels=1");
        using DensePatches data = new(
            Draw(patch), recipe.Data.Sample, recipe.Data.Dense with { PatchesPerCase = 2 * Batches });
        ChannelNormalization normalization = new([0], [1]);
        foreach (int workers in (int[])[1, 2])
        {
            using BatchLoader loader = new(data, normalization, recipe.TrainingBatches with { Workers = workers });
            using IEnumerator<Batch> batches =
                Enumerable.Range(0, int.MaxValue).SelectMany(epoch => loader.Epoch(epoch)).GetEnumerator();
            // What is ready or in the making at the start is so at the end, too.
            Take(batches, recipe.Data.Prefetch + 1);
            double[] seconds = DenseStudy.Time(rounds, () => Take(batches, Batches));
            yield return DenseRow.Of(
                "loading", $"loader, {patch}³, {workers} worker{(workers > 1 ? "s" : "")}", "patches/s",
                [.. seconds.Select(time => Batches * recipe.Training.BatchSize / time)], origin);
        }
        yield return Steps(recipe, data, normalization, threads, rounds, origin);
    }

    private static DenseRow Steps(
        Recipe recipe, DensePatches data, ChannelNormalization normalization, int threads, int rounds, Origin origin)
    {
        using BatchLoader loader = new(data, normalization, recipe.TrainingBatches);
        using IEnumerator<Batch> batches = loader.Epoch(0).GetEnumerator();
        batches.MoveNext();
        using CpuBackend backend = new(threads);
        using RevUpNet net = new(
            backend, recipe.Model, recipe.Data.Sample, recipe.Data.ClassCount, recipe.Training.Seed);
        using TrainingStep step = new(net, recipe.Training, recipe.Reversible.Plan, recipe.Reversible.Inversion);
        // The first steps iterate more often on the norms.
        DenseStudy.Time(2, () => step.Run(batches.Current, learningRateFactor: 0));
        double[] seconds = DenseStudy.Time(rounds, () => step.Run(batches.Current, learningRateFactor: 0));
        int extent = recipe.Data.Sample.Extent(0);
        return DenseRow.Of(
            "loading", $"step of {RecipeName}, {extent}³, batch {recipe.Training.BatchSize}, {threads} threads",
            "patches/s", [.. seconds.Select(time => recipe.Training.BatchSize / time)], origin);
    }

    private static void Take(IEnumerator<Batch> batches, int count)
    {
        for (int i = 0; i < count; i++)
        {
            batches.MoveNext();
            batches.Current.Dispose();
        }
    }

    // Drawn cases in the bytes of prepared ones.
    private static PreparedCases Draw(int patch)
    {
        int extent = patch * 3 / 2;
        using Lesions drawn = new(Cases, new Shape(1, extent, extent, extent, 1), seed: 1);
        using DenseReader reader = drawn.OpenReader();
        List<(CaseRecord, CaseBytes)> cases = [];
        for (int index = 0; index < drawn.Count; index++)
        {
            Shape shape = drawn.Extents(index);
            float[] pixels = new float[shape.Count];
            ushort[] labels = new ushort[shape.Positions];
            reader.Read(index, [0, 0, 0], shape, pixels, labels);
            VolumeGrid grid = new(VolumeExtents.Of(shape), [1, 1, 1], null);
            (CaseRecord record, byte[] bytes) = CaseEncoding.Encode(
                new PreparedCase(
                    drawn.Name(index), pixels, labels, grid, CropPlace.Of(grid, [0, 0, 0], grid.Extents), []),
                "train",
                drawn.Classes.Count,
                isHalf: true);
            cases.Add((record, new CaseBytes(bytes)));
        }
        DensePreparation rules = new([1, 1, 1], [new ChannelRule("drawn", ChannelRuleKind.None)], IsMasked: false);
        CaseLabels classes = new(Lesions.ClassNames, [.. Enumerable.Range(0, Lesions.ClassNames.Length)], null);
        return new PreparedCases(rules, classes, [.. cases], []);
    }
}
