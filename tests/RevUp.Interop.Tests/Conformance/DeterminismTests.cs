using System.Runtime.InteropServices;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using RevUp.Interop.Cpu;
using RevUp.Interop.Tests.Support;

namespace RevUp.Interop.Tests.Conformance;

/// <summary>Same inputs, same thread count, same bits: for everything that adds in parallel.</summary>
[TestClass]
internal sealed class DeterminismTests
{
    private const int Repetitions = 5;

    private static readonly float[] s_x = new Inputs(1).Uniform(200_003);
    private static readonly float[] s_y = new Inputs(2).Uniform(200_003);

    [TestMethod]
    [EveryBackend]
    internal void ReductionsRepeat(IOperations operations)
    {
        AssertRepeats(() => operations.Dot(s_x, s_y));
        AssertRepeats(() =>
        {
            float[] buffer = [.. s_x];
            operations.NormalizeAll([new VectorEntry(0, 100_003, 200_000), new VectorEntry(100_016, 99_000, 200_001)], seed: 1, buffer);
            return Bits(buffer);
        });
        AssertRepeats(() =>
        {
            FixedPointResult step = operations.FixedPointStep(s_y, s_x, 0.5f, s_x, Alias.None);
            return (Bits(step.Next), step.Difference, step.Norm);
        });
        AssertRepeats(() =>
        {
            QuantizeResult result = operations.QuantizeResidual(Shapes.Shape(1, 4, 100, 100), 4, s_x[..40_000], s_y[..40_000], 0.5f, s_x[..40_000], Alias.None);
            return (Bits(result.Y), Bits(result.Decoded), Bits(result.Steps), Convert.ToHexString(result.Codes));
        });
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    internal void SumsOfTheCpuLibraryRepeat(int threads)
    {
        CpuOperations operations = new(threads);
        AssertRepeats(() => operations.Sum(s_x));
        AssertRepeats(() => operations.Distance(s_x, s_y));
    }

    [TestMethod]
    [EveryBackend]
    internal void GradientsRepeat(IOperations operations)
    {
        AssertRepeats(() =>
        {
            PreactivationGradients gradients =
                operations.PreactivationBackward(CpuActivation.Elu, s_x, 0.1f, s_y, 0.5f, null, CpuType.Float32, Alias.None, 0, 0);
            return (Bits(gradients.Dx), gradients.SumA, gradients.SumB);
        });
        AssertRepeats(() =>
        {
            const int channels = 49;
            Stored x = s_x[..(4081 * channels)], dy = s_y[..(4081 * channels)];
            BatchNormMoments moments = operations.BatchNormStatistics(channels, x, 0.1f, new float[channels], new float[channels]);
            BatchNormArrays arrays = new(moments.Mean, moments.Variance, 1e-5f, s_x[..channels], s_y[..channels]);
            BatchNormGradients gradients = operations.BatchNormBackward(
                CpuActivation.Relu, x, arrays, dy, null, null, CpuType.Float32, Alias.None, new float[channels], new float[channels]);
            return (Bits(moments.Mean), Bits(moments.Variance), Bits(gradients.Dx), Bits(gradients.Weight), Bits(gradients.Bias));
        });
        AssertRepeats(() =>
        {
            LinearGradients gradients = operations.LinearBackward(
                100, 200, 50, s_x[..20_000], s_y[..10_000], s_x[..5_000], new float[10_000], new float[50]);
            return (Bits(gradients.Dx), Bits(gradients.Dw), Bits(gradients.Dbias));
        });
        AssertRepeats(() =>
        {
            CrossEntropyResult result = operations.CrossEntropy(200, 1000, s_x[..200_000], s_y[..200_000], 1, withGradient: true, Alias.None);
            return (Bits(result.Gradient!), result.LossSum, result.Correct);
        });
        AssertRepeats(() => Bits(operations.GlobalAveragePoolForward(Shapes.Shape(2, 10, 100, 100), s_x[..200_000])));
    }

    [TestMethod]
    [EveryBackend]
    internal void ConvolutionsRepeat(IOperations operations)
    {
        foreach (CpuType type in Inputs.Types.Where(operations.Supports))
        {
            CpuConvolutionGeometry small = ConvolutionGeometries.Make(type, 4, 16, 32, 1, [17, 19], [3, 3], [1, 1], [1, 1]);
            IEnumerable<CpuConvolutionGeometry> tiled = ConvolutionGeometries.Tiled(type).Select(test => test.Geometry);
            foreach (CpuConvolutionGeometry geometry in tiled.Where(test => operations.Supports(test)).Prepend(small))
            {
                Inputs inputs = new(3);
                Stored src = inputs.Uniform(type, Shapes.SourceElements(geometry));
                Stored diffDst = inputs.Uniform(type, Shapes.DestinationElements(geometry));
                float[] weights = inputs.Uniform(Shapes.WeightElements(geometry));

                AssertRepeats(() => Bits(operations.ConvolutionFprop(geometry, src, weights, 0.5f)));
                AssertRepeats(() => Bits(operations.ConvolutionDgrad(geometry, diffDst, weights, 0.5f)));
                AssertRepeats(() => Bits(operations.ConvolutionWgrad(geometry, src, diffDst)));
            }
        }
    }

    /// <summary>A value that is equal only when every bit is.</summary>
    private static string Bits(float[] values) => Convert.ToHexString(MemoryMarshal.AsBytes(values.AsSpan()));

    private static void AssertRepeats<T>(Func<T> run)
    {
        T first = run();
        for (int i = 1; i < Repetitions; i++)
        {
            Assert.AreEqual(first, run());
        }
    }
}
