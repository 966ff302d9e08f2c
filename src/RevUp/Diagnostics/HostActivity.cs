namespace RevUp.Diagnostics;

/// <summary>Occupation of the host while no operation of a profiled step runs.</summary>
internal enum HostActivity
{
    /// <summary>The host comes to the step's next operation.</summary>
    Issuing,

    /// <summary>The host waits for the data's threads.</summary>
    WaitingForData,

    /// <summary>The host copies a batch to where the device takes it.</summary>
    HandingOver,

    /// <summary>The host waits for the step's results, reads and judges them.</summary>
    Ending,
}
