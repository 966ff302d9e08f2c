using RevUp.Backends;
using RevUp.Data;
using RevUp.Models;
using RevUp.Tensors;

namespace RevUp.Training;

/// <summary>
/// A network's task as a step sees it: the targets of a batch, the loss whose gradient takes the
/// place of the head's output, and the measure that a step reports beside the loss.
/// </summary>
internal abstract class Objective(RevUpNet net) : DeviceObject(net.Backend)
{
    /// <summary>Storage type of the targets.</summary>
    public abstract ElementType TargetType { get; }

    /// <summary>The targets and their number in a message: "targets", "4 classes".</summary>
    protected abstract (string Targets, string Number) Words { get; }

    /// <summary>Whether the program computes the loss, a <see cref="BatchLoss"/>.</summary>
    public virtual bool IsOwn => false;

    /// <summary>The network.</summary>
    protected RevUpNet Net { get; } = net;

    /// <summary>The objective of a network's task.</summary>
    /// <param name="net">The network.</param>
    /// <param name="settings">Settings of the loss.</param>
    /// <param name="own">A loss in place of the task's; null for the task's.</param>
    /// <exception cref="ConfigurationException">
    /// A setting belongs to another task, or does not fit the network's classes.
    /// </exception>
    /// <exception cref="ArenaExhaustedException">No memory for the class weights.</exception>
    public static Objective Of(RevUpNet net, TrainingSettings settings, BatchLoss? own = null)
    {
        ModelTask task = net.Settings.Task;
        Require(task, settings);
        if (own is not null)
        {
            RequireOwn(task, settings);
        }
        return task == ModelTask.Segmentation
            ? new SegmentationObjective(net, settings)
            : new SampleObjective(net, new SampleLoss(task, settings.HuberDelta, own));
    }

    /// <summary>Throws when a setting of the loss belongs to another task.</summary>
    /// <exception cref="ConfigurationException">Names the value and the fix.</exception>
    public static void Require(ModelTask task, TrainingSettings settings)
    {
        (bool segments, bool classifies) = (task == ModelTask.Segmentation, task == ModelTask.Classification);
        string name = ModelSettings.Name(task);
        ConfigurationException.Require(
            segments || settings.Dice == new DiceSettings(),
            $"training.dice is given, and model.task '{name}' has no Dice in its loss; leave it out, or use "
            + $"model.task 'segmentation'");
        ConfigurationException.Require(
            !segments || settings.LabelSmoothing == 0,
            $"training.labelSmoothing is {settings.LabelSmoothing}, and every position of model.task 'segmentation' "
            + $"has one label; use 0");
        ConfigurationException.Require(
            segments || classifies || settings.LabelSmoothing == 0,
            $"training.labelSmoothing is {settings.LabelSmoothing}, and model.task '{name}' has no classes to spread "
            + $"it over; use 0, and smooth the targets of the dataset");
        ConfigurationException.Require(
            segments || classifies || (settings.ClassWeights.Count == 0 && !settings.BalanceClasses),
            $"training.{(settings.BalanceClasses ? "balanceClasses" : "classWeights")} is given, and model.task "
            + $"'{name}' has no classes to weigh; leave it out, and weigh in a loss of your own");
        ConfigurationException.Require(
            task == ModelTask.Regression || settings.HuberDelta == 0,
            $"training.huberDelta is {settings.HuberDelta}, and the loss of model.task '{name}' is a cross-entropy; "
            + $"use 0, or model.task 'regression'");
    }

    /// <summary>Throws when a program's own loss cannot take the place of the task's.</summary>
    /// <exception cref="ConfigurationException">Names the value and the fix.</exception>
    public static void RequireOwn(ModelTask task, TrainingSettings settings)
    {
        ConfigurationException.Require(
            task != ModelTask.Segmentation,
            $"model.task is 'segmentation', and a loss of your own takes outputs of whole samples; use another task, "
            + $"or leave the loss out");
        ConfigurationException.Require(
            settings.HuberDelta == 0,
            $"training.huberDelta is {settings.HuberDelta}, and a loss of your own takes the place of Huber's; use 0, "
            + $"or leave the loss out");
        ConfigurationException.Require(
            !settings.CudaGraph,
            $"training.cudaGraph is true, and a loss of your own is computed on the host, which a graph cannot hold; "
            + $"use false, or leave the loss out");
    }

    /// <summary>Shape of the targets of <paramref name="batch"/> samples.</summary>
    public abstract Shape Targets(int batch);

    /// <summary>
    /// Number of samples of a batch, after a look at its targets; nothing has been copied yet.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// The targets are another task's, a target has no meaning, or pixels and targets do not have
    /// the same, whole number of samples.
    /// </exception>
    public int Samples<T>(BatchPixels pixels, ReadOnlySpan<T> targets) where T : unmanaged
    {
        RequireType<T>();
        int batch = (int)(pixels.Length / Net.Sample.Count);
        bool isWhole = batch > 0 && pixels.Length % Net.Sample.Count == 0;
        if (!isWhole || targets.Length != Targets(batch).Count)
        {
            throw new ArgumentException(
                $"{pixels.Length} pixels and {targets.Length} {Words.Targets} are not a batch of samples {Net.Sample} "
                + $"with {Words.Number}.",
                isWhole ? Words.Targets : nameof(pixels));
        }
        RequireValid(targets);
        return batch;
    }

    /// <summary>
    /// Begins a pass over a batch. A head may hand its output over in the forward pass already,
    /// part by part.
    /// </summary>
    public virtual void Begin(Tensor targets)
    {
    }

    /// <summary>
    /// Replaces the head's output by the gradient of the mean loss, and adds the loss and the
    /// measure, each times the number of samples, to <paramref name="losses"/> [2]. Of a head that
    /// has handed its output over there is none, and the backward pass takes no gradient.
    /// </summary>
    public abstract void Differentiate(Tensor output, Tensor targets, Tensor losses);

    /// <summary>Ends a pass, whether it came to its end or not.</summary>
    public virtual void End()
    {
    }

    /// <summary>Throws when targets of this type are another task's.</summary>
    protected abstract void RequireType<T>();

    /// <summary>Throws when a target has no meaning.</summary>
    protected virtual void RequireValid<T>(ReadOnlySpan<T> targets) where T : unmanaged
    {
    }

    /// <summary>The refusal of a call whose targets are of the other overload's type.</summary>
    protected static ArgumentException WrongTargets(string given, string task, string overload) => new(
        $"The {given} are of another task: model.task is '{task}'. Call the overload that takes {overload}.", given);
}
