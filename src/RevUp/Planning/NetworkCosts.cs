using System.Globalization;
using RevUp.Data;
using RevUp.Layers;
using RevUp.Models;
using RevUp.Recipes;
using RevUp.Reversible;
using RevUp.Tensors;
using RevUp.Training;

namespace RevUp.Planning;

/// <summary>
/// Measured cost of a network's training step: each layer under each policy, and the rest.
/// </summary>
/// <remarks>
/// Everything independent of the policies is live all the time (parameters, gradients, optimiser,
/// batch), or outside of the forward and the backward pass only (scratch of the preparation).
/// </remarks>
internal sealed class NetworkCosts
{
    private static readonly MemoryPlan s_auto = new() { Policy = MemoryPolicy.Auto };

    private readonly RevUpNet _net;
    private readonly IReadOnlyList<LayerOption>[] _layers;
    private readonly long _fixedBytes;
    private readonly long _outsidePeakBytes;
    private readonly double _outsideMilliseconds;

    private NetworkCosts(RevUpNet net, TrainingStep step, Recipe recipe, StepInput input)
    {
        _net = net;
        Arena memory = net.Backend.Memory;
        net.PrepareStep(input.Batch, step: 0);
        _fixedBytes = memory.Use.Total;
        memory.ResetPeaks();
        _outsideMilliseconds = net.Backend.Time(2, () => DoOutside(net, step, input.Batch))[^1];
        _outsidePeakBytes = memory.TotalPeak;
        using LayerProbe probe = new(
            net, step.Engine, recipe.Reversible, input.Pixels, step.Objective, input.Targets);
        _layers = probe.Measure();
    }

    private NetworkCosts(NetworkCosts bytes, double outside, IReadOnlyList<LayerOption>[] layers)
    {
        (_net, _layers, _outsideMilliseconds) = (bytes._net, layers, outside);
        (_fixedBytes, _outsidePeakBytes) = (bytes._fixedBytes, bytes._outsidePeakBytes);
    }

    /// <summary>
    /// Measures a network of the recipe's, which is of no use for training afterwards: its zero
    /// convolutions are drawn at random.
    /// </summary>
    public static NetworkCosts Measure(RevUpNet net, Recipe recipe)
    {
        MemoryProbe.DrawZeroConvolutions(net, recipe.Training.Seed);
        using TrainingStep step = new(
            net, ProbeBatch.Settings(net, recipe.Training), new MemoryPlan { Policy = MemoryPolicy.Store },
            recipe.Reversible.Inversion);
        using StepInput input = new(net, step.Objective);
        new ProbeBatch(net, recipe.Training).Load(input);
        return new NetworkCosts(net, step, recipe, input);
    }

    /// <summary>
    /// The same bytes with the times that the layers took at another size, where a layer has
    /// 1/<paramref name="factor"/> of the elements.
    /// </summary>
    public NetworkCosts WithTimes(NetworkCosts measured, double factor) => new(
        this, measured._outsideMilliseconds,
        [.. _layers.Zip(measured._layers, (options, times) => (IReadOnlyList<LayerOption>)
            [.. options.Zip(times, (option, time) => option with { Milliseconds = factor * time.Milliseconds })])]);

    /// <summary>
    /// The same bytes with a time for each option of a layer, and none for the rest.
    /// </summary>
    public NetworkCosts WithTimes(Func<LayerOption, double> milliseconds) => new(
        this, 0, [.. _layers.Select(options => (IReadOnlyList<LayerOption>)
            [.. options.Select(option => option with { Milliseconds = milliseconds(option) })])]);

    /// <summary>Whether there is a plan within the settings' budget.</summary>
    public bool Fit(ReversibleSettings settings) => settings.MemoryBudget >= LeastBytes(settings);

    /// <summary>The least budget that there is a plan for, with the settings' policies.</summary>
    public long LeastBytes(ReversibleSettings settings) => Least(Permitted(settings));

    /// <summary>
    /// Time of the fastest plan within the settings' budget; infinite where there is none.
    /// </summary>
    public double LeastMilliseconds(ReversibleSettings settings) =>
        Fit(settings) && Fastest(Permitted(settings), settings.MemoryBudget) is { } chain
            ? Forecast(chain).Milliseconds
            : double.PositiveInfinity;

    /// <summary>
    /// The fastest plan within the settings' budget, with the policies that they allow.
    /// </summary>
    /// <exception cref="ConfigurationException">
    /// There is none; says what the least budget is.
    /// </exception>
    public MemoryForecast Plan(ReversibleSettings settings)
    {
        LayerOption[][] permitted = Permitted(settings);
        (long budget, long least) = (settings.MemoryBudget, Least(permitted));
        ChainPlan? chain = budget < least ? null : Fastest(permitted, budget);
        if (chain is null)
        {
            throw new ConfigurationException(string.Create(
                CultureInfo.InvariantCulture,
                $"reversible.memoryBudget is {budget} bytes ({budget / 1048576.0:F2} MiB), and the least that a step "
                + $"of this network takes is {least} bytes "
                + $"({least / 1048576.0:F2} MiB), of which {_fixedBytes / 1048576.0:F2} MiB are parameters, gradients, "
                + $"optimiser and batch. Use at least that, or a smaller training.batchSize."));
        }
        Dictionary<MemoryPolicy, StepForecast> uniform = MemoryPlan.Uniform
            .Where(
                policy => PolicyRules.IsPossible(policy, _net.Settings)
                    && (settings.AllowCompress || policy != MemoryPolicy.Compress))
            .ToDictionary(policy => policy, policy => Forecast(settings.Plan with { Policy = policy }));
        MemoryPlan plan = settings.Plan with { Blocks = [.. chain.Policies.Where((_, i) => _net.Layers[i] is Block)] };
        return new MemoryForecast(budget, least, plan, Forecast(chain), uniform);
    }

    /// <summary>Cost of a step under a plan.</summary>
    public StepForecast Forecast(MemoryPlan plan) => Forecast(ChainPlan.Of(_net.Layers, _layers, plan));

    private LayerOption[][] Permitted(ReversibleSettings settings) =>
        [.. _net.Layers.Select((layer, i) => Permitted(layer, _layers[i], settings.AllowCompress))];

    private ChainPlan? Fastest(LayerOption[][] permitted, long budget) =>
        PlanSearch.Fastest(permitted, budget - _fixedBytes);

    private long Least(LayerOption[][] permitted) => Forecast(PlanSearch.Leanest(permitted)).ReplayPeakBytes;

    private StepForecast Forecast(ChainPlan chain) => new(
        Math.Max(_outsidePeakBytes, _fixedBytes + chain.PeakBytes),
        Math.Max(_outsidePeakBytes, _fixedBytes + chain.ReplayPeakBytes),
        _outsideMilliseconds + chain.Milliseconds);

    private static void DoOutside(RevUpNet net, TrainingStep step, int batch)
    {
        net.PrepareStep(batch, step: long.MaxValue);
        net.Backend.Fill(net.Parameters.Gradients, 0);
        step.Optimizer.Schedule(factor: 0, step: 1);
        step.Optimizer.Update();
    }

    /// <summary>
    /// The options that a layer has under "auto": one that is no block has no choice.
    /// </summary>
    internal static LayerOption[] Permitted(Layer layer, IReadOnlyList<LayerOption> options, bool compress) =>
    [
        .. options.Where(option => !option.IsUniform
            && (layer is Block || option.IsFrozen || option.Policy == s_auto.For(layer))
            && (compress || !(option.Policy == MemoryPolicy.Compress || option.FromStream))),
    ];
}
