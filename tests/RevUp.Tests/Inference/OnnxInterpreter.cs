using System.Buffers.Binary;

namespace RevUp.Tests.Inference;

/// <summary>A value of an ONNX graph in float64, row-major.</summary>
internal sealed record OnnxValue(int[] Shape, double[] Data)
{
    public int Channels => Shape[1];

    /// <summary>Elements of one channel of one sample.</summary>
    public int Positions => Shape.Skip(2).Aggregate(1, (product, extent) => product * extent);
}

/// <summary>
/// Reads an ONNX model and evaluates it in float64, operator by operator as their specification has
/// it (opset 17) and as slowly: a judge of the exported graph that is always there.
/// </summary>
internal sealed class OnnxInterpreter
{
    private readonly ProtobufFields _graph;
    private readonly Dictionary<string, OnnxValue> _values = [];

    public OnnxInterpreter(string path)
    {
        Model = new ProtobufFields(File.ReadAllBytes(path));
        _graph = Model.Message(7);
        foreach (ProtobufFields tensor in _graph.Messages(5))
        {
            int[] shape = [.. tensor.Integers(1).Select(extent => (int)extent)];
            byte[] raw = tensor.Bytes(9);
            double[] data = tensor.Integer(2) switch
            {
                1 => [.. raw.Chunk(4).Select(bytes => (double)BinaryPrimitives.ReadSingleLittleEndian(bytes))],
                7 => [.. raw.Chunk(8).Select(bytes => (double)BinaryPrimitives.ReadInt64LittleEndian(bytes))],
                _ => [.. raw.Select(value => (double)value)],
            };
            Assert.HasCount(shape.Aggregate(1, (product, extent) => product * extent), data, tensor.Text(8));
            _values.Add(tensor.Text(8), new OnnxValue(shape, data));
        }
    }

    public ProtobufFields Model { get; }

    public string[] Operators => [.. _graph.Messages(1).Select(node => node.Text(4)).Distinct()];

    /// <summary>The output of the model for its one input.</summary>
    public OnnxValue Run(OnnxValue input)
    {
        _values[_graph.Message(11).Text(1)] = input;
        foreach (ProtobufFields node in _graph.Messages(1))
        {
            OnnxValue[] inputs = [.. node.Texts(1).Select(name => _values[name])];
            OnnxValue[] outputs = Evaluate(
                node.Text(4), inputs, node.Messages(5).ToDictionary(attribute => attribute.Text(1)));
            foreach ((string name, OnnxValue value) in node.Texts(2).Zip(outputs))
            {
                _values.Add(name, value);
            }
        }
        return _values[_graph.Message(12).Text(1)];
    }

    private static OnnxValue[] Evaluate(string operation, OnnxValue[] x, Dictionary<string, ProtobufFields> attributes)
    {
        long[] Integers(string name) => attributes[name].Integers(8);
        long Integer(string name) => attributes[name].Integer(3);
        return operation switch
        {
            "Identity" => [x[0]],
            "Relu" => [Map(x[0], value => Math.Max(value, 0))],
            "Elu" => [Map(x[0], value => value > 0 ? value : Math.Exp(value) - 1)],
            "Add" => [Broadcast(x[0], x[1], (a, b) => a + b)],
            "Mul" => [Broadcast(x[0], x[1], (a, b) => a * b)],
            "Max" => [x[0] with { Data = [.. x[0].Data.Zip(x[1].Data, Math.Max)] }],
            "Min" => [x[0] with { Data = [.. x[0].Data.Zip(x[1].Data, Math.Min)] }],
            "Where" => [Where(x[0], x[1], x[2])],
            "Gather" => [Gather(x[0], x[1], Integer("axis"))],
            "BatchNormalization" => [BatchNormalization(x, attributes["epsilon"].Single(2))],
            "InstanceNormalization" => [InstanceNormalization(x, attributes["epsilon"].Single(2))],
            // Without attributes and with a bias: at every position.
            "Conv" when x.Length == 3 => [Broadcast(Pointwise(x[0], x[1]), PerChannel(x[2], x[0]), (a, b) => a + b)],
            "Conv" => [Convolution(x[0], x[1], (int)Integer("group"), Integers("strides"), Integers("pads"))],
            "ConvTranspose" => [TransposedConvolution(x[0], x[1], Integers("strides"))],
            "MaxPool" => [MaxPool(x[0], Integers("kernel_shape"), Integers("strides"), Integers("pads"))],
            "Pad" => [Pad(x[0], x[1])],
            "SpaceToDepth" => [SpaceToDepth(x[0], (int)Integer("blocksize"))],
            "Reshape" =>
                [new OnnxValue(
                    [.. x[1].Data.Select((extent, axis) => extent == 0 ? x[0].Shape[axis] : (int)extent)], x[0].Data)],
            "Transpose" => [Transpose(x[0], Integers("perm"))],
            "GlobalAveragePool" =>
                [new OnnxValue(
                    [x[0].Shape[0], x[0].Channels, 1, 1],
                    [.. x[0].Data.Chunk(x[0].Positions).Select(c => c.Average())])],
            "Flatten" => [new OnnxValue([x[0].Shape[0], x[0].Data.Length / x[0].Shape[0]], x[0].Data)],
            "Gemm" => [Gemm(x[0], x[1], x[2], Integer("transB"))],
            "Split" => [Half(x[0], 0, Integer("axis")), Half(x[0], 1, Integer("axis"))],
            "Concat" => [Concatenate(x[0], x[1], Integer("axis"))],
            _ => throw new AssertFailedException($"operator {operation} is not one of those that were specified here"),
        };
    }

