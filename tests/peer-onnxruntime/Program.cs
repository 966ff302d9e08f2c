// Runs an ONNX model on one input: OnnxRuntimePeer MODEL INPUT OUTPUT N C [D] H W, with float32 numbers in the two files.
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

int[] shape = [.. args.Skip(3).Select(int.Parse)];
float[] input = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(args[1]).AsSpan()).ToArray();
using SessionOptions options = new() { IntraOpNumThreads = 1 };
using InferenceSession session = new(args[0], options);
using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> outputs =
    session.Run([NamedOnnxValue.CreateFromTensor("input", new DenseTensor<float>(input, shape))], ["logits"]);
File.WriteAllBytes(args[2], MemoryMarshal.AsBytes(outputs[0].AsTensor<float>().ToArray().AsSpan()).ToArray());
