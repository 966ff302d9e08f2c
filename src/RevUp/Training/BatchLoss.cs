namespace RevUp.Training;

/// <summary>
/// A loss that a program computes itself, and its derivative. It takes the place of the loss of the
/// network's task; the task's measures stay.
/// </summary>
/// <remarks>
/// Called on the thread of the step, once for each batch, in training and in evaluations; once more
/// where a step is repeated because an inversion was refused. The same arguments must give the same
/// numbers. The spans are valid during the call. On a GPU the outputs are copied to the host and
/// the gradient back, so that the step waits in between and cannot be a CUDA graph.
/// </remarks>
/// <param name="outputs">
/// [N, K], row by row: logits of classes or labels, or the numbers of a regression.
/// </param>
/// <param name="targets">[N, K], as the dataset gives them, smoothed and mixed.</param>
/// <param name="batch">Number of samples N.</param>
/// <param name="gradient">
/// [N, K], zeros that the call replaces by the derivative of the returned loss by each output.
/// </param>
/// <returns>The loss of the batch: a mean over its samples.</returns>
public delegate double BatchLoss(
    ReadOnlySpan<float> outputs, ReadOnlySpan<float> targets, int batch, Span<float> gradient);
