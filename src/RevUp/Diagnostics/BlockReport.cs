namespace RevUp.Diagnostics;

/// <summary>
/// Report on one block of a trained network; measured numbers are the worst of all batches.
/// </summary>
/// <param name="Index">Position among the blocks.</param>
/// <param name="Name">Name of the block.</param>
/// <param name="Sigmas">σ of each convolution as last estimated in training.</param>
/// <param name="Limit">
/// Limit under which the control keeps the bound: c, the block's own coefficient or the common one;
/// cᵐ if m convolutions are bounded one by one.
/// </param>
/// <param name="Bound">|ŝ|·∏(ασ) with the σ of training, as the control sees it.</param>
/// <param name="ConvergedBound">
/// |ŝ|·∏(ασ) with σ from converged power iteration at the layer's own extents: the true bound.
/// </param>
/// <param name="Contraction">
/// Ratio of the last two corrections of an inversion to float32's limit, on data.
/// </param>
/// <param name="Evaluations">k at the given settings.</param>
/// <param name="Residual">
/// ‖x + F(x) − y‖ / ‖x‖ of the rebuilt input x at the given settings; where none was good enough,
/// the residual of the last point.
/// </param>
internal sealed record BlockReport(
    int Index,
    string Name,
    IReadOnlyList<double> Sigmas,
    double Limit,
    double Bound,
    double ConvergedBound,
    double Contraction,
    int Evaluations,
    double Residual);
