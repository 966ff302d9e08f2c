using RevUp.Backends.Cuda;
using RevUp.Interop;
using RevUp.Interop.Cuda;
using RevUp.Interop.Cudnn;

namespace RevUp.Benchmarks.Studies;

/// <summary>
/// Which algorithms cuDNN's heuristic gives for convolutions that it may have nothing deterministic
/// for; those run in float32 then.
/// </summary>
internal static class CudnnStudy
{
    private const long Memory = 64 << 20;
    private const long WorkspaceLimit = 1L << 30;

    // Input, output channels, groups, extents, kernel and stride; two of them, the usual ones, to
    // compare with.
    private static readonly (
        string Name, int In, int Out, int Groups, int[] Input, int Kernel, int Stride)[] s_convolutions =
    [
        ("2-D of 64 channels", 64, 64, 1, [56, 56], 3, 1),
        ("2-D, the stem of 3 channels", 3, 64, 1, [224, 224], 7, 2),
        ("2-D of odd channels", 33, 17, 1, [28, 28], 3, 1),
        ("2-D of odd channels, 1×1", 33, 17, 1, [28, 28], 1, 1),
        ("2-D in groups", 128, 128, 32, [28, 28], 3, 1),
        ("2-D in groups of odd channels", 45, 45, 9, [28, 28], 3, 1),
        ("3-D of 16 channels", 16, 16, 1, [32, 32, 32], 3, 1),
        ("3-D of odd channels", 7, 9, 1, [32, 32, 32], 3, 1),
        ("3-D in groups", 32, 32, 4, [32, 32, 32], 3, 1),
        ("3-D in groups, strided", 32, 32, 4, [32, 32, 32], 3, 2),
        ("3-D in groups of odd channels", 21, 21, 7, [16, 16, 16], 3, 1),
    ];

    public static void Run(Arguments arguments)
    {
        int batch = arguments.Integer("--batch", 8);
        arguments.RequireNoOthers();
        Report report = new("Deterministic convolutions of cuDNN", arguments, () => new CudaBackend(capacity: Memory));
        using CudaDriver driver = CudaDriver.Open();
        CudaStream stream = driver.CreateStream();
        List<string[]> rows = [];
        List<string> without = [];
        using (CudnnHandle handle = CudnnHandle.Create(stream))
        {
            foreach (CudnnDataType type in (CudnnDataType[])[CudnnDataType.BFloat16, CudnnDataType.Float32])
            {
                foreach ((string Name, int, int, int, int[], int, int) convolution in s_convolutions)
                {
                    (bool found, string choice) = Choose(handle, type, batch, convolution);
                    rows.Add([$"{convolution.Name}, {type}", found ? "yes" : "no", choice]);
                    if (!found)
                    {
                        without.Add(rows[^1][0]);
                    }
                }
            }
        }
        driver.Destroy(stream);
        report.Paragraph(
            "Algorithms by cuDNN's numbers, with workspaces in bytes: of each pass's heuristic order the first that is "
            + "deterministic. A pass that has none runs on RevUp's own kernels, which are slower. "
            + $"Batch {batch}.");
        report.Table(["convolution", "deterministic", "algorithms"], rows);
        report.Paragraph(without.Count == 0
            ? "Verdict: every convolution has deterministic algorithms in all passes."
            : $"Verdict: {without.Count} of {rows.Count} have none: {string.Join("; ", without)}.");
        report.Write("cudnn");
    }

    private static (bool Found, string Choice) Choose(
        CudnnHandle handle, CudnnDataType type, int batch,
        (string Name, int In, int Out, int Groups, int[] Input, int Kernel, int Stride) convolution)
    {
        int[] Repeat(int value) => [.. convolution.Input.Select(_ => value)];
        CudnnGeometry geometry = new()
        {
            Type = type,
            MathType = type == CudnnDataType.BFloat16 ? CudnnMathType.TensorOp : CudnnMathType.Fma,
            Batch = batch,
            InChannels = convolution.In,
            OutChannels = convolution.Out,
            Groups = convolution.Groups,
            Input = convolution.Input,
            Kernel = Repeat(convolution.Kernel),
            Stride = Repeat(convolution.Stride),
            Padding = Repeat(convolution.Kernel / 2),
        };
        try
        {
            using CudnnConvolution created = new(handle, geometry);
            List<string> algorithms = [];
            foreach (ConvolutionPass pass in Enum.GetValues<ConvolutionPass>())
            {
                IReadOnlyList<CudnnAlgorithm> found = created.Algorithms(pass, geometry, WorkspaceLimit, out _);
                algorithms.Add($"{pass} {(found.Count == 0 ? "none" : found[0].ToString())}");
            }
            return (!algorithms.Exists(name => name.EndsWith("none", StringComparison.Ordinal)),
                string.Join(", ", algorithms));
        }
        catch (NativeException exception)
        {
            return (false, exception.Message.Split(". ")[0]);
        }
    }
}
