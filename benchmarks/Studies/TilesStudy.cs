using RevUp.Backends.Cpu;
using RevUp.Data;
using RevUp.Data.Dense;
using RevUp.Models;
using RevUp.Recipes;
using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Benchmarks.Studies;

/// <summary>
/// Tiles against whole cases: the logits of a U-Net without normalisation, and of its twin with
/// instance normalisation, which no user can cut into tiles.
/// </summary>
internal static class TilesStudy
{
    private const string Result = "tiles";

    // Of the recipe's twin.
    private const string TwinEnding = "-instance-norm";

    // Tiles along each axis, at least.
    private const int Cuts = 3;

    public static void Run(Arguments arguments)
    {
        bool quick = arguments.Quick;
        string name = arguments.Text("--recipe", "segment-lesions");
        int steps = arguments.Integer("--steps", quick ? 3 : 150);
        int count = arguments.Integer("--cases", quick ? 1 : 8);
        int threads = arguments.Integer("--threads", Environment.ProcessorCount);
        string[] checkpoints = arguments.Text("--checkpoints", "").Split(',', StringSplitOptions.RemoveEmptyEntries);
        string[] overrides = arguments.Text("--set", quick
            ? "data.extents=[128,128];data.trainingSamples=2;training.batchSize=1"
            : "data.extents=[192,192];data.trainingSamples=64;training.batchSize=2").Split(';');
        arguments.RequireNoOthers();
        ConfigurationException.Require(
            checkpoints.Length is 0 or 2,
            $"--checkpoints has {checkpoints.Length} entries; name two runs, '{name}' and '{name}{TwinEnding}', with a "
            + $"comma between");

        Report report = new("Tiles against whole cases", arguments, threads);
        Recipe[] recipes = [.. new[] { name, name + TwinEnding }.Select(each => Checkout.Recipe(each, overrides))];
        using DensePatches data = (DensePatches)Datasets.Open(recipes[0].Data, DatasetSplit.Test);
        List<TilesRow> rows = [];
        List<TiledCase> drawn = [];
        for (int i = 0; i < recipes.Length; i++)
        {
            using CpuBackend backend = new(threads);
            using TrainedUNet trained = checkpoints.Length > 0
                ? TrainedUNet.Load(backend, checkpoints[i])
                : TrainedUNet.Train(backend, recipes[i], steps);
            TiledCase[] cases = Compare(trained, data.Cases, Math.Min(count, data.Cases.Count));
            drawn.Add(cases[0]);
            rows.Add(TilesRow.Of(recipes[i].Name, cases, report.Origin));
        }
        report.Paragraph(checkpoints.Length > 0
            ? "Networks of finished runs, of their chosen checkpoints."
            : $"Networks of {steps} steps.");
        report.Paragraph(
            $"""
            Each test case is computed whole and in tiles of one shape, {Cuts} or more along every axis, each with a
            halo as wide as the receptive field of the convolutions. Differences of logits are in parts of the range of
            the whole case's logits: the largest one, and the mean over positions of the largest of a position.
            `revup segment` never cuts the twin into tiles.
            """);
        report.Table(TilesRow.Columns, rows.Select(row => row.Cells()));
        report.Paragraph(
            $"""
            `{Result}.png`, the first case, a row for each network: labels of the whole, labels of the tiles, and the
            largest difference of a position's logits, from 10⁻⁷ of their range or less (black) to 10⁻¹ or more
            (yellow), on a logarithmic scale. Positions whose label changes are white.
            """);
        report.WriteRows(Result, rows);
        report.WriteBytes($"{Result}.png", TilesPicture.Draw(drawn));
        report.Write(Result);
    }

    private static TiledCase[] Compare(TrainedUNet trained, DenseDataset cases, int count)
    {
        using TiledInference tiles = new(trained.Net, trained.Normalization, long.MaxValue);
        using DenseReader reader = cases.OpenReader();
        TiledCase[] compared = new TiledCase[count];
        for (int index = 0; index < count; index++)
        {
            Shape shape = cases.Extents(index);
            float[] pixels = new float[shape.Count];
            ushort[] truth = new ushort[shape.Positions];
            reader.Read(index, new int[shape.SpatialRank], shape, pixels, truth);
            TilePlan[] plans = [.. tiles.Plans(shape)];
            Shape whole = plans[0].Tile;
            TilePlan plan = plans.FirstOrDefault(
                each => Enumerable.Range(0, whole.SpatialRank).All(axis => Tiles(each, axis) >= Cuts))
                ?? throw new StudyException(
                    $"{cases.Name(index)} has {shape}, too few positions for {Cuts} tiles along every axis; set "
                    + "larger data.extents.");
            Report.Progress($"{cases.Name(index)}: {shape}, {plan.Count} tiles {plan.Tile} ...");
            compared[index] = new TiledCase(
                shape, truth, plan, Logits(tiles, plans[0], pixels, shape), Logits(tiles, plan, pixels, shape));
        }
        return compared;
    }

    private static int Tiles(TilePlan plan, int axis) => plan.Tiles.Select(tile => tile[axis]).Distinct().Count();

    // [positions, classes]
    private static float[] Logits(TiledInference tiles, TilePlan plan, float[] pixels, Shape shape)
    {
        float[] all = [];
        tiles.Run(plan, pixels, shape, (tile, logits) =>
        {
            int classes = logits.Shape.Channels;
            all = all.Length > 0 ? all : new float[shape.Positions * classes];
            float[] own = new float[logits.Count];
            tiles.Backend.Download<float>(logits, own);
            foreach ((long inVolume, long inTile, int count) in TiledInference.InnerRows(plan, tile, shape))
            {
                own.AsSpan((int)inTile * classes, count * classes).CopyTo(all.AsSpan((int)inVolume * classes));
            }
        });
        return all;
    }
}
