namespace RevUp.Benchmarks.Traffic;

/// <summary>All calls of one operation.</summary>
/// <param name="Calls">How often it was called.</param>
/// <param name="Bytes">Sizes of its operands, each one read or written once by every call.</param>
/// <param name="Operations">
/// Floating-point operations of convolutions, a multiplication and an addition being two; 0 for
/// what is bound by memory.
/// </param>
/// <param name="Milliseconds">Time of the calls.</param>
internal readonly record struct OperationTotal(int Calls, long Bytes, double Operations, double Milliseconds)
{
    public static OperationTotal operator +(OperationTotal a, OperationTotal b) =>
        new(a.Calls + b.Calls, a.Bytes + b.Bytes, a.Operations + b.Operations, a.Milliseconds + b.Milliseconds);
}
