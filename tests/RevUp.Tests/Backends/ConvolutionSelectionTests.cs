using RevUp.Backends.Cuda;
using RevUp.Interop;
using RevUp.Interop.Cudnn;

namespace RevUp.Tests.Backends;

/// <summary>
/// Which algorithm a pass gets, and what is said of those that it does not: on the stand-in's
/// hostile cuDNN, which has of every kind of bad one.
/// </summary>
[TestClass]
public sealed class ConvolutionSelectionTests : FolderTest
{
    private const long Capacity = 16 << 20;

    private static readonly ConvolutionGeometry s_plane = Geometry(new Shape(1, 5, 6, 4));
    private static readonly ConvolutionGeometry s_volume = Geometry(new Shape(1, 3, 4, 3, 4));

    private readonly List<string> _said = [];

    [TestInitialize]
    public void RequireCuda()
    {
        if (!CudaOnCpu.IsUsable)
        {
            Assert.Inconclusive("This machine has no device 'cuda'.");
        }
        if (new ConvolutionOptions().OwnAlone)
        {
            Assert.Inconclusive("REVUP_CONVOLUTIONS leaves cuDNN out, and there is nothing to choose.");
        }
    }

    /// <summary>
    /// The first fails, the second wants too much, the third is wrong: the fourth is taken.
    /// </summary>
    [TestMethod]
    public void AnAlgorithmThatDoesNotProveItselfMakesRoomForTheNext()
    {
        using CudaBackend backend = Hostile();
        CudaConvolution plan = (CudaConvolution)backend.Convolution(s_plane);
        foreach (ConvolutionPass pass in Enum.GetValues<ConvolutionPass>())
        {
            Assert.AreEqual(5, plan.Algorithm(pass)?.Number, $"{pass}");
        }
        Assert.HasCount(6, _said);
        Assert.StartsWith(
            "algorithm 0 of cuDNN 9.1.0 fails with ExecutionFailed for fprop of Float32 batch 1", _said[0]);
        Assert.StartsWith("algorithm 3 of cuDNN 9.1.0 is wrong in ", _said[1]);
        Assert.Contains("for fprop of Float32 batch 1, channels 4 to 6 in 1 groups, input 5x6", _said[1]);
    }

    [TestMethod]
    public void APassWithoutAnyDeterministicAlgorithmIsOurOwn()
    {
        using CudaBackend backend = Hostile();
        CudaConvolution plan = (CudaConvolution)backend.Convolution(s_volume);
        Assert.IsTrue(Enum.GetValues<ConvolutionPass>().All(pass => plan.Algorithm(pass) is null));
        Assert.HasCount(3, _said);
        Assert.StartsWith("cuDNN 9.1.0 has no deterministic algorithm for fprop of ", _said[0]);
        Assert.EndsWith("RevUp's own, which is slower, takes its place.", _said[0]);
    }

    /// <summary>The honest cuDNN has a wgrad with a workspace, and no other.</summary>
    [TestMethod]
    public void AWorkspaceAboveTheLimitIsNotTaken()
    {
        if (Environment.GetEnvironmentVariable("REVUP_CUDNN_ON_CPU_HOSTILE") is not null)
        {
            Assert.Inconclusive("This cuDNN is hostile.");
        }
        using CudaBackend backend = new(capacity: Capacity)
        {
            ConvolutionFolder = Folder["choices"],
            Remark = _said.Add,
            WorkspaceLimit = 300,
        };
        CudaConvolution plan = (CudaConvolution)backend.Convolution(s_plane);
        Assert.IsNotNull(plan.Algorithm(ConvolutionPass.Forward));
        Assert.IsNull(plan.Algorithm(ConvolutionPass.BackwardWeights));
        Assert.Contains("a workspace of at most 300 bytes (the least is 1120; --workspace allows more)", _said[^1]);
        Assert.ThrowsExactly<ConfigurationException>(
            () => new CudaBackend(capacity: Capacity) { WorkspaceLimit = -1 }.Dispose());
    }

    /// <summary>The second backend neither proves nor times; it has nothing to say.</summary>
    [TestMethod]
    public void AChoiceIsRemembered()
    {
        CudnnAlgorithm?[] first = Choose(out long submissions);
        Assert.IsNotEmpty(_said);
        _said.Clear();
        CollectionAssert.AreEqual(first, Choose(out long later));
        Assert.IsEmpty(_said);
        Assert.IsGreaterThan(10, submissions);
        Assert.AreEqual(0, later);
    }

    /// <summary>A choice that is edited by hand is followed as long as cuDNN offers it.</summary>
    [TestMethod]
    [DataRow("\t3 Fma", true)]
    [DataRow("\t4 Fma", false)]
    public void WhatIsRememberedIsTakenWhereItIsOffered(string choice, bool taken)
    {
        CudnnAlgorithm?[] first = Choose(out _);
        string file = Directory.GetFiles(Folder["choices"]).Single();
        File.WriteAllText(file, File.ReadAllText(file).Replace("\t5 Fma", choice, StringComparison.Ordinal));
        CudnnAlgorithm?[] second = Choose(out _);
        Assert.AreEqual(taken ? 3 : 5, second[0]?.Number);
        Assert.AreEqual(5, first[0]?.Number);
    }

