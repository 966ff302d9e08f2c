using System.Runtime.InteropServices;
using RevUp.Backends;
using RevUp.Formats;
using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>
/// A GraphProto of ONNX in the making: layers add what they compute, in NCHW (NCDHW), as operators
/// of <see cref="Opset"/>. A value has the name of the node that computes it. The numbers of
/// initializers are fetched only when the file is written, one tensor at a time.
/// </summary>
/// <remarks>Field numbers come from onnx/onnx.proto3, IR version 8.</remarks>
internal sealed class OnnxGraph(Backend backend)
{
    /// <summary>Of the operators used; every runtime since 2022 has it.</summary>
    public const int Opset = 17;

    private const int NodeField = 1;
    private const int FloatType = 1;
    private const int Int64Type = 7;
    private const int BoolType = 9;
    private const int RawDataField = 9;

    private readonly ProtobufMessage _nodes = new();
    private readonly HashSet<string> _names = [];
    private readonly List<Initializer> _initializers = [];

    /// <summary>The nodes, as fields of a GraphProto.</summary>
    public ReadOnlySpan<byte> Nodes => _nodes.Bytes;

    /// <summary>The initializers.</summary>
    public IReadOnlyList<Initializer> Initializers => _initializers;

    /// <summary>
    /// Adds an operator called "<paramref name="scope"/>/<paramref name="operation"/>" and returns
    /// its output.
    /// </summary>
    public string Node(
        string operation, string scope, ReadOnlySpan<string> inputs,
        params ReadOnlySpan<(string Name, object Value)> attributes) =>
        Node(operation, scope, inputs, [$"{scope}/{operation}"], attributes)[0];

    /// <summary>Gives a value the name by which the model's users know it.</summary>
    public void Output(string name, string value) => Node("Identity", name, [value], [name]);

    /// <summary>The two halves of x along an axis: its channels, or its samples.</summary>
    public (string First, string Second) Split(string scope, string x, long axis = 1)
    {
        string[] halves = Node("Split", scope, [x], [$"{scope}/first", $"{scope}/second"], ("axis", axis));
        return (halves[0], halves[1]);
    }

    /// <summary>
    /// scale · W ∗ x with the weights in <paramref name="w"/>, which the graph calls
    /// <paramref name="name"/>.
    /// </summary>
    public string Convolution(string name, ConvolutionGeometry geometry, Tensor w, float scale, string x)
    {
        int rank = geometry.Input.SpatialRank;
        return Node("Conv", name, [x, Tensor(name, w, scale)],
            ("kernel_shape", geometry.Kernel.ToArray(rank)),
            ("strides", geometry.Stride.ToArray(rank)),
            ("pads", (long[])[.. geometry.Padding.ToArray(rank), .. geometry.Padding.ToArray(rank)]),
            ("group", (long)geometry.Groups));
    }

    /// <summary>Wᵀ ∗ x, the dgrad of a convolution without padding.</summary>
    public string TransposedConvolution(string name, ConvolutionGeometry geometry, Tensor w, string x)
    {
        int rank = geometry.Input.SpatialRank;
        return Node("ConvTranspose", name, [x, Tensor(name, w)],
            ("kernel_shape", geometry.Kernel.ToArray(rank)),
            ("strides", geometry.Stride.ToArray(rank)));
    }

    /// <summary>W · x + bias at every position; W [O, I], bias [O].</summary>
    public string Pointwise(
        string scope, string x, int spatialRank, (string Name, Tensor Value) weight, (string Name, Tensor Value) bias)
    {
        long[] dimensions = [weight.Value.Shape[0], weight.Value.Shape[1], .. Repeat(1, spatialRank)];
        string w = Add(new Initializer(
            weight.Name, FloatType, dimensions, weight.Value.Count * sizeof(float), () => Fetch(weight.Value, 1)));
        return Node("Conv", scope, [x, w, Tensor(bias.Name, bias.Value)]);
    }

    /// <summary>φ(x), of <paramref name="channels"/> channels.</summary>
    public string Activation(Activation activation, string scope, int channels, int spatialRank, string x) =>
        activation switch
        {
            Backends.Activation.Relu => Node("Relu", scope, [x]),
            Backends.Activation.Elu => Node("Elu", scope, [x]),
            Backends.Activation.MaxMin => MaxMin(scope, channels, spatialRank, x),
            _ => x,
        };

    /// <summary>
    /// An initializer with the numbers of a tensor, channels first, times <paramref name="scale"/>.
    /// </summary>
    public string Tensor(string name, Tensor tensor, float scale = 1) => Add(new Initializer(
        name, FloatType, AxisOrders.Dimensions(tensor.Shape, AxisOrder.ChannelsFirst), tensor.Count * sizeof(float),
        () => Fetch(tensor, scale)));

