using RevUp.Backends;
using RevUp.Models;
using RevUp.Tensors;

namespace RevUp.Training;

/// <summary>
/// Loss and measure of K outputs for each sample: cross-entropy and top-1 of classes, binary
/// cross-entropy and rows without a mistake of several labels, squared or Huber error and absolute
/// error of numbers. Or the loss of a program, with the measure of the task.
/// </summary>
/// <param name="task">The network's task, not a segmentation.</param>
/// <param name="huberDelta">δ of a regression; 0 for the squared error.</param>
/// <param name="own">The program's loss; null for the task's.</param>
internal sealed class SampleLoss(ModelTask task, double huberDelta, BatchLoss? own)
{
    private float[] _outputs = [];
    private float[] _targets = [];
    private float[] _gradient = [];

    /// <summary>Whether the program computes it.</summary>
    public bool IsOwn => own is not null;

    /// <summary>
    /// Adds the loss and the measure, each times the number of samples, to <paramref name="sums"/>
    /// [2].
    /// </summary>
    /// <param name="backend">The device.</param>
    /// <param name="outputs">[N, K].</param>
    /// <param name="targets">[N, K].</param>
    /// <param name="gradient">
    /// [N, K]: takes the gradient of the mean loss, may be <paramref name="outputs"/>; empty for
    /// none.
    /// </param>
    /// <param name="sums">float64.</param>
    public void Add(Backend backend, Tensor outputs, Tensor targets, Tensor gradient, Tensor sums)
    {
        if (own is null)
        {
            AddTask(backend, outputs, targets, gradient, sums);
        }
        else
        {
            AddOwn(own, backend, outputs, targets, gradient, sums);
        }
    }

    private void AddTask(Backend backend, Tensor outputs, Tensor targets, Tensor gradient, Tensor sums)
    {
        float scale = 1f / outputs.Shape.Batch;
        switch (task)
        {
            case ModelTask.MultiLabel:
                backend.BinaryCrossEntropy(outputs, targets, scale, gradient, sums);
                break;
            case ModelTask.Regression:
                backend.RegressionLoss(outputs, targets, (float)huberDelta, scale, gradient, sums);
                break;
            default:
                backend.CrossEntropy(outputs, targets, scale, gradient, sums);
                break;
        }
    }

    // The device still measures, in the sums themselves: the step takes no byte more.
    private void AddOwn(
        BatchLoss loss, Backend backend, Tensor outputs, Tensor targets, Tensor gradient, Tensor sums)
    {
        Span<double> before = stackalloc double[2], now = stackalloc double[2];
        backend.Download(sums, before);
        now.Clear();
        backend.Upload<double>(now, sums);
        AddTask(backend, outputs, targets, default, sums);
        backend.Download(sums, now);
        (int batch, int length) = (outputs.Shape.Batch, (int)outputs.Count);
        if (_outputs.Length < length)
        {
            (_outputs, _targets, _gradient) = (new float[length], new float[length], new float[length]);
        }
        Span<float> onHost = _gradient.AsSpan(0, length);
        onHost.Clear();
        backend.Download(outputs, _outputs.AsSpan(0, length));
        backend.Download(targets, _targets.AsSpan(0, length));
        double mean = loss(_outputs.AsSpan(0, length), _targets.AsSpan(0, length), batch, onHost);
        if (!gradient.IsEmpty)
        {
            backend.Upload<float>(onHost, gradient);
        }
        backend.Upload<double>([before[0] + mean * batch, before[1] + now[1]], sums);
    }
}
