namespace RevUp.Tensors;

/// <summary>
/// A public call on a backend. Its end lets other threads call; a call inside another one ends
/// nothing.
/// </summary>
internal readonly ref struct Driving(DriverSeat? seat)
{
    public void Dispose() => seat?.Leave();
}
