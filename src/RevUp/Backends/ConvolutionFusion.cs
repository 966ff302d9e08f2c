namespace RevUp.Backends;

/// <summary>
/// An operation behind a pass of a convolution, which a plan may do while the results are in
/// registers (<see cref="ConvolutionPlan.Fuses"/>).
/// </summary>
internal enum ConvolutionFusion
{
    /// <summary>
    /// fprop into the residual stream: <see cref="ConvolutionPlan.ForwardAdd"/> and
    /// <see cref="ConvolutionPlan.ForwardStep"/>.
    /// </summary>
    Stream,

    /// <summary>fprop and φ: <see cref="ConvolutionPlan.ForwardActivated"/>.</summary>
    Activation,

    /// <summary>
    /// dgrad and the gradient of φ, in the geometry's type:
    /// <see cref="ConvolutionPlan.BackwardActivated"/>.
    /// </summary>
    Gradient,

    /// <summary>The same, added to the gradient of the stream, float32.</summary>
    StreamGradient,
}
