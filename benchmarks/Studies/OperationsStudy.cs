using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;
using RevUp.Benchmarks.Operations;
using RevUp.Tensors;

namespace RevUp.Benchmarks.Studies;

/// <summary>
/// Single operations through the backend's contract, by BenchmarkDotNet: rates beside the naive
/// twins and beside a copy of the same bytes.
/// </summary>
internal static class OperationsStudy
{
    private const double MillisecondsPerNanosecond = 1e-6;

    public static void Run(Arguments arguments)
    {
        int iterations = arguments.Integer("--iterations", arguments.Quick ? 1 : 15);
        OperationSizes.Batch = arguments.Quick ? 1 : OperationSizes.Batch;
        arguments.RequireNoOthers();

        Report report = new("Single operations", arguments, Environment.ProcessorCount);
        report.Paragraph(
            $"""
            BenchmarkDotNet in one process, medians of {iterations} calls after one for warming up. The naive twin is
            the float64 oracle of the tests, one plain loop on one thread.
            """);
        report.Heading("Pointwise operations and reductions");
        report.Paragraph(
            $"""
            Tensors of {OperationSizes.Count} float32 ({OperationSizes.Count * sizeof(float) / 1e6:F0} MB each), of
            {OperationSizes.Channels} channels where channels matter. GB/s count what must be read and written once,
            however often an operation does: batch normalisation's backward pass needs its sums first, the quantiser the
            largest difference of every channel. The copy moves as many bytes.
            """);
        report.Table(
            [
                "operation", "MB moved", "ms", "GB/s", "copy, GB/s", "time / copy's", "naive twin, ms",
                "naive / fast time",
            ],
            Measure<PointwiseBenchmarks, PointwiseOperation>(PointwiseOperation.All, iterations)
                .Select(row => Pointwise(row.Operation, row.Milliseconds)));
        report.Heading("Convolutions");
        report.Paragraph(
            $"""
            3×3 at channels @ extents, C to C channels, batch {OperationSizes.Batch}, beside the rate of a large product
            of matrices in the same type, which is a 1×1 convolution of the same library. The twin has batch
            {ConvolutionPass.NaiveBatch} and is always in float64.
            """);
        (ConvolutionPass Pass, Dictionary<string, double> Milliseconds)[] passes =
            [.. Measure<ConvolutionBenchmarks, ConvolutionPass>(ConvolutionPass.All, iterations)];
        Dictionary<ElementType, double> products =
            passes.Where(row => row.Pass.IsProduct)
                .ToDictionary(row => row.Pass.Type, row => Rate(row.Pass, row.Milliseconds));
        report.Table(
            ["pass", "ms", "GFLOP/s", "of the product's", "naive twin, GFLOP/s", "naive / fast time, per sample"],
            passes.Select(row => Convolution(row.Pass, row.Milliseconds, products[row.Pass.Type])));
        report.Write("operations");
    }

    private static string[] Pointwise(PointwiseOperation operation, Dictionary<string, double> milliseconds)
    {
        double megabytes = operation.Traffic * (OperationSizes.Count * sizeof(float) / 1e6);
        double fast = milliseconds[nameof(PointwiseBenchmarks.Fast)];
        double copy = milliseconds[nameof(PointwiseBenchmarks.Copy)];
        double naive = milliseconds[nameof(PointwiseBenchmarks.Naive)];
        return
        [
            operation.Name,
            $"{megabytes:F0}",
            $"{fast:F2}",
            $"{megabytes / fast:F1}",
            $"{megabytes / copy:F1}",
            $"{fast / copy:F2}",
            $"{naive:F1}",
            $"{naive / fast:F1}",
        ];
    }

    private static string[] Convolution(ConvolutionPass pass, Dictionary<string, double> milliseconds, double product)
    {
        double rate = Rate(pass, milliseconds);
        double naive =
            1e-6 * pass.Operations(ConvolutionPass.NaiveBatch) / milliseconds[nameof(ConvolutionBenchmarks.Naive)];
        return
        [
            $"{pass}", $"{milliseconds[nameof(ConvolutionBenchmarks.Fast)]:F2}", $"{rate:F0}", $"{rate / product:G2}",
            $"{naive:F2}", $"{rate / naive:F0}",
        ];
    }

    // GFLOP/s of the fast version.
    private static double Rate(ConvolutionPass pass, Dictionary<string, double> milliseconds) =>
        1e-6 * pass.Operations(pass.Batch) / milliseconds[nameof(ConvolutionBenchmarks.Fast)];

    // The median milliseconds of each method, for every operation in this order; BenchmarkDotNet
    // itself sorts by name.
    private static IEnumerable<(TOperation Operation, Dictionary<string, double> Milliseconds)>
        Measure<TBenchmarks, TOperation>(
        IReadOnlyList<TOperation> operations, int iterations)
        where TOperation : notnull
    {
        Job job = Job.Default.WithToolchain(InProcessNoEmitToolchain.Instance).WithLaunchCount(1).WithWarmupCount(1)
            .WithIterationCount(iterations)
            .WithInvocationCount(1).WithUnrollFactor(1);
        ManualConfig config = ManualConfig.CreateEmpty().AddJob(job).AddLogger(NullLogger.Instance)
            .WithOptions(ConfigOptions.DisableLogFile).WithArtifactsPath(Checkout.Path("artifacts", "benchmarks"));
        Summary summary = BenchmarkRunner.Run<TBenchmarks>(config);
        string[] problems =
        [
            .. summary.ValidationErrors.Where(error => error.IsCritical).Select(error => error.Message),
            .. summary.Reports.Where(Failed)
                .Select(
                    result => $"{result.BenchmarkCase.DisplayInfo} gave no result; its buffers take 1 GiB of memory"),
        ];
        if (problems.Length > 0)
        {
            throw new StudyException($"BenchmarkDotNet could not measure: {string.Join("; ", problems)}.");
        }
        ILookup<TOperation, BenchmarkReport> reports = summary.Reports.ToLookup(
            result => (TOperation)result.BenchmarkCase.Parameters.Items[0].Value);
        return operations.Select(operation =>
            (operation, reports[operation].ToDictionary(
                Method, result => MillisecondsPerNanosecond * result.ResultStatistics!.Median)));
    }

    private static bool Failed(BenchmarkReport result) => !result.Success || result.ResultStatistics is null;

    private static string Method(BenchmarkReport result) => result.BenchmarkCase.Descriptor.WorkloadMethod.Name;
}
