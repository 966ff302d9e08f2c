namespace RevUp.Layers;

/// <summary>Treatment of input and intermediates in a forward pass.</summary>
internal enum ForwardMode
{
    /// <summary>The input stays; intermediates are saved for the backward pass.</summary>
    Store,

    /// <summary>The input stays; nothing is saved.</summary>
    Keep,

    /// <summary>
    /// The input's memory is taken over: freed, or reused for the output. Nothing is saved.
    /// </summary>
    Consume,

    /// <summary>
    /// The input's memory is taken over, and what is saved is all that the backward pass needs.
    /// </summary>
    Absorb,

    /// <summary>
    /// The same, but the backward pass computes all that is saved from the first pre-activation.
    /// </summary>
    AbsorbFirst,
}
