using RevUp.Tensors;

namespace RevUp.Backends.Observed;

/// <summary>
/// Operations on many tensors: heard of one by one where the other backend loops over them, and as
/// one where it gathers them.
/// </summary>
internal sealed partial class ObservedBackend
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
        BeginProducts("products of operators", operators.Entries());
        inner.Multiply(operators, transposed);
        observer.End();
    }

    internal override void AddGradients(OperandTable<ConvolutionOperator> operators, int first, int count)
    {
        if (!Gathers)
        {
            base.AddGradients(operators, first, count);
            return;
        }
        BeginProducts("gradients of norms", operators.Entries(first, count));
        inner.AddGradients(operators, first, count);
        observer.End();
    }

    internal override void BranchScaleForward(OperandTable<BranchOperands> branches)
    {
        if (!Gathers)
        {
            base.BranchScaleForward(branches);
            return;
        }
        observer.Begin("branch scale forward", []);
        inner.BranchScaleForward(branches);
        observer.End();
    }

    internal override void BranchScaleBackward(OperandTable<BranchOperands> branches, int first, int count)
    {
        if (!Gathers)
        {
            base.BranchScaleBackward(branches, first, count);
            return;
        }
        observer.Begin("branch scale backward", []);
        inner.BranchScaleBackward(branches, first, count);
        observer.End();
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
        observer.Begin("copy weights", [.. moved]);
        inner.CopyWeights(copies);
        observer.End();
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
        observer.Begin("end weights", [.. moved]);
        inner.EndWeights(gradients, first, count);
        observer.End();
    }

    // Weights and vectors once each; a gradient twice, in place of the weights. Each weight is
    // multiplied once per position.
    private void BeginProducts(string name, ReadOnlySpan<ConvolutionOperator> operators)
    {
        List<Tensor> moved = [];
        double products = 0;
        foreach (ref readonly ConvolutionOperator entry in operators)
        {
            moved.AddRange([entry.U, entry.V, entry.Weight, entry.Factor.IsEmpty ? default : entry.Gradient]);
            products += 2.0 * entry.U.Count / entry.Geometry.OutputChannels * entry.Weight.Count;
        }
        observer.Begin(name, [.. moved], products);
    }
}