    private static OnnxValue Map(OnnxValue x, Func<double, double> function) =>
        x with { Data = [.. x.Data.Select(function)] };

    // The second operand has the shape of the first, is one number, or one for each channel: [C, 1,
    // 1].
    private static OnnxValue Broadcast(OnnxValue x, OnnxValue y, Func<double, double, double> function)
    {
        if (y.Data.Length == 1 || y.Shape.SequenceEqual(x.Shape))
        {
            return x with { Data = [.. x.Data.Select((value, i) => function(value, y.Data[i % y.Data.Length]))] };
        }
        CollectionAssert.AreEqual(x.Shape.Skip(1).Select((extent, axis) => axis == 0 ? extent : 1).ToArray(), y.Shape);
        return x with
        {
            Data = [.. x.Data.Select((value, i) => function(value, y.Data[i / x.Positions % x.Channels]))],
        };
    }

    // The condition has a number for each channel: [C, 1, 1].
    private static OnnxValue Where(OnnxValue condition, OnnxValue x, OnnxValue y) =>
        x with
        {
            Data =
                [.. x.Data.Select((value, i) => condition.Data[i / x.Positions % x.Channels] != 0 ? value : y.Data[i])],
        };

    private static OnnxValue Gather(OnnxValue x, OnnxValue indices, long axis)
    {
        if (axis == x.Shape.Length - 1)
        {
            return x with
            {
                Data = [.. x.Data.Chunk(x.Shape[^1]).SelectMany(row => indices.Data.Select(i => row[(int)i]))],
            };
        }
        Assert.AreEqual(1, axis);
        double[][] channels = [.. x.Data.Chunk(x.Positions)];
        IEnumerable<int> order =
            Enumerable.Range(0, channels.Length).Select(i => i - (i % x.Channels) + (int)indices.Data[i % x.Channels]);
        return x with { Data = [.. order.SelectMany(i => channels[i])] };
    }

    private static OnnxValue BatchNormalization(OnnxValue[] x, double epsilon)
    {
        (OnnxValue input, double[] scale, double[] bias, double[] mean, double[] variance) =
            (x[0], x[1].Data, x[2].Data, x[3].Data, x[4].Data);
        return input with
        {
            Data = [.. input.Data.Select((value, i) =>
            {
                int c = i / input.Positions % input.Channels;
                return ((value - mean[c]) / Math.Sqrt(variance[c] + epsilon) * scale[c]) + bias[c];
            })],
        };
    }

    private static OnnxValue InstanceNormalization(OnnxValue[] x, double epsilon) => x[0] with
    {
        Data = [.. x[0].Data.Chunk(x[0].Positions).SelectMany((values, i) =>
        {
            double mean = values.Average(), variance = values.Average(value => (value - mean) * (value - mean));
            int c = i % x[0].Channels;
            return values.Select(value => (value - mean) / Math.Sqrt(variance + epsilon) * x[1].Data[c] + x[2].Data[c]);
        })],
    };

