using System.Runtime.InteropServices;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using RevUp.Backends;
using RevUp.Interop.Cpu;
using RevUp.Tensors;

namespace RevUp.Interop.Tests.Support;

/// <summary>A backend of the library behind the suite's interface: memory, pointwise operations and reductions.</summary>
internal sealed partial class BackendOperations(string name, Lazy<Backend?> device) : IOperations
{
    /// <summary>The device; one that this machine lacks makes the test inconclusive.</summary>
    private Backend Backend
    {
        get
        {
            if (device.Value is null)
            {
                Assert.Inconclusive($"This machine has no device '{name}'.");
            }
            return device.Value;
        }
    }

    public override string ToString() => name;

    public bool Supports(CpuType convolutionType) => Backend.Supports((ElementType)convolutionType);

    /// <summary>cuDNN's legacy wgrad has the type of its inputs.</summary>
    public CpuType WeightGradientType(CpuType convolutionType) => convolutionType;

    /// <summary>Backends pool as the stem does.</summary>
    public bool Supports(in CpuPoolGeometry geometry) =>
        IsUniform(geometry.Window, geometry.Input.Rank, 3) && IsUniform(geometry.Stride, geometry.Input.Rank, 2)
        && IsUniform(geometry.Padding, geometry.Input.Rank, 1);

    public bool Supports(in CpuConvolutionGeometry geometry) =>
        IsUniform(geometry.Kernel, geometry.Rank, geometry.Kernel[0]) && IsUniform(geometry.Stride, geometry.Rank, geometry.Stride[0])
        && IsUniform(geometry.Padding, geometry.Rank, geometry.Padding[0]);

    public float[] Fill(int count, float value)
    {
        using DeviceArena memory = new(Backend);
        Tensor y = memory.Floats(count);
        Backend.Fill(y, value);
        return memory.Read(y);
    }

    public float[] Cast(Stored x, CpuType yType)
    {
        using DeviceArena memory = new(Backend);
        Tensor y = memory.Tensor((ElementType)yType, new Shape(x.Count));
        Backend.Cast(memory.Tensor(x), y);
        return memory.Read(y);
    }

    public float[] PreactivationForward(CpuActivation activation, Stored x, float a, float b, CpuType yType, Alias y)
    {
        using DeviceArena memory = new(Backend);
        Tensor source = memory.Tensor(x);
        Tensor result = y == Alias.X ? source : memory.Tensor((ElementType)yType, new Shape(x.Count));
        Backend.PreactivationForward((Activation)activation, source, memory.Scalar(a), memory.Scalar(b), result);
        return memory.Read(result);
    }

    public PreactivationGradients PreactivationBackward(
        CpuActivation activation, Stored x, float a, Stored dy, float? scale, Stored? residual, CpuType dxType, Alias dx, float sumA, float sumB)
    {
        using DeviceArena memory = new(Backend);
        Tensor source = memory.Tensor(x);
        Tensor gradient = memory.Tensor(dy);
        Tensor addend = residual is null ? default : memory.Tensor(residual);
        Tensor result = dx switch
        {
            Alias.X => source,
            Alias.Dy => gradient,
            Alias.Residual => addend,
            _ => memory.Tensor((ElementType)dxType, new Shape(x.Count)),
        };
        Tensor a0 = memory.Scalar(sumA);
        Tensor b0 = memory.Scalar(sumB);
        Backend.PreactivationBackward((Activation)activation, source, memory.Scalar(a), gradient, memory.Scalar(scale), addend, result, a0, b0);
        return new PreactivationGradients(memory.Read(result), memory.Read(a0)[0], memory.Read(b0)[0]);
    }

    public float[] ResidualAdd(float[] x, Stored z, float s, Alias y)
    {
        using DeviceArena memory = new(Backend);
        Tensor stream = memory.Floats(x);
        Tensor branch = memory.Tensor(z);
        Tensor result = y switch { Alias.X => stream, Alias.Z => branch, _ => memory.Floats(x.Length) };
        Backend.ResidualAdd(stream, branch, memory.Scalar(s), result);
        return memory.Read(result);
    }

    public FixedPointResult FixedPointStep(float[] y, Stored z, float s, float[] x, Alias next)
    {
        using DeviceArena memory = new(Backend);
        Tensor output = memory.Floats(y);
        Tensor iterate = memory.Floats(x);
        Tensor branch = memory.Tensor(z);
        Tensor result = next switch { Alias.X => iterate, Alias.Y => output, Alias.Z => branch, _ => memory.Floats(x.Length) };
        Tensor statistics = memory.Statistics(2);
        Backend.FixedPointStep(output, branch, memory.Scalar(s), iterate, result, statistics);
        double[] sums = memory.ReadStatistics(statistics);
        return new FixedPointResult(memory.Read(result), sums[0], sums[1]);
    }

    public float[] Axpy(float? alpha, float[] x, float[] y)
    {
        using DeviceArena memory = new(Backend);
        Tensor result = memory.Floats(y);
        Backend.Axpy(memory.Scalar(alpha), memory.Floats(x), result);
        return memory.Read(result);
    }

    public double Dot(float[] x, float[]? y)
    {
        using DeviceArena memory = new(Backend);
        Tensor left = memory.Floats(x);
        Tensor right = y is null ? left : memory.Floats(y);
        Tensor result = memory.Statistics(1);
        Backend.Dot(left, right, result);
        return memory.ReadStatistics(result)[0];
    }

    public void NormalizeAll(VectorEntry[] table, ulong seed, float[] buffer)
    {
        using DeviceArena memory = new(Backend);
        Tensor vectors = memory.Floats(buffer);
        Tensor entries = memory.Statistics(MemoryMarshal.Cast<VectorEntry, double>(table).ToArray()).Reshape(new Shape(table.Length, 3));
        Backend.NormalizeAll(entries, table.Max(entry => (long)entry.Count), seed, vectors);
        memory.Read(vectors).CopyTo(buffer, 0);
    }

    private static bool IsUniform(in Extents values, int rank, long value)
    {
        for (int axis = 0; axis < rank; axis++)
        {
            if (values[axis] != value)
            {
                return false;
            }
        }
        return true;
    }
}
