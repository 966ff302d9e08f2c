using RevUp.Formats;
using RevUp.Models;
using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Recipes;

/// <summary>
/// How activations come back in the backward pass: policies, budget and inversion.
/// </summary>
/// <remarks>
/// In a recipe the members of <see cref="Policies"/> and <see cref="Inversion"/> stand directly in
/// "reversible".
/// </remarks>
public sealed record ReversibleSettings
{
    /// <summary>The policies, without the choices of <see cref="Runs"/>.</summary>
    public MemoryPlan Policies { get; init; } = new();

    /// <summary>
    /// Under the policy "auto", the most bytes that a training step may take in the device's arena,
    /// as <see cref="Tensors.Arena.TotalPeak"/> counts them. They include parameters, gradients,
    /// the optimiser's state, activations and workspace. An evaluation takes less. The process
    /// takes more, for libraries and data.
    /// </summary>
    [JsonConverter(typeof(ByteCountConverter))]
    public long MemoryBudget { get; init; }

    /// <summary>Whether "auto" may choose "compress", which changes gradients a little.</summary>
    public bool AllowCompress { get; init; }

    /// <summary>
    /// The plan that "auto" chose before, first block first; null to choose one. Costs are
    /// measured, and differ from run to run. With the plan of another run, from its recipe.json,
    /// this run computes the same bits.
    /// </summary>
    [JsonInclude]
    [JsonPropertyName("plan")]
    internal IReadOnlyList<PolicyRun>? Runs { get; init; }

    /// <summary>
    /// Planes of a slab that "auto" chose with <see cref="Runs"/>; 0 for the policies' own.
    /// </summary>
    [JsonInclude]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    internal int PlanSlab { get; init; }

    /// <summary>When an inversion stops; the tolerance may be the word "exact".</summary>
    public InversionSettings Inversion { get; init; } = new();

    /// <summary>The policies, with the chosen ones of the blocks under "auto".</summary>
    [JsonIgnore]
    public MemoryPlan Plan => Runs is null
        ? Policies
        : Policies with
        {
            Blocks = [.. Runs.SelectMany(run => Enumerable.Repeat(run.Policy, run.Blocks))],
            Slab = PlanSlab > 0 ? PlanSlab : Policies.Slab,
        };

    /// <summary>
    /// Whether policies are still to be chosen (<see cref="Planning.MemoryPlanner"/>).
    /// </summary>
    [JsonIgnore]
    public bool NeedsPlan => Policies.Policy == MemoryPolicy.Auto && Runs is null;

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
        return this with { Runs = runs, PlanSlab = plan.Slab == Policies.Slab ? 0 : plan.Slab };
    }

    /// <summary>Throws when a value is outside its range, or does not fit the network.</summary>
    /// <exception cref="ConfigurationException">Names the value and the fix.</exception>
    public void Validate(ModelSettings model)
    {
        bool auto = Policies.Policy == MemoryPolicy.Auto;
        ConfigurationException.Require(
            MemoryBudget >= 0, $"reversible.memoryBudget is {MemoryBudget}; use {ByteCount.Allowed}");
        ConfigurationException.Require(
            !NeedsPlan || MemoryBudget > 0,
            $"reversible.policy is 'auto' and needs a budget, but reversible.memoryBudget is not given; use "
            + $"{ByteCount.Allowed}");
        ConfigurationException.Require(
            auto || MemoryBudget == 0,
            $"reversible.memoryBudget is {MemoryBudget}, and the policy is one for all blocks; use the policy 'auto', "
            + $"or leave the budget out");
        ConfigurationException.Require(
            auto || Runs is null,
            $"reversible.plan is given, and the policy is one for all blocks; use 'auto', or leave the plan out");
        ConfigurationException.Require(
            PlanSlab == 0 || (PlanSlab > 0 && Runs is not null),
            $"reversible.planSlab is {PlanSlab}; use a number of planes with reversible.plan, or leave it out");
        foreach (PolicyRun? run in Runs ?? [])
        {
            ConfigurationException.Require(
                run is { Blocks: >= 1 and <= 800_000 },
                $"reversible.plan has {(object?)run?.Blocks ?? "null"} for a number of blocks; use 1 or more");
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
