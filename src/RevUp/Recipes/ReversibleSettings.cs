using System.Text.Json.Serialization;
using RevUp.Formats;
using RevUp.Models;
using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Recipes;

/// <summary>How activations come back in the backward pass: the policies and the inversion, as a recipe states them.</summary>
public sealed record ReversibleSettings
{
    /// <summary>The policy of layers that can follow it.</summary>
    public MemoryPolicy Policy { get; init; } = MemoryPolicy.Invert;

    /// <summary>
    /// Under the policy "auto", the bytes that a training step may take at its peak: everything in the device's arena, that is parameters, gradients, the
    /// optimiser's state, activations and workspace, as <see cref="Tensors.Arena.TotalPeak"/> counts it. An evaluation takes
    /// less. Not the process: libraries and data come on top.
    /// </summary>
    [JsonConverter(typeof(ByteCountConverter))]
    public long MemoryBudget { get; init; }

    /// <summary>Whether "auto" may choose "compress", which changes gradients a little.</summary>
    public bool AllowCompress { get; init; }

    /// <summary>
    /// The plan that "auto" chose before, first block first; null to choose one. Costs are measured, and differ from run to run: with the plan of another run,
    /// which its recipe.json has, this one gets the bits of that.
    /// </summary>
    [JsonPropertyName("plan")]
    public IReadOnlyList<PolicyRun>? Runs { get; init; }

    /// <summary>Every n-th block keeps its input; 0 for none.</summary>
    public int AnchorEvery { get; init; }

    /// <summary>Bits per element under the policy "compress": 4 or 8.</summary>
    public int CompressBits { get; init; } = new MemoryPlan().CompressBits;

    /// <summary>See <see cref="InversionSettings.Tolerance"/>; a number or "exact".</summary>
    [JsonConverter(typeof(ToleranceConverter))]
    public double Tolerance { get; init; } = new InversionSettings().Tolerance;

    /// <summary>See <see cref="InversionSettings.MaximumEvaluations"/>.</summary>
    public int MaximumEvaluations { get; init; } = new InversionSettings().MaximumEvaluations;

    /// <summary>See <see cref="InversionSettings.HardLimit"/>.</summary>
    public double HardLimit { get; init; } = new InversionSettings().HardLimit;

    /// <summary>See <see cref="InversionSettings.Evaluations"/>: "full" or "mixed".</summary>
    public EvaluationPrecision Evaluations { get; init; } = new InversionSettings().Evaluations;

    /// <summary>The inversion's settings.</summary>
    [JsonIgnore]
    public InversionSettings Inversion =>
        new() { Tolerance = Tolerance, MaximumEvaluations = MaximumEvaluations, HardLimit = HardLimit, Evaluations = Evaluations };

    /// <summary>The policies; those of the blocks under "auto" when there is a plan.</summary>
    [JsonIgnore]
    public MemoryPlan Plan => new()
    {
        Policy = Policy,
        AnchorEvery = AnchorEvery,
        CompressBits = CompressBits,
        Blocks = Runs is null ? [] : [.. Runs.SelectMany(run => Enumerable.Repeat(run.Policy, run.Blocks))],
    };

    /// <summary>Whether policies are still to be chosen (<see cref="Planning.MemoryPlanner"/>).</summary>
    [JsonIgnore]
    public bool NeedsPlan => Policy == MemoryPolicy.Auto && Runs is null;

    /// <summary>The same settings with the policies of the blocks decided.</summary>
    public ReversibleSettings WithPlan(MemoryPlan plan)
    {
        List<PolicyRun> runs = [];
        foreach (MemoryPolicy policy in plan.Blocks)
        {
            if (runs.Count > 0 && runs[^1].Policy == policy)
            {
                runs[^1] = runs[^1] with { Blocks = runs[^1].Blocks + 1 };
            }
            else
            {
                runs.Add(new PolicyRun { Policy = policy });
            }
        }
        return this with { Runs = runs };
    }

    /// <summary>Throws when a value is outside its range, or does not fit the network.</summary>
    /// <exception cref="ConfigurationException">Names the value and the fix.</exception>
    public void Validate(ModelSettings model)
    {
        bool auto = Policy == MemoryPolicy.Auto;
        ConfigurationException.Require(MemoryBudget >= 0, $"reversible.memoryBudget is {MemoryBudget}; use {ByteCount.Allowed}");
        ConfigurationException.Require(
            !NeedsPlan || MemoryBudget > 0,
            $"reversible.policy is 'auto', and reversible.memoryBudget, which it is to fit, is not given; use {ByteCount.Allowed}");
        ConfigurationException.Require(
            auto || MemoryBudget == 0,
            $"reversible.memoryBudget is {MemoryBudget}, and the policy is one for all blocks; use the policy 'auto', or leave the budget out");
        ConfigurationException.Require(
            auto || Runs is null, $"reversible.plan is given, and the policy is one for all blocks; use 'auto', or leave the plan out");
        foreach (PolicyRun? run in Runs ?? [])
        {
            ConfigurationException.Require(
                run is { Blocks: >= 1 and <= 800_000 }, $"reversible.plan has {(object?)run?.Blocks ?? "null"} for a number of blocks; use 1 or more");
        }
        if (NeedsPlan)
        {
            Plan.ValidateUnplanned(model);
        }
        else
        {
            Plan.Validate(model);
        }
        Inversion.Validate(model.Precision);
    }
}