    /// <summary>
    /// The numbers of a vector [C] as [C, 1, 1] (with one more 1 in 3-D), which an operator applies
    /// to every position.
    /// </summary>
    public string PerChannel(string name, Tensor vector, int spatialRank) => Add(new Initializer(
        name, FloatType, [vector.Count, .. Repeat(1, spatialRank)], vector.Count * sizeof(float),
        () => Fetch(vector, 1)));

    /// <summary>A constant vector of whole numbers.</summary>
    public string Integers(string name, params long[] values) => Add(new Initializer(
        name, Int64Type, [values.Length], values.Length * sizeof(long),
        () => MemoryMarshal.AsBytes(values.AsSpan()).ToArray()));

    /// <summary>A constant number.</summary>
    public string Number(string name, float value) => Add(new Initializer(
        name, FloatType, [], sizeof(float), () => BitConverter.GetBytes(value)));

    /// <summary>A list of equal numbers, for attributes with one entry per axis.</summary>
    public static long[] Repeat(long value, int count) => [.. Enumerable.Repeat(value, count)];

    // Of a channel and its neighbour, the greater in even channels and the lesser in odd ones.
    private string MaxMin(string scope, int channels, int spatialRank, string x)
    {
        string order = Integers(scope + ".neighbours", [.. Enumerable.Range(0, channels).Select(c => c ^ 1L)]);
        string neighbours = Node("Gather", scope, [x, order], ("axis", 1L));
        string even = Add(new Initializer(
            scope + ".even", BoolType, [channels, .. Repeat(1, spatialRank)], channels,
            () => [.. Enumerable.Range(0, channels).Select(c => (byte)(~c & 1))]));
        return Node("Where", scope, [even, Node("Max", scope, [x, neighbours]), Node("Min", scope, [x, neighbours])]);
    }

    private string[] Node(
        string operation, string scope, ReadOnlySpan<string> inputs, string[] outputs,
        params ReadOnlySpan<(string Name, object Value)> attributes)
    {
        ProtobufMessage node = new();
        foreach (string input in inputs)
        {
            node.Text(1, input);
        }
        foreach (string output in outputs)
        {
            node.Text(2, Claim(output));
        }
        node.Text(3, $"{scope}/{operation}").Text(4, operation);
        foreach ((string name, object value) in attributes)
        {
            node.Message(5, Attribute(name, value));
        }
        _nodes.Message(NodeField, node);
        return outputs;
    }

    // AttributeProto { name = 1, f = 2, i = 3, ints = 8, type = 20 }
    private static ProtobufMessage Attribute(string name, object value)
    {
        ProtobufMessage attribute = new ProtobufMessage().Text(1, name);
        return value switch
        {
            float number => attribute.Single(2, number).Integer(20, 1),
            long number => attribute.Integer(3, number).Integer(20, 2),
            _ => attribute.Integers(8, (long[])value).Integer(20, 7),
        };
    }

    private string Add(Initializer initializer)
    {
        _initializers.Add(initializer);
        return Claim(initializer.Name);
    }

    private string Claim(string name) =>
        _names.Add(name) ? name : throw new InvalidOperationException($"The graph has two values called '{name}'.");

    private byte[] Fetch(Tensor tensor, float scale)
    {
        float[] values = new float[tensor.Count];
        backend.Download<float>(tensor, values);
        byte[] bytes = new byte[tensor.Count * sizeof(float)];
        Span<float> ordered = MemoryMarshal.Cast<byte, float>(bytes.AsSpan());
        AxisOrders.ToChannelsFirst(tensor.Shape, values, ordered);
        foreach (ref float value in ordered)
        {
            value *= scale;
        }
        return bytes;
    }

    /// <summary>A constant of the graph.</summary>
    /// <param name="Name">Its value's name.</param>
    /// <param name="Type">TensorProto.DataType.</param>
    /// <param name="Dimensions">Extents.</param>
    /// <param name="Length">Bytes of the numbers.</param>
    /// <param name="Fetch">The numbers, little-endian.</param>
    public sealed record Initializer(string Name, int Type, long[] Dimensions, long Length, Func<byte[]> Fetch)
    {
        /// <summary>
        /// The TensorProto up to its numbers: { dims = 1, data_type = 2, name = 8, raw_data = 9 }.
        /// </summary>
        public ProtobufMessage Head() =>
            new ProtobufMessage().Integers(1, Dimensions).Integer(2, Type).Text(8, Name)
                .BeginBytes(RawDataField, Length);
    }
}
