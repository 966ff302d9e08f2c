using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;
using RevUp.Benchmarks.Operations;

namespace RevUp.Benchmarks.Studies;

/// <summary>Single operations through the backend's contract, by BenchmarkDotNet: rates beside the naive twins and beside a copy of the same bytes.</summary>
internal static class OperationsStudy
{
    private const double MillisecondsPerNanosecond = 1e-6;

    public static void Run(Arguments arguments)
    {
        int iterations = arguments.Integer("--iterations", 5);
        arguments.RequireNoOthers();

        Report report = new("Single operations", arguments, Environment.ProcessorCount);
        report.Paragraph(
            $"""
            BenchmarkDotNet in one process, medians of {iterations} calls after one for warming up. The naive twin is the float64 oracle of the tests, one
            plain loop on one thread.
            """);
        report.Heading("Pointwise operations and reductions");
        long megabytes = PointwiseBuffers.Count * sizeof(float) / 1_000_000;
        report.Paragraph(
            $"""
            Tensors of 2²⁴ float32 ({megabytes} MB each), two to four of them: beyond every cache. GB/s count what must be read and written once. The copy
            moves as many bytes.
            """);
        report.Table(
            ["operation", "MB moved", "ms", "GB/s", "copy, GB/s", "time / copy's", "naive twin, ms", "naive / fast time"],
            Rows<PointwiseBenchmarks, PointwiseOperation>(PointwiseOperation.All, iterations, Pointwise));
        report.Heading("Convolutions, 3×3");
        report.Paragraph(
            $"Channels @ extents, C to C channels, batch {ConvolutionPass.Batch}; the twin with batch {ConvolutionPass.NaiveBatch} and always in float64.");
        report.Table(
            ["pass", "ms", "GFLOP/s", "naive twin, GFLOP/s", "naive / fast time, per sample"],
            Rows<ConvolutionBenchmarks, ConvolutionPass>(ConvolutionPass.All, iterations, Convolution));
        report.Write("operations");
    }

    private static string[] Pointwise(PointwiseOperation operation, Dictionary<string, double> milliseconds)
    {
        double megabytes = operation.Traffic * (PointwiseBuffers.Count * sizeof(float) / 1e6);
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

    private static string[] Convolution(ConvolutionPass pass, Dictionary<string, double> milliseconds)
    {
        double fast = milliseconds[nameof(ConvolutionBenchmarks.Fast)];
        double rate = 1e-6 * pass.Operations(ConvolutionPass.Batch) / fast;
        double naive = 1e-6 * pass.Operations(ConvolutionPass.NaiveBatch) / milliseconds[nameof(ConvolutionBenchmarks.Naive)];
        return [$"{pass}", $"{fast:F2}", $"{rate:F0}", $"{naive:F2}", $"{rate / naive:F0}"];
    }

    // One row for each operation, from the median milliseconds of each method; BenchmarkDotNet itself sorts by name.
    private static IEnumerable<string[]> Rows<TBenchmarks, TOperation>(
        IReadOnlyList<TOperation> operations, int iterations, Func<TOperation, Dictionary<string, double>, string[]> row)
        where TOperation : notnull
    {
        Job job = Job.Default.WithToolchain(InProcessNoEmitToolchain.Instance).WithLaunchCount(1).WithWarmupCount(1).WithIterationCount(iterations)
            .WithInvocationCount(1).WithUnrollFactor(1);
        ManualConfig config = ManualConfig.CreateEmpty().AddJob(job).AddLogger(NullLogger.Instance)
            .WithOptions(ConfigOptions.DisableLogFile).WithArtifactsPath(Checkout.Path("artifacts", "benchmarks"));
        Summary summary = BenchmarkRunner.Run<TBenchmarks>(config);
        string[] problems =
        [
            .. summary.ValidationErrors.Where(error => error.IsCritical).Select(error => error.Message),
            .. summary.Reports.Where(Failed).Select(result => $"{result.BenchmarkCase.DisplayInfo} gave no result; its buffers take 1 GiB of memory"),
        ];
        if (problems.Length > 0)
        {
            throw new StudyException($"BenchmarkDotNet could not measure: {string.Join("; ", problems)}.");
        }
        ILookup<TOperation, BenchmarkReport> reports = summary.Reports.ToLookup(result => (TOperation)result.BenchmarkCase.Parameters.Items[0].Value);
        return operations.Select(operation =>
            row(operation, reports[operation].ToDictionary(Method, result => MillisecondsPerNanosecond * result.ResultStatistics!.Median)));
    }

    private static bool Failed(BenchmarkReport result) => !result.Success || result.ResultStatistics is null;

    private static string Method(BenchmarkReport result) => result.BenchmarkCase.Descriptor.WorkloadMethod.Name;
}
