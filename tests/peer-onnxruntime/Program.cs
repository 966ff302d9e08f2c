// Runs an ONNX model, with float32 numbers in files:
//   OnnxRuntimePeer MODEL INPUT OUTPUT N C [D] H W        the output of one input, by one thread
//   OnnxRuntimePeer time MODEL THREADS N C [D] H W        predicts random numbers for every line,
//                                                         answered by its milliseconds
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

bool times = args[0] == "time";
string model = times ? args[1] : args[0];
int[] shape = [.. args.Skip(3).Select(int.Parse)];
using SessionOptions options = new() { IntraOpNumThreads = times ? int.Parse(args[2]) : 1 };
using InferenceSession session = new(model, options);
if (times)
{
    Random random = new(1);
    float[] numbers =
        [.. Enumerable.Range(0, shape.Aggregate(1, (a, b) => a * b)).Select(_ => random.NextSingle() - 0.5f)];
    while (Console.In.ReadLine() is not null)
    {
        long start = Stopwatch.GetTimestamp();
        _ = Run(numbers);
        double milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        Console.Out.WriteLine(milliseconds.ToString("R", CultureInfo.InvariantCulture));
    }
}
else
{
    float[] input = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(args[1]).AsSpan()).ToArray();
    File.WriteAllBytes(args[2], MemoryMarshal.AsBytes(Run(input).AsSpan()).ToArray());
}

float[] Run(float[] numbers)
{
    using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> outputs =
        session.Run([NamedOnnxValue.CreateFromTensor("input", new DenseTensor<float>(numbers, shape))], ["logits"]);
    return outputs[0].AsTensor<float>().ToArray();
}
