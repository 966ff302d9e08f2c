namespace RevUp.Interop.Tests.Support;

/// <summary>A convolution as an operator, with its vectors, as arrays.</summary>
internal sealed record OperatorArrays(
    string Name, CpuConvolutionGeometry Geometry, float[] Weights, float[] Gradient, float[] U, float[] V, float Factor)
{
    /// <summary>Random numbers.</summary>
    internal static OperatorArrays Draw(string name, CpuConvolutionGeometry geometry, int seed)
    {
        Inputs inputs = new(seed);
        int weights = Shapes.WeightElements(geometry);
        return new OperatorArrays(
            name, geometry, inputs.Uniform(weights), inputs.Uniform(weights),
            inputs.Uniform(Shapes.DestinationElements(geometry)), inputs.Uniform(Shapes.SourceElements(geometry)),
            Factor: 0.37f);
    }
}
