using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Benchmarks.Traffic;

/// <summary>
/// Operations on many tensors: counted one by one where the other backend loops over them, and as
/// one where it gathers them.
/// </summary>
internal sealed partial class CountingBackend
{
    internal override bool Gathers => inner.Gathers;

    internal override ElementType GradientType(in ConvolutionGeometry geometry) => inner.GradientType(geometry);

    internal override void Multiply(OperandTable<ConvolutionOperator> operators, bool transposed)
    {
        if (!Gathers)
        {
            base.Multiply(operators, transposed);
            return;
        }
        CountProducts("products of operators", () => inner.Multiply(operators, transposed), operators.Entries());
    }

    internal override void AddGradients(OperandTable<ConvolutionOperator> operators, int first, int count)
    {
        if (!Gathers)
        {
            base.AddGradients(operators, first, count);
            return;
        }
        CountProducts(
            "gradients of norms", () => inner.AddGradients(operators, first, count), operators.Entries(first, count));
    }

    internal override void BranchScaleForward(OperandTable<BranchOperands> branches)
    {
        if (!Gathers)
        {
            base.BranchScaleForward(branches);
            return;
        }
        counter.Count("branch scale forward", () => inner.BranchScaleForward(branches), []);
    }

    internal override void BranchScaleBackward(OperandTable<BranchOperands> branches, int first, int count)
    {
        if (!Gathers)
        {
            base.BranchScaleBackward(branches, first, count);
            return;
        }
        counter.Count("branch scale backward", () => inner.BranchScaleBackward(branches, first, count), []);
    }

    internal override void CopyWeights(OperandTable<WeightCopy> copies)
    {
        if (!Gathers)
        {
            base.CopyWeights(copies);
            return;
        }
        List<Tensor> moved = [];
        foreach (ref readonly WeightCopy entry in copies.Entries())
        {
            moved.AddRange([entry.Weight, entry.Copy]);
        }
        counter.Count("copy weights", () => inner.CopyWeights(copies), [.. moved]);
    }

    internal override void EndWeights(OperandTable<WeightGradient> gradients, int first, int count)
    {
        if (!Gathers)
        {
            base.EndWeights(gradients, first, count);
            return;
        }
        List<Tensor> moved = [];
        foreach (ref readonly WeightGradient entry in gradients.Entries(first, count))
        {
            moved.AddRange([entry.Raw, entry.Gradient, entry.Gradient, entry.Dot.IsEmpty ? default : entry.Weight]);
        }
        counter.Count("end weights", () => inner.EndWeights(gradients, first, count), [.. moved]);
    }

    // Weights and vectors once each; a gradient twice, in place of the weights. Each weight is
    // multiplied once per position.
    private void CountProducts(string name, Action work, ReadOnlySpan<ConvolutionOperator> operators)
    {
        List<Tensor> moved = [];
        double operations = 0;
        foreach (ref readonly ConvolutionOperator entry in operators)
        {
            moved.AddRange([entry.U, entry.V, entry.Weight, entry.Factor.IsEmpty ? default : entry.Gradient]);
            operations += 2.0 * entry.U.Count / entry.Geometry.OutputChannels * entry.Weight.Count;
        }
        counter.Count(name, work, [.. moved], operations);
    }
}