    private static OnnxValue Convolution(OnnxValue x, OnnxValue w, int groups, long[] strides, long[] pads)
    {
        (int outputs, int perGroup) = (w.Shape[0], w.Shape[1]);
        int[] kernel = w.Shape[2..];
        return Windows(x, outputs, kernel, strides, pads, (n, o, window) =>
        {
            double sum = 0;
            foreach ((int position, int tap) in window)
            {
                for (int i = 0; i < perGroup; i++)
                {
                    int channel = (o / (outputs / groups) * perGroup) + i;
                    sum += x.Data[(((n * x.Channels) + channel) * x.Positions) + position] * w.Data[(
                        ((o * perGroup) + i) * w.Positions) + tap];
                }
            }
            return sum;
        });
    }

    private static OnnxValue Pointwise(OnnxValue x, OnnxValue w)
    {
        long[] ones = [.. x.Shape[2..].Select(_ => 1L)];
        return Convolution(x, w, 1, ones, [.. ones.Concat(ones).Select(_ => 0L)]);
    }

    private static OnnxValue PerChannel(OnnxValue bias, OnnxValue x) =>
        bias with { Shape = [bias.Data.Length, .. x.Shape[2..].Select(_ => 1)] };

    // Every input adds its window of outputs; kernels are as large as their strides.
    private static OnnxValue TransposedConvolution(OnnxValue x, OnnxValue w, long[] strides)
    {
        CollectionAssert.AreEqual(strides, w.Shape[2..].Select(extent => (long)extent).ToArray());
        int[] shape = [x.Shape[0], w.Shape[1], .. x.Shape[2..].Zip(strides, (extent, stride) => extent * (int)stride)];
        double[] data = new double[shape.Aggregate(1, (product, extent) => product * extent)];
        for (int i = 0; i < data.Length; i++)
        {
            int[] at = Coordinates(i, shape);
            for (int c = 0; c < x.Channels; c++)
            {
                int[] from = [at[0], c, .. at.Skip(2).Zip(strides, (position, stride) => position / (int)stride)];
                int[] tap = [c, at[1], .. at.Skip(2).Zip(strides, (position, stride) => position % (int)stride)];
                data[i] += x.Data[Index(from, x.Shape)] * w.Data[Index(tap, w.Shape)];
            }
        }
        return new OnnxValue(shape, data);
    }

    private static OnnxValue MaxPool(OnnxValue x, long[] kernel, long[] strides, long[] pads) =>
        Windows(x, x.Channels, [.. kernel.Select(extent => (int)extent)], strides, pads,
            (n, c, window) => window.Max(tap => x.Data[(((n * x.Channels) + c) * x.Positions) + tap.Position]));

    // Calls a function for every output with the taps of its window that lie inside: position in
    // the input, and number in the kernel.
    private static OnnxValue Windows(
        OnnxValue x, int channels, int[] kernel, long[] strides, long[] pads, Func<int, int,
        List<(int Position, int Tap)>, double> function)
    {
        int rank = kernel.Length;
        int[] input = x.Shape[2..];
        int[] output = [.. input.Select(
            (extent, axis) =>
                ((extent + (int)pads[axis] + (int)pads[rank + axis] - kernel[axis]) / (int)strides[axis]) + 1)];
        int[] shape = [x.Shape[0], channels, .. output];
        double[] data = new double[shape.Aggregate(1, (product, extent) => product * extent)];
        int positions = data.Length / shape[0] / channels;
        for (int at = 0; at < positions; at++)
        {
            int[] start = [.. Coordinates(at, output).Select((c, axis) => (c * (int)strides[axis]) - (int)pads[axis])];
            List<(int, int)> window = [];
            for (int tap = 0; tap < kernel.Aggregate(1, (product, extent) => product * extent); tap++)
            {
                int[] place = [.. Coordinates(tap, kernel).Select((c, axis) => start[axis] + c)];
                if (place.Select((c, axis) => c >= 0 && c < input[axis]).All(inside => inside))
                {
                    window.Add((Index(place, input), tap));
                }
            }
            for (int row = 0; row < shape[0] * channels; row++)
            {
                data[(row * positions) + at] = function(row / channels, row % channels, window);
            }
        }
        return new OnnxValue(shape, data);
    }

