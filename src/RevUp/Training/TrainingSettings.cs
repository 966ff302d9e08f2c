using RevUp.Distributed;
using RevUp.Models;
using RevUp.Tensors;

namespace RevUp.Training;

/// <summary>How a network is trained.</summary>
public sealed record TrainingSettings
{
    /// <summary>Passes over the training set.</summary>
    public int Epochs { get; init; } = 1;

    /// <summary>Updates after which the run ends, also within an epoch; 0 for all epochs.</summary>
    public long Steps { get; init; }

    /// <summary>Samples of one forward pass.</summary>
    public int BatchSize { get; init; } = 128;

    /// <summary>Forward passes whose gradients are averaged for one step.</summary>
    public int Accumulate { get; init; } = 1;

    /// <summary>Of the initial weights, the order of the samples and their augmentation.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Probability mass that the targets spread over all classes.</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>Largest norm of the gradient of all parameters; 0 for no limit.</summary>
    public double ClipNorm { get; init; }

    /// <summary>
    /// The decay of an exponential moving average of the weights, which is then what the run
    /// evaluates and saves; 0 for none. 0.999 remembers about 1,000 steps.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public double EmaDecay { get; init; }

    /// <summary>The update rule.</summary>
    public OptimizerSettings Optimizer { get; init; } = new();

    /// <summary>
    /// The layers that are trained, and at what rates. In a recipe its members stand directly in
    /// "training". A step's network must have been built with them.
    /// </summary>
    public TrainedLayers Trained { get; init; } = new();

    /// <summary>The learning rate over time.</summary>
    public ScheduleSettings Schedule { get; init; } = new();

    /// <summary>
    /// Whether steps are recorded as CUDA graphs and replayed, which leaves the host next to
    /// nothing to do; on the device "cuda" only.
    /// </summary>
    public bool CudaGraph { get; init; }

    /// <summary>Steps between checkpoints; 0 for one at the end of each epoch only.</summary>
    public int CheckpointEverySteps { get; init; }

    /// <summary>Checkpoints kept.</summary>
    public int KeepCheckpoints { get; init; } = 2;

    /// <summary>
    /// Whether each class counts the same in the loss: a sample of class k by N / (K · N_k), where
    /// N_k of the N samples of the training set are of that class. In a run that segments, samples
    /// are the labelled positions of the training cases; Dice is not weighted.
    /// </summary>
    public bool BalanceClasses { get; init; }

    /// <summary>
    /// The weight of each class in the loss, in the order of the labels; empty for 1, or for what
    /// <see cref="BalanceClasses"/> gives. In a segmentation every position has its label's weight.
    /// </summary>
    public IReadOnlyList<double> ClassWeights { get; init; } = [];

    /// <summary>Dice in the loss of a segmentation, and of no other task.</summary>
    public DiceSettings Dice { get; init; } = new();

    /// <summary>
    /// δ of Huber's loss (doi 10.1214/aoms/1177703732) in a regression: errors e count e² / 2 up to
    /// δ, and δ · (|e| − δ / 2) above. 0 for the squared error e².
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public double HuberDelta { get; init; }

    /// <summary>
    /// The measure by which a checkpoint is chosen where the data has a validation part. The chosen
    /// one is kept beside the <see cref="KeepCheckpoints"/> newest.
    /// </summary>
    public CheckpointMeasure ChooseBy { get; init; }

    /// <summary>
    /// Epochs between evaluations on the validation part, or the test part where there is no other;
    /// the last epoch is always evaluated.
    /// </summary>
    public int EvaluateEveryEpochs { get; init; } = 1;

    /// <summary>
    /// Whether the gradients of a step's passes are added one whole pass after the other, so that
    /// the bits do not depend on the number of ranks. Takes 4 bytes a parameter more where a rank
    /// does several passes, and sends the gradients once for each of its passes. Without, each rank
    /// adds its passes as they come, and the MPI library chooses the order over ranks.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool SumInRankOrder { get; init; }

    /// <summary>
    /// Bytes of gradients that ranks sum at once, at least: on GPUs beside the backward pass of the
    /// layers before. 0 for 8 MiB, or an eighth of all gradients where that is less.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long BucketBytes { get; init; }

    /// <summary>
    /// Seconds that a rank waits for the others before it gives them up; 0 for 600. A checkpoint,
    /// or a case of an evaluation, must not take longer.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int RankTimeoutSeconds { get; init; }

    /// <summary>
    /// Whether batches are staged beside the step before: only steps that take one batch each do
    /// it.
    /// </summary>
    internal bool IsStaged => Accumulate == 1;

