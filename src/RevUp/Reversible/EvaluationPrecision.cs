namespace RevUp.Reversible;

/// <summary>Precision of the branch evaluations of an inversion.</summary>
public enum EvaluationPrecision
{
    /// <summary>All of them as in the forward pass.</summary>
    Full,

    /// <summary>
    /// The first evaluation in bfloat16, if a block needs two or more; the others as in the forward
    /// pass. The last evaluation, which is differentiated, and the residual therefore keep the
    /// precision of the forward pass. For branches in float32.
    /// </summary>
    Mixed,
}
