namespace RevUp.Models;

/// <summary>Output of a network.</summary>
public enum ModelTask
{
    /// <summary>Logits of a whole sample, [N, classes].</summary>
    Classification,

    /// <summary>
    /// Logits of every position, [N, (D), H, W, classes]: the stages become a U-Net (arXiv
    /// 1505.04597), with additive skips.
    /// </summary>
    Segmentation,

    /// <summary>
    /// Several labels of a whole sample, each there or not: a logit for each, [N, labels]. Their
    /// probabilities are sigmoids.
    /// </summary>
    MultiLabel,

    /// <summary>Numbers of a whole sample, [N, outputs], as they are.</summary>
    Regression,
}
