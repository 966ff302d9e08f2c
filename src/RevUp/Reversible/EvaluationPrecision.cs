namespace RevUp.Reversible;

/// <summary>Precision of the branch evaluations of an inversion.</summary>
public enum EvaluationPrecision
{
    /// <summary>All of them as in the forward pass.</summary>
    Full,

    /// <summary>
    /// The first in bfloat16, of a block that needs two or more; the others, and so the one that is
    /// differentiated and the residual that decides whether the result is accepted, as in the
    /// forward pass. For branches in float32.
    /// </summary>
    Mixed,
}
