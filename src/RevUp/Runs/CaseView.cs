using RevUp.Data;
using RevUp.Data.Volumes;

namespace RevUp.Runs;

/// <summary>
/// Pictures of one case: three orthogonal planes of a volume, or the picture itself.
/// </summary>
/// <param name="Case">Name of the case.</param>
/// <param name="ForegroundDice">Mean Dice of its foreground.</param>
/// <param name="Planes">One for each axis of more than one voxel, or the only one.</param>
internal sealed record CaseView(string Case, double ForegroundDice, IReadOnlyList<PlaneView> Planes)
{
    /// <summary>Cuts a case where most of its foreground lies, in either map.</summary>
    /// <inheritdoc cref="PlaneView.Cut"/>
    /// <param name="measures">Of the case.</param>
    public static CaseView Of(
        CaseMeasures measures, ReadOnlySpan<float> pixels, ReadOnlySpan<ushort> predicted, ReadOnlySpan<ushort> truth,
        VolumeExtents extents, VolumeSpacing spacing)
    {
        int[][] counts = [new int[extents.Depth], new int[extents.Height], new int[extents.Width]];
        for (int i = 0; i < truth.Length; i++)
        {
            if ((truth[i] is > 0 and not VoxelLabels.Ignored) || predicted[i] > 0)
            {
                int row = i / extents.Width;
                counts[0][row / extents.Height]++;
                counts[1][row % extents.Height]++;
                counts[2][i % extents.Width]++;
            }
        }
        List<PlaneView> planes = [];
        for (int axis = 0; axis < (extents.Depth == 1 ? 1 : 3); axis++)
        {
            int most = counts[axis].Max(), index = most == 0
                ? counts[axis].Length / 2
                : Array.IndexOf(counts[axis], most);
            planes.Add(PlaneView.Cut(axis, index, pixels, predicted, truth, extents, spacing));
        }
        return new CaseView(measures.Name, measures.ForegroundDice, planes);
    }
}