    private static OnnxValue Pad(OnnxValue x, OnnxValue amounts)
    {
        int rank = x.Shape.Length;
        int[] shape =
            [.. x.Shape.Select((extent, axis) => extent + (int)amounts.Data[axis] + (int)amounts.Data[rank + axis])];
        double[] data = new double[shape.Aggregate(1, (product, extent) => product * extent)];
        for (int i = 0; i < x.Data.Length; i++)
        {
            data[Index([.. Coordinates(i, x.Shape).Select((c, axis) => c + (int)amounts.Data[axis])], shape)] =
                x.Data[i];
        }
        return new OnnxValue(shape, data);
    }

    // Output channel (dy · b + dx) · C + c, as the operator is specified.
    private static OnnxValue SpaceToDepth(OnnxValue x, int b)
    {
        (int n, int c, int h, int w) = (x.Shape[0], x.Shape[1], x.Shape[2], x.Shape[3]);
        OnnxValue blocks = new([n, c, h / b, b, w / b, b], x.Data);
        return new OnnxValue([n, c * b * b, h / b, w / b], Transpose(blocks, [0, 3, 5, 1, 2, 4]).Data);
    }

    private static OnnxValue Transpose(OnnxValue x, long[] order)
    {
        int[] shape = [.. order.Select(axis => x.Shape[axis])];
        double[] data = new double[x.Data.Length];
        for (int i = 0; i < data.Length; i++)
        {
            int[] from = Coordinates(i, x.Shape);
            data[Index([.. order.Select(axis => from[axis])], shape)] = x.Data[i];
        }
        return new OnnxValue(shape, data);
    }

    private static OnnxValue Gemm(OnnxValue a, OnnxValue b, OnnxValue c, long transposed)
    {
        Assert.AreEqual(1, transposed);
        (int rows, int inner, int columns) = (a.Shape[0], a.Shape[1], b.Shape[0]);
        double[] data = new double[rows * columns];
        for (int i = 0; i < data.Length; i++)
        {
            (int row, int column) = (i / columns, i % columns);
            data[i] = c.Data[column] + Enumerable.Range(0, inner)
                .Sum(k => a.Data[(row * inner) + k] * b.Data[(column * inner) + k]);
        }
        return new OnnxValue([rows, columns], data);
    }

    private static OnnxValue Half(OnnxValue x, int half, long axis)
    {
        if (axis == 0)
        {
            return new OnnxValue(
                [x.Shape[0] / 2, .. x.Shape[1..]], [.. x.Data.Chunk(x.Data.Length / 2).ElementAt(half)]);
        }
        Assert.AreEqual(1, axis);
        int size = x.Channels / 2 * x.Positions;
        return new OnnxValue(
            [x.Shape[0], x.Channels / 2, .. x.Shape[2..]],
            [.. x.Data.Chunk(size).Where((_, i) => i % 2 == half).SelectMany(c => c)]);
    }

    private static OnnxValue Concatenate(OnnxValue x, OnnxValue y, long axis)
    {
        if (axis == 0)
        {
            return new OnnxValue([x.Shape[0] + y.Shape[0], .. x.Shape[1..]], [.. x.Data, .. y.Data]);
        }
        Assert.AreEqual(1, axis);
        int batch = x.Shape[0];
        IEnumerable<(double[] First, double[] Second)> samples =
            x.Data.Chunk(x.Data.Length / batch).Zip(y.Data.Chunk(y.Data.Length / batch));
        return new OnnxValue(
            [batch, x.Channels + y.Channels, .. x.Shape[2..]],
            [.. samples.SelectMany(sample => sample.First.Concat(sample.Second))]);
    }

    private static int[] Coordinates(int index, int[] shape)
    {
        int[] coordinates = new int[shape.Length];
        for (int axis = shape.Length - 1; axis >= 0; axis--)
        {
            (index, coordinates[axis]) = (index / shape[axis], index % shape[axis]);
        }
        return coordinates;
    }

    private static int Index(int[] coordinates, int[] shape)
    {
        int index = 0;
        for (int axis = 0; axis < shape.Length; axis++)
        {
            index = (index * shape[axis]) + coordinates[axis];
        }
        return index;
    }
}
