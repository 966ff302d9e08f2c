using RevUp.Data;
using RevUp.Models;
using RevUp.Tensors;
using RevUp.Training;

namespace RevUp.Planning;

/// <summary>A random batch of a network's task.</summary>
internal sealed class ProbeBatch
{
    private const long LabelStream = 103;

    private readonly TrainingSettings _training;
    private readonly float[] _pixels;
    private readonly float[] _targets;
    private readonly ushort[]? _labels;

    /// <exception cref="ConfigurationException">The batch is longer than an array.</exception>
    public ProbeBatch(RevUpNet net, TrainingSettings training)
    {
        _training = training;
        (_pixels, _targets) = MemoryProbe.RandomBatch(net, training);
        if (net.Settings.Task == ModelTask.Segmentation)
        {
            CounterRandom random = new(training.Seed, LabelStream, 0);
            _labels = new ushort[training.BatchSize * net.Sample.Positions];
            foreach (ref ushort label in net.Backend.Computes ? _labels.AsSpan() : [])
            {
                label = (ushort)random.NextInt(net.Classes);
            }
        }
    }

    /// <summary>
    /// Settings for a step that measures: weights that would come from the data are 1.
    /// </summary>
    public static TrainingSettings Settings(RevUpNet net, TrainingSettings training) => !training.BalanceClasses
        ? training
        : training with { BalanceClasses = false, ClassWeights = [.. Enumerable.Repeat(1.0, net.Classes)] };

    /// <summary>A step as in training, where the buffers of a staged batch stay.</summary>
    public void Run(TrainingStep step)
    {
        if (_training.IsStaged)
        {
            Stage(step);
            step.Start(learningRateFactor: 0);
            step.Finish();
        }
        else if (_labels is null)
        {
            step.Run(_pixels, _targets, learningRateFactor: 0);
        }
        else
        {
            step.Run(_pixels, _labels, learningRateFactor: 0);
        }
    }

    /// <summary>Hands the batch over, for the next start of a step.</summary>
    public void Stage(TrainingStep step)
    {
        if (_labels is null)
        {
            step.Stage(_pixels, _targets);
        }
        else
        {
            step.Stage(_pixels, _labels);
        }
    }

    /// <summary>Takes the batch both ways, as one of several of a step.</summary>
    public void Accumulate(TrainingStep step)
    {
        if (_labels is null)
        {
            step.Accumulate(_pixels, _targets);
        }
        else
        {
            step.Accumulate(_pixels, _labels);
        }
    }

    /// <summary>The batch as a step has it on the device.</summary>
    public void Load(StepInput input)
    {
        if (_labels is null)
        {
            Load<float>(input, _targets);
        }
        else
        {
            Load<ushort>(input, _labels);
        }
    }

    private void Load<T>(StepInput input, ReadOnlySpan<T> targets) where T : unmanaged
    {
        if (!_training.IsStaged)
        {
            input.Load(new BatchPixels(_pixels), targets);
            return;
        }
        input.Stage(new BatchPixels(_pixels), targets);
        input.Receive();
    }
}
