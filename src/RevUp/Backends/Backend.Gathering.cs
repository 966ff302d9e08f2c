using RevUp.Tensors;

namespace RevUp.Backends;

/// <summary>
/// Operations on many small tensors. Each is a loop here, and one or two launches on a device that
/// gathers them.
/// </summary>
public abstract partial class Backend
{
    /// <summary>
    /// Whether the work on many small tensors is one launch, for less time than one launch each.
    /// The work on all weights then waits for the end of a pass, in memory of its own.
    /// </summary>
    internal virtual bool Gathers => false;

    /// <summary>
    /// Type in which the results of a convolution's wgrad wait to be ended: the one that costs the
    /// least.
    /// </summary>
    internal virtual ElementType GradientType(in ConvolutionGeometry geometry) => ElementType.Float32;

    /// <summary>
    /// u = W v of each operator, or v = Wᵀu. The operators of a table are all matrices, or none is.
    /// </summary>
    internal virtual void Multiply(OperandTable<ConvolutionOperator> operators, bool transposed) =>
        MultiplyEach(operators, transposed);

    /// <summary>The same with a launch for each, for operators that fill a device alone.</summary>
    internal void MultiplyEach(OperandTable<ConvolutionOperator> operators, bool transposed)
    {
        foreach (ref readonly ConvolutionOperator entry in operators.Entries())
        {
            ConvolutionPlan plan = Convolution(entry.Geometry);
            // Packed for one product at a time: all products of a network together would take as
            // much memory as its weights.
            Tensor packed = plan.TakesPlainWeights
                ? entry.Weight
                : Memory.AllocateBytes(plan.PackedBytes, MemoryPurpose.Workspace);
            if (packed != entry.Weight)
            {
                plan.Pack(entry.Weight, default, packed);
            }
            if (transposed)
            {
                plan.BackwardData(entry.U, packed, entry.V);
            }
            else
            {
                plan.Forward(entry.V, packed, entry.U);
            }
            if (packed != entry.Weight)
            {
                Memory.Free(packed);
            }
        }
    }

    /// <summary>
    /// Adds factor · ∂⟨u, W v⟩/∂W to the gradient of each operator of a run: with u and v held
    /// constant, that is wgrad of (v, u).
    /// </summary>
    internal virtual void AddGradients(OperandTable<ConvolutionOperator> operators, int first, int count) =>
        AddGradientOfEach(operators, first, count);

    /// <summary>The same with launches for each, for operators that fill a device alone.</summary>
    internal void AddGradientOfEach(OperandTable<ConvolutionOperator> operators, int first, int count)
    {
        foreach (ref readonly ConvolutionOperator entry in operators.Entries(first, count))
        {
            Tensor gradient = Memory.Allocate(entry.Weight.Shape, ElementType.Float32, MemoryPurpose.Workspace);
            Convolution(entry.Geometry).BackwardWeights(entry.V, entry.U, gradient);
            Axpy(entry.Factor, gradient, entry.Gradient);
            Memory.Free(gradient);
        }
    }

    /// <summary>The factors of each branch, from its norms.</summary>
    internal virtual void BranchScaleForward(OperandTable<BranchOperands> branches)
    {
        foreach (ref readonly BranchOperands branch in branches.Entries())
        {
            BranchScaleForward(
                branch.Mode, branch.Coefficient, branch.Multiplier, branch.Sigmas, branch.Scales, branch.Bound);
        }
    }

    /// <summary>
    /// The gradients of multiplier and norms of each branch of a run, from its dots.
    /// </summary>
    internal virtual void BranchScaleBackward(OperandTable<BranchOperands> branches, int first, int count)
    {
        foreach (ref readonly BranchOperands branch in branches.Entries(first, count))
        {
            BranchScaleBackward(
                branch.Mode, branch.Coefficient, branch.Multiplier, branch.Sigmas, branch.Scales, branch.Dots,
                branch.MultiplierGradient, branch.SigmaGradients);
        }
    }

    /// <summary>Copies of weights.</summary>
    internal virtual void CopyWeights(OperandTable<WeightCopy> copies)
    {
        foreach (ref readonly WeightCopy entry in copies.Entries())
        {
            Fill(entry.Copy, 0);
            Axpy(entry.Scale, entry.Weight, entry.Copy);
        }
    }

    /// <summary>Ends a gradient.</summary>
    internal void EndWeights(in WeightGradient gradient)
    {
        Axpy(gradient.Factor, gradient.Raw, gradient.Gradient);
        if (!gradient.Dot.IsEmpty)
        {
            Dot(gradient.Raw, gradient.Weight, gradient.Dot);
        }
    }

    /// <summary>Ends the gradients of a run.</summary>
    internal virtual void EndWeights(OperandTable<WeightGradient> gradients, int first, int count)
    {
        foreach (ref readonly WeightGradient entry in gradients.Entries(first, count))
        {
            EndWeights(in entry);
        }
    }
}