    /// <summary>
    /// Updates of a run whose epochs have a number of them: no more than <see cref="Steps"/>.
    /// </summary>
    internal long LimitSteps(long ofAllEpochs) => Steps > 0 ? Math.Min(Steps, ofAllEpochs) : ofAllEpochs;

    /// <summary>Longest wait for another rank.</summary>
    internal TimeSpan RankDeadline =>
        TimeSpan.FromSeconds(RankTimeoutSeconds > 0 ? RankTimeoutSeconds : Collective.DefaultTimeoutSeconds);

    /// <summary>Passes of a step that each of a number of ranks does.</summary>
    /// <exception cref="ConfigurationException">
    /// The ranks cannot share the passes evenly, or a graph cannot hold the step of a rank.
    /// </exception>
    internal int PassesOf(int ranks)
    {
        if (Accumulate % ranks != 0)
        {
            string same = BatchSize * Accumulate % ranks == 0
                ? $"For the same step: --set training.batchSize={BatchSize * Accumulate / ranks} "
                    + $"--set training.accumulate={ranks}. "
                : "";
            throw new ConfigurationException(
                $"training.accumulate is {Accumulate}, and {ranks} ranks cannot share {Accumulate} passes of a step "
                + $"evenly. {same}For {ranks} times the samples of a pass in a step: --set "
                + $"training.accumulate={ranks}; the learning rate may need a change then.");
        }
        ConfigurationException.Require(
            !CudaGraph || Accumulate == ranks,
            $"training.cudaGraph is true and training.accumulate is {Accumulate}; a graph holds a step of one batch: "
            + $"use {ranks}, one for each rank, or leave the graph out");
        ConfigurationException.Require(
            !CudaGraph || ranks == 1 || !SumInRankOrder,
            $"training.cudaGraph and training.sumInRankOrder are true; a graph holds no sum in the order of ranks: "
            + $"leave one of them out");
        return Accumulate / ranks;
    }

    /// <summary>Throws when a value is outside its range.</summary>
    /// <exception cref="ConfigurationException">Names the value and the range.</exception>
    public void Validate()
    {
        ConfigurationException.Require(Epochs is >= 1 and <= 100_000, $"training.epochs is {Epochs}; use 1 to 100000");
        ConfigurationException.Require(
            Steps >= 0, $"training.steps is {Steps}; use a positive number of steps, or 0 for all epochs");
        ConfigurationException.Require(
            Accumulate is >= 1 and <= 65_536, $"training.accumulate is {Accumulate}; use 1 to 65536");
        ConfigurationException.Require(
            ClipNorm >= 0, $"training.clipNorm is {ClipNorm}; use a positive norm, or 0 for no limit");
        ConfigurationException.Require(
            EmaDecay is >= 0 and < 1,
            $"training.emaDecay is {EmaDecay}; use a decay below 1, such as 0.999, or 0 for no average");
        ConfigurationException.Require(
            CheckpointEverySteps >= 0,
            $"training.checkpointEverySteps is {CheckpointEverySteps}; use a positive number of steps, or 0 for the "
            + $"ends of epochs only");
        ConfigurationException.Require(
            BucketBytes >= 0,
            $"training.bucketBytes is {BucketBytes}; use a positive number of bytes, or 0 for "
            + $"{GradientBuckets.DefaultBytes} and less in small networks");
        ConfigurationException.Require(
            RankTimeoutSeconds is >= 0 and <= Collective.MostTimeoutSeconds,
            $"training.rankTimeoutSeconds is {RankTimeoutSeconds}; use 1 to {Collective.MostTimeoutSeconds}, or 0 for "
            + $"{Collective.DefaultTimeoutSeconds}");
        ConfigurationException.Require(
            KeepCheckpoints >= 1, $"training.keepCheckpoints is {KeepCheckpoints}; keep at least 1");
        ConfigurationException.Require(
            EvaluateEveryEpochs >= 1, $"training.evaluateEveryEpochs is {EvaluateEveryEpochs}; use at least 1");
        ConfigurationException.Require(
            ClassWeights.All(weight => double.IsFinite(weight) && weight > 0),
            $"training.classWeights is [{string.Join(", ", ClassWeights)}]; use positive numbers");
        ConfigurationException.Require(
            ClassWeights.Count == 0 || !BalanceClasses,
            $"training.classWeights is given, and training.balanceClasses is true, which computes them; leave one of "
            + $"them out");
        ConfigurationException.Require(
            HuberDelta is >= 0 and <= float.MaxValue,
            $"training.huberDelta is {HuberDelta}; use a positive number in the unit of the targets, or 0 for the "
            + $"squared error");
        Dice.Validate();
        Trained.Validate();
        Optimizer.Validate();
        Schedule.Validate();
    }
}
