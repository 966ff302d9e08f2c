using RevUp.Backends.Cpu;
using RevUp.Benchmarks.GpuModel;
using RevUp.Models;
using RevUp.Recipes;
using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Benchmarks.Studies;

/// <summary>
/// Predicted time of a training step on a GPU, from the operations that a step issues and assumed
/// rates: a model, and no measurement.
/// </summary>
internal static class GpuModelStudy
{
    private const double Giga = 1e9;
    private const double Tera = 1e12;

    private static readonly BranchPrecision[] s_precisions =
        [BranchPrecision.Float32, BranchPrecision.Tf32, BranchPrecision.BFloat16];

    public static void Run(Arguments arguments)
    {
        Recipe recipe = Checkout.Recipe(arguments.Text("--recipe", "imagenet-revup-50"));
        recipe = Device.Sized(recipe, arguments.Integer("--size", recipe.Data.Extents[0]));
        int batch = arguments.Integer("--batch", recipe.Training.BatchSize);
        int evaluations = arguments.Integer("--evaluations", 2);
        MemoryPolicy[] policies = arguments.Policies("store,checkpoint,invert");
        GpuRates rates = Rates(arguments);
        arguments.RequireNoOthers();
        recipe = recipe with { Training = recipe.Training with { BatchSize = batch, Accumulate = 1 } };
        Report report = new("A model of a training step on a GPU", arguments, threads: 1);
        report.Paragraph(
            $"""
            **A prediction from assumed rates, and no measurement.** A step of {recipe.Name}, samples
            {recipe.Data.Sample}, batch {batch}, k = {evaluations} where blocks are inverted, is issued to a device that
            counts operations and computes nothing. Each operand of an operation moves once. Assumed of one
            {rates.Name}: a copy moves {rates.Copy / Giga:F0} GB/s; pointwise kernels reach
            {rates.PointwiseShare:P0} of that and the traffic of convolutions {rates.ConvolutionShare:P0}; convolutions
            compute {rates.BFloat16 / Tera:F0} TFLOP/s in bfloat16, {rates.Tf32 / Tera:F0} in TF32 and
            {rates.Fma / Tera:F0} on FMA units, of the former two {rates.NarrowShare:P0} where products are narrower
            than 128; a launch costs {rates.Launch * 1e6:F1} µs. cuDNN is assumed to take every convolution in its own
            type, in one kernel. RevUp's own kernels, assumed to compute {rates.OwnShare:P0} of that, do a pass together
            with the operation behind it where that is predicted to take less time.
            """);
        List<(BranchPrecision Precision, MemoryPolicy Policy, CostCounter Cost)> steps =
        [
            .. from precision in s_precisions
               from policy in policies
               let model = recipe.Model with { Precision = precision }
               select (precision, policy, StepModel.Predict(recipe with { Model = model }, policy, evaluations, rates)),
        ];
        report.Table(
            ["arithmetic, policy", "ms", "samples/s", "GB", "TFLOP", "launches", "bytes per element and block"],
            steps.Select(step => (string[])
            [
                $"{Arithmetic(step.Precision)}; {MemoryTable.Name(step.Policy)}",
                .. Cells(step.Cost.Total, batch),
                step.Cost.StreamElements > 0 ? $"{step.Cost.BytesPerElement:F1}" : "–",
            ]));
        foreach ((BranchPrecision precision, MemoryPolicy policy, CostCounter cost) in steps)
        {
            if (precision == BranchPrecision.BFloat16)
            {
                report.Heading($"{MemoryTable.Name(policy)}, {Arithmetic(precision)}");
                report.Table(
                    ["part of the step", "ms", "GB", "TFLOP", "launches"],
                    cost.Parts.OrderByDescending(part => part.Value.Seconds).Select(part => (string[])
                    [
                        part.Key,
                        $"{1e3 * part.Value.Seconds:F2}",
                        $"{part.Value.Bytes / Giga:F2}",
                        $"{part.Value.Operations / Tera:F3}",
                        $"{part.Value.Launches}",
                    ]));
            }
        }
        report.Write("gpu-model");
    }

    // An H200's, where the options name no others.
    private static GpuRates Rates(Arguments arguments)
    {
        int[] matrix = arguments.Integers("--matrix", "450,230,45");
        ConfigurationException.Require(
            matrix.Length == 3, $"--matrix has {matrix.Length} numbers; give TFLOP/s of bfloat16, TF32 and FMA");
        return GpuRates.H200 with
        {
            Name = arguments.Text("--gpu", GpuRates.H200.Name),
            Copy = 1e9 * arguments.Integer("--copy", 4300),
            BFloat16 = 1e12 * matrix[0],
            Tf32 = 1e12 * matrix[1],
            Fma = 1e12 * matrix[2],
            Launch = 1e-9 * arguments.Integer("--launch", 2500),
            Processors = arguments.Integer("--processors", GpuRates.H200.Processors),
        };
    }

    private static string[] Cells(PartCost cost, int batch) =>
    [
        $"{1e3 * cost.Seconds:F1}",
        $"{batch / cost.Seconds:F0}",
        $"{cost.Bytes / Giga:F1}",
        $"{cost.Operations / Tera:F2}",
        $"{cost.Launches}",
    ];

    private static string Arithmetic(BranchPrecision precision)
    {
        using CpuBackend processor = new(threads: 1);
        using GpuSizing gpu = new(processor, (_, _) => false);
        return precision.Text(gpu);
    }
}