    [TestMethod]
    [DataRow("noise", 1)]
    [DataRow("RevUp convolutions 1\nfprop of something\tx Fma\n", 2)]
    [DataRow("RevUp convolutions 1\nfprop of something\t1 Fast\n", 2)]
    [DataRow("RevUp convolutions 1\nfprop of some", 2)]
    public void ADamagedFileIsIgnoredAndWrittenAgain(string content, int line)
    {
        CudnnAlgorithm?[] first = Choose(out _);
        string file = Directory.GetFiles(Folder["choices"]).Single(), written = File.ReadAllText(file);
        File.WriteAllText(file, content);
        _said.Clear();
        CollectionAssert.AreEqual(first, Choose(out _));
        Assert.StartsWith($"line {line} of {file} is damaged", _said[0]);
        Assert.AreEqual(written, File.ReadAllText(file));
    }

    [TestMethod]
    public void AFileThatCannotBeWrittenIsNoError()
    {
        File.WriteAllText(Folder["choices"], "a file in the place of the folder");
        _ = Choose(out _);
        Assert.IsTrue(_said.Exists(text => text.Contains("cannot be written", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void OurOwnConvolutionsAloneNeedNoCudnn()
    {
        using CudaBackend backend = new(capacity: Capacity) { OwnConvolutions = true, Remark = _said.Add };
        CudaConvolution plan = (CudaConvolution)backend.Convolution(s_plane);
        Assert.IsTrue(Enum.GetValues<ConvolutionPass>().All(pass => plan.Algorithm(pass) is null));
        Assert.IsEmpty(_said);
    }

    /// <summary>A pass is tried once with the next operation; the choice is remembered.</summary>
    [TestMethod]
    [DataRow("1 Default", true)]
    [DataRow("0 Default", false)]
    public void AFusionIsTriedOnceAndRemembered(string choice, bool expected)
    {
        bool tried = Fuses(out long submissions);
        Assert.IsGreaterThan(10, submissions);
        string file = Directory.GetFiles(Folder["choices"]).Single();
        string line = File.ReadAllLines(file)
            .Single(text => text.StartsWith("fprop with the residual add of Float32", StringComparison.Ordinal));
        Assert.EndsWith(tried ? "\t1 Default" : "\t0 Default", line);
        string edited = string.Concat(line.AsSpan(0, line.IndexOf('\t', StringComparison.Ordinal) + 1), choice);
        File.WriteAllText(file, File.ReadAllText(file).Replace(line, edited, StringComparison.Ordinal));
        Assert.AreEqual(expected, Fuses(out submissions));
        Assert.AreEqual(0, submissions);

        bool Fuses(out long submissions)
        {
            using CudaBackend backend = new(capacity: Capacity) { ConvolutionFolder = Folder["choices"] };
            ConvolutionPlan plan = backend.Convolution(s_plane);
            submissions = CudaCounters.Submissions;
            bool fuses = plan.Fuses(ConvolutionFusion.Stream);
            Assert.AreEqual(fuses, plan.Fuses(ConvolutionFusion.Stream));
            submissions = CudaCounters.Submissions - submissions;
            return fuses;
        }
    }

    /// <summary>Gradients of φ are fused where branches keep its results: in bfloat16.</summary>
    [TestMethod]
    [DataRow(ElementType.Float32, new[] { ConvolutionFusion.Stream })]
    [DataRow(ElementType.BFloat16, new[]
    {
        ConvolutionFusion.Stream, ConvolutionFusion.Activation, ConvolutionFusion.Gradient,
        ConvolutionFusion.StreamGradient,
    })]
    public void OurOwnConvolutionsDoTheOperationBehindThem(ElementType type, object expected)
    {
        using CudaBackend backend = new(capacity: Capacity) { OwnConvolutions = true, Remark = _said.Add };
        ConvolutionPlan plan = backend.Convolution(s_plane with { Type = type });
        CollectionAssert.AreEqual(
            (ConvolutionFusion[])expected, Enum.GetValues<ConvolutionFusion>().Where(plan.Fuses).ToArray());
        Assert.IsEmpty(_said);
    }

    private static ConvolutionGeometry Geometry(Shape input) => new(
        input, OutputChannels: 6, Kernel: 3, Stride: 1, Padding: 1, Groups: 1, ElementType.Float32);

    private CudnnAlgorithm?[] Choose(out long submissions)
    {
        using CudaBackend backend = Hostile();
        long before = CudaCounters.Submissions;
        CudaConvolution plan = (CudaConvolution)backend.Convolution(s_plane);
        submissions = CudaCounters.Submissions - before;
        return [.. Enum.GetValues<ConvolutionPass>().Select(plan.Algorithm)];
    }

    private CudaBackend Hostile()
    {
        CudaBackend? backend = HostileCudnn.Open(_ => new CudaBackend(capacity: Capacity)
        {
            ConvolutionFolder = Folder["choices"],
            Remark = _said.Add,
        });
        if (backend is null)
        {
            Assert.Inconclusive("The stand-in for cuDNN was not built.");
        }
        return backend;
    }
}
