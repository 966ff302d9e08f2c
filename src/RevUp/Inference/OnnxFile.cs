using RevUp.Data;
using RevUp.Formats;
using RevUp.Layers;
using RevUp.Models;
using RevUp.Tensors;

namespace RevUp.Inference;

/// <summary>Writes trained networks as ONNX models, for inference in other programs.</summary>
/// <example><code>
/// using LoadedCheckpoint loaded = Checkpoint.Load(backend, "runs/cifar10");
/// OnnxFile.Write(loaded.Network, "net.onnx", loaded.Normalization, ["airplane", "automobile"]);
/// </code></example>
internal static class OnnxFile
{
    /// <summary>Name of the model's input.</summary>
    public const string InputName = "input";

    /// <summary>Name of the model's output.</summary>
    public const string OutputName = "logits";

    private const int IrVersion = 8;
    private const int GraphField = 7;
    private const int InitializerField = 5;

    /// <summary>
    /// The network as it evaluates: "logits" [N, classes] (no softmax or sigmoid) of "input" [N, C,
    /// (D), H, W], normalised like the training data; float32, any batch N, opset 17. Lipschitz
    /// factors, multipliers and running statistics are constants of the graph.
    /// </summary>
    /// <remarks>
    /// A U-Net has "logits" [N, classes, (D), H, W], and takes any extents that its transitions
    /// divide. The layout is ONNX's, not RevUp's channels-last. A network of bfloat16 branches is
    /// computed in float32. Weights go to the file one tensor at a time. metadata_props: "mean" and
    /// "std" (JSON arrays, one number for each channel: input = (x / 255 − mean) / std for bytes x,
    /// (x − mean) / std for other numbers) and "classes" (a JSON array of names), where they are
    /// given. "task" is the network's: "classification", "segmentation", "multiLabel" or
    /// "regression", whose "logits" are the numbers themselves.
    /// </remarks>
    /// <param name="net">The network.</param>
    /// <param name="path">
    /// The file; one that is there is replaced when the new one is whole.
    /// </param>
    /// <param name="normalization">Of the training set.</param>
    /// <param name="classes">Names, in the order of the logits.</param>
    /// <exception cref="ArgumentException">There are not as many names as classes.</exception>
    /// <exception cref="ConfigurationException">
    /// The model would exceed the format's 2 GiB.
    /// </exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    internal static void Write(
        RevUpNet net, string path, ChannelNormalization? normalization = null, IReadOnlyList<string>? classes = null)
    {
        ArgumentNullException.ThrowIfNull(net);
        ArgumentException.ThrowIfNullOrEmpty(path);
        using Driving driving = net.Drive();
        if (classes is not null && classes.Count != net.Classes)
        {
            throw new ArgumentException(
                $"{classes.Count} names were given for {net.Classes} classes; give one for each.", nameof(classes));
        }
        // The factors of the branches are computed when the layers are prepared.
        net.PrepareInference(batch: 1);
        OnnxGraph graph = new(net.Backend);
        string value = net.Settings.TestTimeFlip ? WithMirror(graph, net.Sample) : InputName;
        foreach (Layer layer in net.Layers)
        {
            value = layer.Export(graph, value);
        }
        graph.Output(OutputName, net.Settings.TestTimeFlip ? MeanOfBoth(graph, value) : value);
        string temporary = path + ".incomplete";
        try
        {
            using (FileStream file = File.Create(temporary))
            {
                Write(file, Head(net.Settings.Task, normalization, classes), GraphHead(net, graph), graph.Initializers);
            }
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    // [2N, C, (D), H, W]: the samples, and behind them the samples with left and right exchanged.
    private static string WithMirror(OnnxGraph graph, Shape sample)
    {
        int width = sample[sample.Rank - 2];
        string order = graph.Integers("mirror.order", [.. Enumerable.Range(1, width).Select(x => (long)(width - x))]);
        string mirrored = graph.Node("Gather", "mirror", [InputName, order], ("axis", sample.SpatialRank + 1L));
        return graph.Node("Concat", "mirror", [InputName, mirrored], ("axis", 0L));
    }

    private static string MeanOfBoth(OnnxGraph graph, string logits)
    {
        (string own, string mirrored) = graph.Split("mirror", logits, axis: 0);
        string sum = graph.Node("Add", "mirror", [own, mirrored]);
        return graph.Node("Mul", "mirror", [sum, graph.Number("mirror.half", 0.5f)]);
    }

    // The length of the graph stands before it, so all heads are made first and the numbers go
    // straight to the file.
    private static void Write(
        FileStream file, ProtobufMessage model, ProtobufMessage graph,
        IReadOnlyList<OnnxGraph.Initializer> initializers)
    {
        long length = graph.Bytes.Length;
        foreach (OnnxGraph.Initializer initializer in initializers)
        {
            long own = initializer.Head().Bytes.Length + initializer.Length;
            length += ProtobufMessage.HeadLength(InitializerField, own) + own;
        }
        ConfigurationException.Require(
            length + model.Bytes.Length <= int.MaxValue,
            $"the network takes {length} bytes, and an ONNX file holds at most {int.MaxValue}; export its weights "
            + $"instead");
        file.Write(model.BeginBytes(GraphField, length).Bytes);
        file.Write(graph.Bytes);
        ProtobufMessage field = new();
        foreach (OnnxGraph.Initializer initializer in initializers)
        {
            ProtobufMessage head = initializer.Head();
            file.Write(field.Clear().BeginBytes(InitializerField, head.Bytes.Length + initializer.Length).Bytes);
            file.Write(head.Bytes);
            file.Write(initializer.Fetch());
        }
        file.Flush(flushToDisk: true);
    }

    // ModelProto { ir_version = 1, producer_name = 2, producer_version = 3, opset_import = 8 {
    // domain = 1, version = 2 }, metadata_props = 14 { key = 1, value = 2 } }
    private static ProtobufMessage Head(
        ModelTask task, ChannelNormalization? normalization, IReadOnlyList<string>? classes)
    {
        ProtobufMessage model = new ProtobufMessage()
            .Integer(1, IrVersion)
            .Text(2, "RevUp")
            .Text(3, typeof(OnnxFile).Assembly.GetName().Version!.ToString(3))
            .Message(8, new ProtobufMessage().Text(1, "").Integer(2, OnnxGraph.Opset));
        Property("task", ModelSettings.Name(task));
        if (normalization is not null)
        {
            Property("mean", JsonSerializer.Serialize(normalization.Mean, OnnxJson.Default.IReadOnlyListDouble));
            Property("std", JsonSerializer.Serialize(normalization.Deviation, OnnxJson.Default.IReadOnlyListDouble));
        }
        if (classes is not null)
        {
            Property("classes", JsonSerializer.Serialize(classes, OnnxJson.Default.IReadOnlyListString));
        }
        return model;

        void Property(string key, string value) => model.Message(14, new ProtobufMessage().Text(1, key).Text(2, value));
    }

    // GraphProto { node = 1, name = 2, initializer = 5, input = 11, output = 12 }, without its
    // initializers.
    private static ProtobufMessage GraphHead(RevUpNet net, OnnxGraph graph)
    {
        Shape sample = net.Sample;
        bool segments = net.Settings.Task == ModelTask.Segmentation;
        object[] axes = segments
            ? sample.SpatialRank == 3 ? ["D", "H", "W"] : ["H", "W"]
            : [.. AxisOrders.Dimensions(sample, AxisOrder.ChannelsFirst)[2..].Cast<object>()];
        object[] outputs = segments ? axes : [];
        return new ProtobufMessage()
            .Append(graph.Nodes)
            .Text(2, "RevUp")
            .Message(11, Value(InputName, ["N", (long)sample.Channels, .. axes]))
            .Message(12, Value(OutputName, ["N", (long)net.Classes, .. outputs]));
    }

    // ValueInfoProto { name = 1, type = 2 { tensor_type = 1 { elem_type = 1, shape = 2 { dim = 1 {
    // dim_value = 1 or dim_param = 2 } } } } }. A dimension is a number, or the name of any.
    private static ProtobufMessage Value(string name, ReadOnlySpan<object> dimensions)
    {
        ProtobufMessage shape = new();
        foreach (object dimension in dimensions)
        {
            ProtobufMessage part = new();
            shape.Message(1, dimension is long extent ? part.Integer(1, extent) : part.Text(2, (string)dimension));
        }
        ProtobufMessage tensor = new ProtobufMessage().Integer(1, 1).Message(2, shape);
        return new ProtobufMessage().Text(1, name).Message(2, new ProtobufMessage().Message(1, tensor));
    }
}
