using RevUp.Tensors;

namespace RevUp.Interop.Tests.Support;

/// <summary>Operations on tables of many tensors.</summary>
internal partial class DeviceOperations
{
    /// <summary>u = W v of each operator, or v = Wᵀu.</summary>
    internal float[][] Multiply(OperatorArrays[] operators, bool transposed)
    {
        using DeviceArena memory = new(Backend);
        using OperandTable<ConvolutionOperator> table =
            new(Backend, [.. operators.Select(entry => Place(memory, entry))]);
        Backend.Multiply(table, transposed);
        return Read(memory, table.Entries(), entry => transposed ? entry.V : entry.U);
    }

    /// <summary>All gradients, after a run of them was added to.</summary>
    internal float[][] AddGradients(OperatorArrays[] operators, int first, int count)
    {
        using DeviceArena memory = new(Backend);
        using OperandTable<ConvolutionOperator> table =
            new(Backend, [.. operators.Select(entry => Place(memory, entry))]);
        Backend.AddGradients(table, first, count);
        return Read(memory, table.Entries(), entry => entry.Gradient);
    }

    /// <summary>
    /// All gradients, after a run of them was ended, and the dots of those that ask for one.
    /// </summary>
    internal (float[][] Gradients, double[] Dots) EndWeights(
        (Stored Raw, float[] Weights, float? Factor, float[] Gradient, bool HasDot)[] weights, int first, int count)
    {
        using DeviceArena memory = new(Backend);
        using OperandTable<WeightGradient> table = new(Backend, [.. weights.Select(Place)]);
        Backend.EndWeights(table, first, count);
        double[] dots = [.. table.Entries().ToArray().Select(
            entry => memory.ReadStatistics(entry.Dot).DefaultIfEmpty(double.NaN).First())];
        return (Read(memory, table.Entries(), entry => entry.Gradient), dots);

        WeightGradient Place((Stored Raw, float[] Weights, float? Factor, float[] Gradient, bool HasDot) entry)
        {
            Shape shape = new(entry.Weights.Length);
            return new(
                memory.Tensor(entry.Raw, shape), memory.Floats(entry.Weights, shape), memory.Scalar(entry.Factor),
                memory.Floats(entry.Gradient, shape), entry.HasDot ? memory.Statistics([double.NaN]) : default);
        }
    }

    /// <summary>Copies of weights in a type, scaled.</summary>
    internal float[][] CopyWeights((float[] Weights, float? Scale, CpuType Type)[] weights)
    {
        using DeviceArena memory = new(Backend);
        using OperandTable<WeightCopy> table = new(
            Backend,
            [
                .. weights.Select(entry => new WeightCopy(
                    memory.Floats(entry.Weights, new Shape(entry.Weights.Length)), memory.Scalar(entry.Scale),
                    memory.Tensor((ElementType)entry.Type, new Shape(entry.Weights.Length)))),
            ]);
        Backend.CopyWeights(table);
        return Read(memory, table.Entries(), entry => entry.Copy);
    }

    /// <summary>The factors of every branch, and the gradients of a run of them.</summary>
    internal (float[] Scales, double Bound, float MultiplierGradient, float[] SigmaGradients)[] BranchScales(
        (CpuBranchBound Mode, float Multiplier, float[] Sigmas, double[] Dots)[] branches, float coefficient,
        float multiplierGradient, int first, int count)
    {
        using DeviceArena memory = new(Backend);
        using OperandTable<BranchOperands> table = new(Backend, [.. branches.Select(Place)]);
        Backend.BranchScaleForward(table);
        Backend.BranchScaleBackward(table, first, count);
        return [.. table.Entries().ToArray().Select(entry => (
            memory.Read(entry.Scales), memory.ReadStatistics(entry.Bound)[0],
            memory.Read(entry.MultiplierGradient)[0], memory.Read(entry.SigmaGradients)))];

        BranchOperands Place((CpuBranchBound Mode, float Multiplier, float[] Sigmas, double[] Dots) branch)
        {
            Shape sigmas = new(branch.Sigmas.Length);
            return new(
                (BranchBound)branch.Mode, memory.Scalar(coefficient), memory.Scalar(branch.Multiplier),
                memory.Floats(branch.Sigmas, sigmas),
                memory.Tensor(ElementType.Float32, new Shape(BranchScale.Length(branch.Sigmas.Length))),
                memory.Tensor(ElementType.Float64, new Shape(1)), memory.Statistics(branch.Dots),
                memory.Scalar(multiplierGradient), memory.Tensor(ElementType.Float32, sigmas));
        }
    }

    private static ConvolutionOperator Place(DeviceArena memory, OperatorArrays entry)
    {
        ConvolutionGeometry geometry = Geometry(entry.Geometry);
        return new(
            geometry, memory.Floats(entry.Weights, geometry.Weights), memory.Floats(entry.Gradient, geometry.Weights),
            memory.Floats(entry.U, geometry.Output), memory.Floats(entry.V, geometry.Input),
            memory.Scalar(entry.Factor));
    }

    private static float[][] Read<T>(DeviceArena memory, ReadOnlySpan<T> entries, Func<T, Tensor> tensor) =>
        [.. entries.ToArray().Select(entry => memory.Read(tensor(entry)))];
}
