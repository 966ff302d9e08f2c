using RevUp.Data;
using RevUp.Models;
using RevUp.Recipes;
using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Planning;

/// <summary>A recipe at other sizes along one dimension.</summary>
internal sealed class FitSizes
{
    private const int ImageNetStemStride = 4;

    private readonly Recipe _recipe;
    private readonly FitDimension _dimension;

    /// <param name="recipe">Its own size along the dimension does not matter.</param>
    /// <param name="dimension">
    /// Null for the edge of a sample, or the batch where the data fixes the edge.
    /// </param>
    /// <param name="budget">Bytes that a step may take.</param>
    /// <exception cref="ConfigurationException">The data's samples have no such size.</exception>
    public FitSizes(Recipe recipe, FitDimension? dimension, long budget)
    {
        ReversibleSettings settings = recipe.Reversible;
        (Budget, IsPlannable) = (budget, PolicyRules.IsPossible(MemoryPolicy.Auto, recipe.Model));
        MemoryPolicy first = MemoryPlan.Uniform.First(policy => PolicyRules.IsPossible(policy, recipe.Model));
        _recipe = recipe with
        {
            Reversible = settings with
            {
                Policies = settings.Policies with { Policy = IsPlannable ? MemoryPolicy.Auto : first },
                MemoryBudget = IsPlannable ? budget : 0,
                Runs = null,
                PlanSlab = 0,
            },
        };
        Shape sample = recipe.Data.Sample;
        int rank = sample.SpatialRank;
        FitDimension edge = rank == 3 ? FitDimension.Cube : FitDimension.Image;
        _dimension = dimension ?? (HasExtents(recipe.Data) ? edge : FitDimension.Batch);
        ConfigurationException.Require(
            !IsEdge || _dimension == edge,
            $"the dimension is '{Word}', and a sample of the recipe is {sample}; use "
            + $"'{Name(edge)}', 'batch' or 'depth'");
        ConfigurationException.Require(
            !IsEdge || HasExtents(recipe.Data),
            $"the dimension is '{Word}', and every sample of data.dataset is {sample}; use 'batch' or 'depth', or a "
            + $"recipe whose data.extents can be chosen");
        Unit = IsEdge ? EdgeUnit(recipe.Model, rank)
            : _dimension == FitDimension.Depth ? recipe.Model.BlockParts
            : 1;
    }

    /// <summary>Bytes that a step may take.</summary>
    public long Budget { get; }

    /// <summary>
    /// Whether blocks can have different policies. Under adaptive Lipschitz control and with
    /// leading blocks that have no bound they cannot.
    /// </summary>
    public bool IsPlannable { get; }

    /// <summary>
    /// Sizes are multiples of this number: strides divide an edge, stages a depth.
    /// </summary>
    public int Unit { get; }

    /// <summary>The smallest size. An edge leaves the coarsest stage two positions.</summary>
    public int Smallest => IsEdge ? 2 * Unit : Unit;

    /// <summary>No larger size is looked for.</summary>
    public int Largest => _dimension switch
    {
        FitDimension.Batch => 1 << 20,
        FitDimension.Depth => 4096 / Unit * Unit,
        _ => 65_536,
    };

    /// <summary>The dimension, as the tool's users write it.</summary>
    public string Word => Name(_dimension);

    /// <summary>A dimension, as the tool's users write it.</summary>
    public static string Name(FitDimension dimension) => dimension.ToString().ToLowerInvariant();

    private bool IsEdge => _dimension is FitDimension.Cube or FitDimension.Image;

    /// <summary>
    /// The recipe at a size, under the policy "auto" with the budget if plannable.
    /// </summary>
    /// <exception cref="ConfigurationException">The recipe does not work at this size.</exception>
    public Recipe At(int size)
    {
        Recipe changed = _dimension switch
        {
            FitDimension.Batch => _recipe with { Training = _recipe.Training with { BatchSize = size } },
            FitDimension.Depth => _recipe with { Model = _recipe.Model.WithBlocks(size) },
            _ => _recipe with { Data = WithEdge(_recipe.Data, size) },
        };
        changed.Validate();
        return changed;
    }

    /// <summary>A size in words, such as "64×64×64".</summary>
    public string Text(int size) => _dimension switch
    {
        FitDimension.Batch => string.Create(CultureInfo.InvariantCulture, $"{size} sample{(size == 1 ? "" : "s")}"),
        FitDimension.Depth => string.Create(CultureInfo.InvariantCulture, $"{size} block{(size == 1 ? "" : "s")}"),
        _ => string.Join('×', Enumerable.Repeat(size, _recipe.Data.Sample.SpatialRank)),
    };

    /// <summary>
    /// A recipe with the same layers on fewer positions, at most <paramref name="positions"/> of a
    /// batch where the data and the strides allow that. The outermost axis stays as long as the
    /// others can be halved, so that slabs of as many planes have as large a share of halo.
    /// </summary>
    public static Recipe Smaller(Recipe recipe, int positions)
    {
        (DataSettings data, int batch) = (recipe.Data, recipe.Training.BatchSize);
        int unit = EdgeUnit(recipe.Model, data.Sample.SpatialRank);
        while (batch > 1 && batch * data.Sample.Positions > positions)
        {
            batch /= 2;
        }
        foreach (bool outermost in (bool[])[false, true])
        {
            while (HasExtents(data) && data.Sample.Positions > positions)
            {
                int[] halves =
                    [.. data.Extents.Select((extent, axis) => axis == 0 == outermost ? Half(extent) : extent)];
                if (halves.SequenceEqual(data.Extents))
                {
                    break;
                }
                data = data with { Extents = halves };
            }
        }
        return recipe with { Data = data, Training = recipe.Training with { BatchSize = batch } };

        int Half(int extent) => (extent / 2 + unit - 1) / unit * unit;
    }

    private static bool HasExtents(DataSettings data) => WithEdge(data, 1).Sample.Positions == 1;

    private static DataSettings WithEdge(DataSettings data, int size) =>
        data with { Extents = [.. Enumerable.Repeat(size, data.Sample.SpatialRank)] };

    private static int EdgeUnit(ModelSettings model, int rank)
    {
        int stem = model.Stem == StemKind.ImageNet ? ImageNetStemStride : model.StemStride;
        return stem * Enumerable.Range(0, rank).Max(axis => Enumerable.Range(1, model.Stages.Count - 1).Aggregate(
            1, (product, stage) => product * TransitionRules.Stride(model, stage, rank)[axis]));
    }
}
