using System.Runtime.InteropServices;
using RevUp.Interop.Cpu;

namespace RevUp.Interop.Tests.Support;

/// <summary>The CPU library behind the suite's interface, at one thread count: memory, pointwise operations and reductions.</summary>
internal sealed unsafe partial class CpuOperations(int threads) : IOperations
{
    public override string ToString() => $"CPU, {threads} thread(s)";

    public bool Supports(CpuType convolutionType)
    {
        CpuSupport support;
        CpuLibrary.Supports(convolutionType, &support).Check();
        return support != CpuSupport.None;
    }

    public bool Supports(in CpuConvolutionGeometry geometry) => true;

    public bool Supports(in CpuPoolGeometry geometry) => true;

    public CpuType WeightGradientType(CpuType convolutionType) => CpuType.Float32;

    public float[] Fill(int count, float value)
    {
        using NativeArena memory = Begin();
        float* y = memory.Floats(count);
        CpuLibrary.Fill(count, value, y).Check();
        return NativeArena.Read(y, count);
    }

    public float[] Cast(Stored x, CpuType yType)
    {
        using NativeArena memory = Begin();
        void* y = memory.Tensor(yType, x.Count);
        CpuLibrary.Cast(x.Count, x.Type, memory.Tensor(x), yType, y).Check();
        return NativeArena.Read(yType, y, x.Count);
    }

    public float[] PreactivationForward(CpuActivation activation, Stored x, float a, float b, CpuType yType, Alias y)
    {
        using NativeArena memory = Begin();
        void* source = memory.Tensor(x);
        void* result = y == Alias.X ? source : memory.Tensor(yType, x.Count);
        CpuLibrary.PreactivationForward(x.Count, activation, x.Type, source, memory.Scalar(a), memory.Scalar(b), yType, result).Check();
        return NativeArena.Read(yType, result, x.Count);
    }

    public PreactivationGradients PreactivationBackward(
        CpuActivation activation, Stored x, float a, Stored dy, float? scale, Stored? residual, CpuType dxType, Alias dx, float sumA, float sumB)
    {
        using NativeArena memory = Begin();
        void* source = memory.Tensor(x);
        void* gradient = memory.Tensor(dy);
        void* addend = residual is null ? null : memory.Tensor(residual);
        void* result = dx switch
        {
            Alias.X => source,
            Alias.Dy => gradient,
            Alias.Residual => addend,
            _ => memory.Tensor(dxType, x.Count),
        };
        float* bias = memory.Scalar(a);
        float* sums = memory.Floats([sumA, sumB]);
        CpuLibrary.PreactivationBackward(
            x.Count, activation, x.Type, source, bias, dy.Type, gradient, memory.Scalar(scale), addend, dxType, result, sums, sums + 1).Check();
        return new PreactivationGradients(NativeArena.Read(dxType, result, x.Count), sums[0], sums[1]);
    }

    public float[] ResidualAdd(float[] x, Stored z, float s, Alias y)
    {
        using NativeArena memory = Begin();
        float* stream = memory.Floats(x);
        void* branch = memory.Tensor(z);
        float* result = y switch { Alias.X => stream, Alias.Z => (float*)branch, _ => memory.Floats(x.Length) };
        CpuLibrary.ResidualAdd(x.Length, stream, z.Type, branch, memory.Scalar(s), result).Check();
        return NativeArena.Read(result, x.Length);
    }

    public FixedPointResult FixedPointStep(float[] y, Stored z, float s, float[] x, Alias next)
    {
        using NativeArena memory = Begin();
        float* output = memory.Floats(y);
        float* iterate = memory.Floats(x);
        void* branch = memory.Tensor(z);
        float* result = next switch { Alias.X => iterate, Alias.Y => output, Alias.Z => (float*)branch, _ => memory.Floats(x.Length) };
        double* difference = memory.Statistic();
        double* norm = memory.Statistic();
        CpuLibrary.FixedPointStep(x.Length, output, z.Type, branch, memory.Scalar(s), iterate, result, difference, norm).Check();
        return new FixedPointResult(NativeArena.Read(result, x.Length), *difference, *norm);
    }

    public float[] Axpy(float? alpha, float[] x, float[] y)
    {
        using NativeArena memory = Begin();
        float* result = memory.Floats(y);
        CpuLibrary.Axpy(x.Length, memory.Scalar(alpha), memory.Floats(x), result).Check();
        return NativeArena.Read(result, x.Length);
    }

    /// <summary>Of the library alone: no backend has it.</summary>
    internal double Sum(float[] x)
    {
        using NativeArena memory = Begin();
        double* result = memory.Statistic();
        CpuLibrary.Sum(x.Length, memory.Floats(x), result).Check();
        return *result;
    }

    public double Dot(float[] x, float[]? y)
    {
        using NativeArena memory = Begin();
        float* left = memory.Floats(x);
        float* right = y is null ? left : memory.Floats(y);
        double* result = memory.Statistic();
        CpuLibrary.Dot(x.Length, left, right, result).Check();
        return *result;
    }

    /// <summary>Of the library alone: no backend has it.</summary>
    internal (double Difference, double Norm) Distance(float[] x, float[] y)
    {
        using NativeArena memory = Begin();
        double* difference = memory.Statistic();
        double* norm = memory.Statistic();
        CpuLibrary.Distance(x.Length, memory.Floats(x), memory.Floats(y), difference, norm).Check();
        return (*difference, *norm);
    }

    public void NormalizeAll(VectorEntry[] table, ulong seed, float[] buffer)
    {
        using NativeArena memory = Begin();
        float* vectors = memory.Floats(buffer);
        double* entries = memory.Doubles(MemoryMarshal.Cast<VectorEntry, double>(table).ToArray());
        CpuLibrary.NormalizeAll(table.Length, entries, seed, buffer.Length, vectors).Check();
        NativeArena.Read(vectors, buffer.Length).CopyTo(buffer, 0);
    }

    private NativeArena Begin()
    {
        CpuLibrary.SetThreads(threads).Check();
        return new NativeArena();
    }
}
