namespace RevUp.Tests.Training;

/// <summary>
/// Files as safetensors.torch.save_file writes them fill a network, and a file that does not fit
/// leaves it as it was.
/// </summary>
[TestClass]
public sealed class PyTorchWeightTests : FolderTest
{
    private const string Last = "head.weight";

    // Every weight is [3, 3, 3, 3] in both orders, and every vector [1, 3, 3, 3].
    private static readonly string[] s_ambiguous =
    [
        "data.channels=3", "data.extents=[3,3]", """model.stages=[{"blocks":1,"channels":3}]""",
    ];

    private static readonly Dictionary<string, string> s_none = [];
    private static readonly Dictionary<string, string> s_pyTorch = new() { ["format"] = "pt" };

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void ShapesTellTheLayout(bool withMetadata)
    {
        using SmallTraining trained = new(), fresh = new();
        trained.Run(first: 0, count: 8);
        Write(trained, Folder["pt"], withMetadata ? s_pyTorch : s_none);
        CollectionAssert.AreNotEqual(trained.State(), fresh.State());
        fresh.Net.LoadWeights(Folder["pt"]);
        CollectionAssert.AreEqual(trained.State(), fresh.State());
    }

    [TestMethod]
    public void ALayoutThatNothingTellsIsAskedFor()
    {
        using SmallTraining trained = new(s_ambiguous), fresh = new(s_ambiguous);
        trained.Run(first: 0, count: 8);
        Write(trained, Folder["pt"], s_none);
        AssertRefused(fresh, Folder["pt"], "pass channelsFirst: true");
        fresh.Net.LoadWeights(Folder["pt"], channelsFirst: true);
        CollectionAssert.AreEqual(trained.State(), fresh.State());

        using SmallTraining stated = new(s_ambiguous);
        Write(trained, Folder["stated"], s_pyTorch);
        stated.Net.LoadWeights(Folder["stated"]);
        CollectionAssert.AreEqual(trained.State(), stated.State());
    }

    [TestMethod]
    [DataRow(nameof(SafetensorsType.F64))]
    [DataRow(nameof(SafetensorsType.F16))]
    [DataRow(nameof(SafetensorsType.BF16))]
    public void OtherPrecisionsAreConverted(string name)
    {
        SafetensorsType type = Enum.Parse<SafetensorsType>(name);
        using SmallTraining trained = new(), fresh = new();
        trained.Run(first: 0, count: 8);
        Write(trained, Folder["pt"], s_none, _ => type);
        fresh.Net.LoadWeights(Folder["pt"]);
        float[] expected = [.. trained.State().Select(value => type switch
        {
            SafetensorsType.F16 => (float)(Half)value,
            SafetensorsType.BF16 => BitConverter.UInt32BitsToSingle((uint)BFloat16(value) << 16),
            _ => value,
        })];
        CollectionAssert.AreEqual(expected, fresh.State());
    }

    [TestMethod]
    [DataRow(nameof(SafetensorsType.I64))]
    [DataRow(nameof(SafetensorsType.BOOL))]
    public void AnotherTypeIsNamedAndChangesNothing(string name)
    {
        SafetensorsType type = Enum.Parse<SafetensorsType>(name);
        using SmallTraining trained = new(), fresh = new();
        trained.Run(first: 0, count: 8);
        Write(trained, Folder["pt"], s_none, name => name == Last ? type : SafetensorsType.F32);
        AssertRefused(fresh, Folder["pt"], $"the tensor '{Last}' holds {type}");
    }

    [TestMethod]
    [DataRow(float.NaN, "NaN")]
    [DataRow(float.PositiveInfinity, "Infinity")]
    public void ANumberThatIsNotFiniteIsNamedAndChangesNothing(float value, string printed)
    {
        using SmallTraining trained = new(), fresh = new();
        trained.Run(first: 0, count: 8);
        Write(trained, Folder["pt"], s_none, change: (name, values) => SetThird(name, values, value));
        AssertRefused(fresh, Folder["pt"], $"element 2 of the tensor '{Last}' is {printed}");
    }

    [TestMethod]
    public void ADoubleBeyondFloatIsNamed()
    {
        using SmallTraining trained = new(), fresh = new();
        SafetensorsTensor[] tensors = Write(trained, Folder["pt"], s_none, _ => SafetensorsType.F64);
        using (FileStream file = File.OpenWrite(Folder["pt"]))
        {
            file.Seek(-sizeof(double), SeekOrigin.End);
            file.Write(BitConverter.GetBytes(1e300));
        }
        AssertRefused(fresh, Folder["pt"], $"of the tensor '{tensors[^1].Name}' is Infinity as float32");
    }

    private static void SetThird(string name, float[] values, float value)
    {
        if (name == Last)
        {
            values[2] = value;
        }
    }

    private static void AssertRefused(SmallTraining training, string path, string message)
    {
        float[] before = training.State();
        CheckpointException refused =
            Assert.ThrowsExactly<CheckpointException>(() => training.Net.LoadWeights(path));
        Assert.Contains(message, refused.Message);
        Assert.AreEqual(path, refused.Path);
        CollectionAssert.AreEqual(before, training.State());
    }

    // Channels first, in the order of the names as PyTorch's writer has them.
    private static SafetensorsTensor[] Write(
        SmallTraining trained,
        string path,
        Dictionary<string, string> metadata,
        Func<string, SafetensorsType>? typeOf = null,
        Action<string, float[]>? change = null)
    {
        string first = path + ".first";
        trained.Net.SaveWeights(first, channelsFirst: true);
        using SafetensorsReader reader = new(first);
        SafetensorsTensor[] tensors = [.. reader.Tensors.Select(tensor => new SafetensorsTensor(
            tensor.Name, typeOf?.Invoke(tensor.Name) ?? SafetensorsType.F32, tensor.Shape))];
        using SafetensorsWriter writer = new(path, tensors, metadata);
        foreach (SafetensorsTensor tensor in tensors)
        {
            float[] values = new float[reader.Find(tensor.Name)!.ByteCount / sizeof(float)];
            reader.Read(tensor.Name, values.AsSpan());
            change?.Invoke(tensor.Name, values);
            WriteAs(writer, tensor, values);
        }
        writer.Complete();
        return tensors;
    }

    private static void WriteAs(SafetensorsWriter writer, SafetensorsTensor tensor, float[] values)
    {
        switch (tensor.Type)
        {
            case SafetensorsType.F64:
                writer.Write<double>(tensor.Name, [.. values.Select(value => (double)value)]);
                break;
            case SafetensorsType.F16:
                writer.Write<Half>(tensor.Name, [.. values.Select(value => (Half)value)]);
                break;
            case SafetensorsType.BF16:
                writer.Write<ushort>(tensor.Name, [.. values.Select(BFloat16)]);
                break;
            case SafetensorsType.I64:
                writer.Write<long>(tensor.Name, new long[values.Length]);
                break;
            case SafetensorsType.BOOL:
                writer.Write<bool>(tensor.Name, new bool[values.Length]);
                break;
            default:
                writer.Write<float>(tensor.Name, values);
                break;
        }
    }

    // Cut, not rounded: what the file holds is what is compared.
    private static ushort BFloat16(float value) => (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16);
}
