namespace RevUp.Tests.Cli;

/// <summary>From files to masks that lie on them.</summary>
[TestClass]
public sealed class SegmentCommandTests
{
    private const string Oracle = "tests/RevUp.Tests/Data/Volumes/labels_oracle.py";

    private static readonly ChannelNormalization s_none = new([0], [1]);

    /// <summary>
    /// The network answers by the sign of the value alone, so the mask of any orientation and
    /// spacing is known: positive voxels have class 1, which the label maps call 7.
    /// </summary>
    [TestMethod]
    public void MasksLieOnTheirVolumes()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["in"]);
        // x to the left and to the back: both axes are mirrored on the way to the network.
        byte[] volume = NiftiFiles.CreateOriented(6, 5, 4, -1, 0, 0, 0, -1, 0, 0, 0, 2);
        short[] numbers = [.. Enumerable.Range(0, 120).Select(i => (short)(i % 7 < 3 ? 50 : -50))];
        NiftiFiles.Write(volume, 352, numbers);
        File.WriteAllBytes(folder["in/case_0000.nii"], volume);
        string model = Save(folder, SignNet(3), new CaseRules(
            new DensePreparation([2, 1, 1], [new ChannelRule("MR", ChannelRuleKind.None)], IsMasked: false), [0, 7]));

        ToolResult result = Tool.Run("segment", folder["in"], folder["out"], "--checkpoint", model, "--threads", "1");
        Assert.AreEqual(0, result.ExitCode, result.Error);
        Assert.AreEqual(folder["out/case.nii.gz"], result.Output.Trim());
        float[] mask = new float[120];
        new VolumeFile(
            new Shape(1, 4, 5, 6, 1), VoxelType.UInt8, new VolumeSettings { Orientation = VolumeOrientation.Stored })
            .Read(folder["out/case.nii.gz"], mask);
        CollectionAssert.AreEqual(numbers.Select(number => number > 0 ? 7f : 0f).ToArray(), mask);

        ToolResult json = Tool.Run(
            "segment", folder["in/case_0000.nii"], folder["one.nii"], "--checkpoint", model, "--threads", "1",
            "--json");
        Assert.AreEqual(folder["one.nii"], json.Json.GetProperty("masks")[0].GetString());
        Assert.AreEqual(7, json.Json.GetProperty("classes")[1].GetProperty("number").GetInt32());
    }

    /// <summary>
    /// Resampled to another spacing and back, in every orientation, as nibabel sees it.
    /// </summary>
    [TestMethod]
    public void GeometryIsTheImagesForEverySpacing()
    {
        using TemporaryFolder folder = new();
        string[] images = PythonOracle.Run(Oracle, "python3-nibabel", "make", folder.Path);
        string model = Save(folder, SignNet(3), new CaseRules(
            new DensePreparation([1.3, 0.8, 1], [new ChannelRule("MR", ChannelRuleKind.None)], IsMasked: false), []));
        int masks = 0;
        foreach (string name in images.Select(line => line.Split(' ')[0]))
        {
            if (NiftiHeader.Parse(name, VolumeFile.HeaderBytes(folder[name])!).Extents.Channels > 1
                || name.EndsWith(".img", StringComparison.Ordinal))
            {
                continue;
            }
            ToolResult result = Tool.Run(
                "segment", folder[name], folder[name + ".labels.nii.gz"], "--checkpoint", model, "--threads", "1");
            Assert.AreEqual(0, result.ExitCode, result.Error);
            masks++;
        }
        Assert.AreEqual(6, masks, "single files of one channel");
        Assert.HasCount(masks, PythonOracle.Run(Oracle, "python3-nibabel", "check", folder.Path));
    }

    [TestMethod]
    public void PicturesGetGreyMasks()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["in"]);
        ushort[] pixels = [.. Enumerable.Range(0, 7 * 9).Select(i => (ushort)(i % 5 < 2 ? 250 : 3))];
        PngImage.WriteLabels(folder["in/a.png"], width: 9, height: 7, pixels, classes: 256);
        string model = Save(folder, SignNet(2), null, new ChannelNormalization([0.5], [1]));
        ToolResult result = Tool.Run("segment", folder["in"], folder["out"], "--checkpoint", model, "--threads", "1");
        Assert.AreEqual(0, result.ExitCode, result.Error);
        string[] lines =
            PythonOracle.Run("tests/RevUp.Tests/Formats/png_oracle.py", "python3-pil", folder["out/a.png"]);
        Assert.AreEqual("L 9 7", lines[0]);
        Assert.AreEqual(string.Join(' ', pixels.Select(pixel => pixel > 100 ? 1 : 0)), lines[1]);
    }

    /// <summary>
    /// After nnU-Net's folder CASE_0000.png is a channel of CASE, and values are normalised by
    /// case; the masks have the numbers of the label maps.
    /// </summary>
    [TestMethod]
    public void PicturesOfNnUNetAreCasesByTheirChannels()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["in"]);
        ushort[] pixels = [.. Enumerable.Range(0, 7 * 9).Select(i => (ushort)(i % 5 < 2 ? 250 : 3))];
        foreach (string name in (string[])["a_0000.png", "b_0000.png"])
        {
            PngImage.WriteLabels(folder[$"in/{name}"], width: 9, height: 7, pixels, classes: 256);
        }
        string model = Save(folder, SignNet(2), new CaseRules(
            new DensePreparation([1, 1, 1], [new ChannelRule("grey", ChannelRuleKind.Case)], IsMasked: false), [0, 7]));
        ToolResult result = Tool.Run("segment", folder["in"], folder["out"], "--checkpoint", model, "--threads", "1");
        Assert.AreEqual(0, result.ExitCode, result.Error);
        Assert.AreEqual($"{folder["out/a.png"]}\n{folder["out/b.png"]}", result.Output.Trim());
        string[] lines =
            PythonOracle.Run("tests/RevUp.Tests/Formats/png_oracle.py", "python3-pil", folder["out/b.png"]);
        Assert.AreEqual("L 9 7", lines[0]);
        Assert.AreEqual(string.Join(' ', pixels.Select(pixel => pixel > 100 ? 7 : 0)), lines[1]);

        PngImage.WriteLabels(folder["in/b_0001.png"], width: 9, height: 7, pixels, classes: 256);
        ToolResult refused = Tool.Run("segment", folder["in"], folder["more"], "--checkpoint", model, "--threads", "1");
        Assert.AreEqual(1, refused.ExitCode);
        Assert.Contains("b_0000.png, b_0001.png are channels of one case", refused.LastError);
    }

    /// <summary>
    /// 50 volumes of drawn oblique affines, axis orders, steps, codes, units and types. Their
    /// values grow along a drawn direction through 0. nibabel compares geometry, and signs away
    /// from 0.
    /// </summary>
    [TestMethod]
    public void MasksOfDrawnGeometriesLieOnTheirVolumes()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["in"]);
        Assert.HasCount(50, PythonOracle.Run(Oracle, "python3-nibabel", "draw", folder["in"]));
        string model = Save(folder, SignNet(3), new CaseRules(
            new DensePreparation([1.3, 0.8, 1], [new ChannelRule("MR", ChannelRuleKind.None)], IsMasked: false), []));
        ToolResult result = Tool.Run("segment", folder["in"], folder["out"], "--checkpoint", model, "--threads", "1");
        Assert.AreEqual(0, result.ExitCode, result.Error);
        foreach (string path in Directory.EnumerateFiles(folder["out"], "*.nii.gz"))
        {
            string name = Path.GetFileName(path)[..^".nii.gz".Length];
            string image = Directory.EnumerateFiles(folder["in"], name + ".nii*").Single();
            File.Move(path, image + ".labels.nii.gz");
        }
        Assert.HasCount(50, PythonOracle.Run(Oracle, "python3-nibabel", "check-signs", folder["in"]));
    }

    /// <summary>Nothing is segmented, and all files stay.</summary>
    [TestMethod]
    [DataRow("in", "in", "which is the image itself; name another output")]
    [DataRow("in", "link", "which is the image itself; name another output")]
    [DataRow("in/a.png", "in", "which is the image itself; name another output")]
    [DataRow("twice", "out", "a.jpg' already; name another output")]
    [DataRow("in", "in/a.png", "whose masks go into a folder, and")]
    [DataRow("scans", "out", "nor a folder with one in it; convert it to NIfTI, DICOM by dcm2niix")]
    public void AMaskTakesThePlaceOfNoOtherFile(string input, string output, string message)
    {
        using TemporaryFolder folder = new();
        foreach (string name in (string[])["in/a.png", "in/b.png", "twice/a.jpg", "twice/a.png", "scans/I1.dcm"])
        {
            Directory.CreateDirectory(Path.GetDirectoryName(folder[name])!);
            PngImage.WriteLabels(folder[name], width: 9, height: 7, new ushort[63], classes: 256);
        }
        File.CreateSymbolicLink(folder["link"], folder["in"]);
        string model = Save(folder, SignNet(2), null, new ChannelNormalization([0.5], [1]));
        byte[] before = File.ReadAllBytes(folder["in/a.png"]);
        ToolResult result = Tool.Run(
            "segment", folder[input], folder[output], "--checkpoint", model, "--threads", "1");
        Assert.AreEqual(1, result.ExitCode);
        Assert.Contains(message, result.LastError);
        CollectionAssert.AreEqual(before, File.ReadAllBytes(folder["in/a.png"]));
        Assert.IsFalse(Directory.Exists(folder["out"]));
    }

    [TestMethod]
    [DataRow("--memory", "16KiB", "No room for")]
    [DataRow("--memory", "lots", "'lots' is not a positive number of bytes")]
    public void TooFewBytesAreRefused(string option, string bytes, string message)
    {
        using TemporaryFolder folder = new();
        PngImage.WriteLabels(folder["a.png"], width: 90, height: 70, new ushort[6300], classes: 256);
        string model = Save(folder, SignNet(2), null, new ChannelNormalization([0.5], [1]));
        ToolResult result = Tool.Run(
            "segment", folder["a.png"], folder["mask.png"], "--checkpoint", model, option, bytes);
        Assert.AreNotEqual(0, result.ExitCode);
        Assert.Contains(message, result.LastError);
        Assert.IsFalse(File.Exists(folder["mask.png"]));
    }

    [TestMethod]
    public void ANetworkSaysHowManyChannelsItTakes()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["a.png"], ImageFiles.Png(1, 9, 7));
        string model = Save(folder, SignNet(2), new CaseRules(
            new DensePreparation([1, 1, 1], [new ChannelRule("grey", ChannelRuleKind.Case)], IsMasked: false), []));
        ToolResult result = Tool.Run(
            "segment", folder["a.png"], folder["mask.png"], "--checkpoint", model, "--threads", "1");
        Assert.AreEqual(1, result.ExitCode);
        Assert.Contains("has 3 channels, and the network takes 1; give as many", result.LastError);
    }

    [TestMethod]
    public void TheFolderOfAMaskIsMade()
    {
        using TemporaryFolder folder = new();
        PngImage.WriteLabels(folder["a.png"], width: 9, height: 7, new ushort[63], classes: 256);
        string model = Save(folder, SignNet(2), null, new ChannelNormalization([0.5], [1]));
        ToolResult result = Tool.Run(
            "segment", folder["a.png"], folder["new/mask.png"], "--checkpoint", model, "--threads", "1");
        Assert.AreEqual(0, result.ExitCode, result.Error);
        Assert.IsTrue(File.Exists(folder["new/mask.png"]));
    }

    [TestMethod]
    [DataRow("nothing", "out", "'nothing' is neither a volume (.nii, .nii.gz) nor a picture")]
    [DataRow("case.nii", "mask.png", "cannot be 'mask.png'; end the name with .nii or .nii.gz")]
    public void WrongNamesAreRefused(string input, string output, string message)
    {
        using TemporaryFolder folder = new();
        string model = Save(folder, SignNet(3), null);
        ToolResult result = Tool.Run("segment", input, output, "--checkpoint", model, "--threads", "1");
        Assert.AreEqual(1, result.ExitCode);
        Assert.Contains(message, result.LastError);
    }

    // One level, nothing in its branch: logits of class 1 and 0 are the first channel of the stem
    // and its negative, and the stem copies the value.
    private static Func<CpuBackend, RevUpNet> SignNet(int rank) => backend =>
    {
        ModelSettings settings = new()
        {
            Task = ModelTask.Segmentation,
            Downsampling = Downsampling.Strided,
            Stages = [new StageSettings { Channels = 2, Blocks = 1 }, new StageSettings { Channels = 2, Blocks = 1 }],
        };
        RevUpNet net = new(backend, settings, new Shape([1, .. Enumerable.Repeat(8, rank), 1]), classes: 2, seed: 1);
        backend.Fill(net.Parameters.Values, 0);
        foreach ((string name, float[] values) in (IEnumerable<(string, float[])>)
            [("head.weight", [-1, 1, 1, -1]), ("stem.weight", Stem())])
        {
            backend.Upload<float>(values, net.Parameters.Parameters.Single(parameter => parameter.Name == name).Value);
        }
        return net;

        // [O, (kD), kH, kW, 1]: the centre is 1 for the first channel and −1 for the second.
        float[] Stem()
        {
            int taps = (int)Math.Pow(3, rank);
            float[] weights = new float[2 * taps];
            (weights[taps / 2], weights[taps + taps / 2]) = (1, -1);
            return weights;
        }
    };

    private static string Save(
        TemporaryFolder folder, Func<CpuBackend, RevUpNet> create, CaseRules? rules,
        ChannelNormalization? normalization = null)
    {
        using CpuBackend backend = TestRuns.Backend();
        using RevUpNet net = create(backend);
        Checkpoint.SaveModel(net, folder["net.safetensors"], normalization ?? s_none, ["nothing", "thing"], rules);
        return folder["net.safetensors"];
    }
}
