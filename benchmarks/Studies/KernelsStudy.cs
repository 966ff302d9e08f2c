using RevUp.Backends;
using RevUp.Benchmarks.Kernels;
using RevUp.Tensors;

namespace RevUp.Benchmarks.Studies;

/// <summary>
/// Bandwidth of every streaming kernel of a device, as a share of what a copy on the device
/// reaches.
/// </summary>
internal static class KernelsStudy
{
    private const double Target = 0.85;
    private const int Warmups = 3;

    public static void Run(Arguments arguments)
    {
        Device device = Device.From(arguments);
        int elements = arguments.Integer("--elements", 1 << 26);
        int repeats = arguments.Integer("--repeats", 30);
        string[] only = [.. arguments.Words("--only", "").Where(word => word.Length > 0)];
        arguments.RequireNoOthers();
        ConfigurationException.Require(
            elements % KernelBuffers.Sample == 0,
            $"--elements is {elements}; use a multiple of {KernelBuffers.Sample}, which is one sample [16, 16, 64]");
        Report report = new("Bandwidth of single kernels", arguments, device.Open);
        using Backend backend = device.Open();
        KernelBuffers buffers = new(backend, elements);
        KernelOperation copy = new(
            "copy",
            2 * sizeof(float),
            b => b.Backend.Cast(b.Tensor(ElementType.Float32, 0), b.Tensor(ElementType.Float32, 1)));
        double reference = Rate(buffers, copy, repeats);

        List<string[]> rows = [];
        int slower = 0;
        foreach (KernelOperation operation in
            KernelOperation.All.Where(o => only.Length == 0 || only.Any(o.Name.Contains)))
        {
            Report.Progress($"{operation.Name} ...");
            double rate = Rate(buffers, operation, repeats);
            slower += rate < Target * reference ? 1 : 0;
            double bytes = operation.Bytes * elements;
            rows.Add(
                [
                    operation.Name,
                    $"{bytes / 1e6:F1}",
                    $"{bytes / rate / 1e6:F4}",
                    $"{rate:F1}",
                    $"{rate / reference:P0}",
                ]);
        }
        report.Paragraph(
            $"""
            Tensors of {elements} elements, {elements * 4.0 / 1e6:F1} MB in float32. Bytes are what has to be read and
            written once; times are medians of {repeats} calls, one behind the other, after {Warmups} to warm up,
            between events where the device has them. A copy of {elements * 8.0 / 1e6:F1} MB, read and written, reaches
            {reference:F1} GB/s. Slower than {Target:P0} of it: {slower} of {rows.Count}.
            """);
        report.Table(["kernel", "MB moved", "ms", "GB/s", "of the copy's"], rows);
        report.Write("kernels");
    }

    // GB/s.
    private static double Rate(KernelBuffers buffers, KernelOperation operation, int repeats)
    {
        void Run() => operation.Run(buffers);
        buffers.Backend.Time(Warmups, Run);
        return operation.Bytes * buffers.Count / Statistics.Median(buffers.Backend.Time(repeats, Run)) / 1e6;
    }
}
