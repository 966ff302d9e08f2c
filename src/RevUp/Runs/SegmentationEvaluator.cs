using System.Buffers;
using RevUp.Data;
using RevUp.Data.Dense;
using RevUp.Data.Volumes;
using RevUp.Distributed;
using RevUp.Models;
using RevUp.Recipes;
using RevUp.Tensors;

namespace RevUp.Runs;

/// <summary>
/// Evaluates a network on whole cases, tile by tile. Labels of a case that its preparation
/// resampled are brought back to the voxels of its files and measured there.
/// </summary>
/// <param name="net">The network; norms stay as training left them.</param>
/// <param name="data">Cases, with their label maps.</param>
/// <param name="normalization">Normalisation of the training set.</param>
/// <param name="memory">Bytes that the device and buffers may take, weights included.</param>
internal sealed class SegmentationEvaluator(
    RevUpNet net, DensePatches data, ChannelNormalization normalization, long memory)
{
    // Where a run has no budget.
    private const long LeastMemory = 1L << 31;

    /// <summary>
    /// Bytes for evaluations of a run: its budget, or what its steps have taken, and 2 GiB at the
    /// least.
    /// </summary>
    public static long MemoryOf(RevUpNet net, ReversibleSettings settings) => settings.MemoryBudget > 0
        ? settings.MemoryBudget
        : Math.Max(net.Backend.Memory.TotalPeak, LeastMemory);

    /// <summary>
    /// Labels every case and compares. Ranks take the cases in turn; each rank gets the result of
    /// all cases, added up in the order of the dataset.
    /// </summary>
    /// <param name="recorder">Takes the label maps.</param>
    /// <param name="damaged">Takes cases that cannot be read, which are left out.</param>
    /// <param name="progress">Called after each case with the number of cases evaluated.</param>
    /// <param name="stop">Ends the evaluation after the current case; has the ranks.</param>
    /// <returns>
    /// The share of the counted positions that are right and their mean cross-entropy, pooled over
    /// cases, in the positions that the dataset has; the figures of the classes are the recorder's.
    /// </returns>
    /// <exception cref="DataFileException">
    /// More cases are damaged than allowed, or the network's output for one is not finite.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public EvaluationResult Evaluate(
        SegmentationRecorder recorder, DamagedSamples? damaged, Action<int>? progress, StopAgreement stop)
    {
        using Driving driving = net.Drive();
        Collective ranks = stop.Ranks;
        DenseDataset cases = data.Cases;
        using TiledInference tiles = new(net, normalization, memory);
        using DenseReader reader = cases.OpenReader();
        (double loss, long right, long counted, int evaluated) = (0, 0, 0, 0);
        for (int first = 0; first < cases.Count; first += ranks.Size)
        {
            stop.ThrowIfStopped();
            int index = first + ranks.Rank;
            ComparedCase? own = index < cases.Count ? Compare(index, tiles, reader, recorder, damaged) : null;
            ComparedCase?[] all = ranks.Gather(own!, RunRankJson.Default.ComparedCase, "a case of the evaluation");
            foreach (ComparedCase next in all.OfType<ComparedCase>())
            {
                recorder.Add(next);
                (loss, right, counted) = (loss + next.Loss, right + next.Right, counted + next.Counted);
                evaluated++;
                progress?.Invoke(evaluated);
            }
        }
        if (damaged is not null)
        {
            DamageExchange.Share(ranks, damaged);
        }
        recorder.Join(ranks);
        return new EvaluationResult(
            (double)right / counted, loss / counted, evaluated, cases.Count - evaluated);
    }

    // Null when the case is damaged.
    private ComparedCase? Compare(
        int index, TiledInference tiles, DenseReader reader, SegmentationRecorder recorder, DamagedSamples? damaged)
    {
        DenseDataset cases = data.Cases;
        Shape shape = cases.Extents(index);
        float[] pixels = ArrayPool<float>.Shared.Rent(checked((int)shape.Count));
        ushort[] truth = new ushort[shape.Positions];
        Memory<float> values = pixels.AsMemory(0, (int)shape.Count);
        try
        {
            if (!TryRead(reader, index, shape, values.Span, truth, damaged))
            {
                return null;
            }
            ushort[] predicted = PlaneInference.Segment(
                tiles, net.Sample, values.Span, shape, truth, out double crossEntropy);
            ComparedCase compared = recorder.Compare(
                cases.Name(index), values.Span, predicted, truth, VolumeExtents.Of(shape), Spacing(cases, index),
                cases.ReadSource(index));
            (long right, long counted) = (0, 0);
            for (int i = 0; i < truth.Length; i++)
            {
                counted += truth[i] == VoxelLabels.Ignored ? 0 : 1;
                right += truth[i] == predicted[i] ? 1 : 0;
            }
            return compared with { Loss = crossEntropy, Right = right, Counted = counted };
        }
        catch (ArgumentException exception)
        {
            throw new DataFileException(cases.Name(index), exception.Message, exception);
        }
        finally
        {
            ArrayPool<float>.Shared.Return(pixels);
        }
    }

    private bool TryRead(
        DenseReader reader, int index, Shape shape, Span<float> values, ushort[] truth, DamagedSamples? damaged)
    {
        try
        {
            reader.Read(index, stackalloc int[shape.SpatialRank], shape, values, truth);
            return true;
        }
        catch (DataFileException problem) when (damaged is not null)
        {
            damaged.Add(data.SampleOf(index), problem);
            return false;
        }
    }

    // Pictures, and volumes that do not say, have positions of 1.
    private static VolumeSpacing Spacing(DenseDataset cases, int index) => cases.Spacing(index) switch
    {
        [double depth, double height, double width] => new VolumeSpacing(depth, height, width),
        [double height, double width] => new VolumeSpacing(1, height, width),
        _ => new VolumeSpacing(1, 1, 1),
    };
}
