namespace RevUp.Tests.Lifetimes;

/// <summary>
/// Object × state × call: a living object does what it is asked or says what is missing; a closed
/// one throws <see cref="ObjectDisposedException"/> and leaves the memory of others alone.
/// </summary>
[TestClass]
public sealed class LifetimeTableTests
{
    [TestMethod]
    [EveryBackend(LifetimeState.Fresh)]
    [EveryBackend(LifetimeState.Used)]
    [EveryBackend(LifetimeState.InFlight)]
    public void ALivingObjectDoesWhatItIsAskedOrNamesWhatIsMissing(TestDevice device, LifetimeState state)
    {
        foreach (IGrouping<string, LifetimeCall> calls in LifetimeCalls.All.GroupBy(call => call.Owner))
        {
            using LifetimeScene scene = new(device, TestModel.Adaptive);
            scene.Enter(state, calls.First().Target(scene));
            foreach (LifetimeCall call in calls)
            {
                Exception? exception = Thrown(() => call.Act(scene));
                // A step in another phase, or a store that is built.
                bool allowed = exception is null || exception.GetType() == typeof(InvalidOperationException);
                Assert.IsTrue(allowed, $"{call.Owner}.{call.Name}, {state}: {exception}");
            }
        }
    }

    [TestMethod]
    [EveryBackend(LifetimeState.Disposed)]
    [EveryBackend(LifetimeState.NetworkDisposed)]
    [EveryBackend(LifetimeState.BackendDisposed)]
    public void AClosedObjectRefusesEveryCallAndTouchesNothing(TestDevice device, LifetimeState state)
    {
        foreach (IGrouping<string, LifetimeCall> calls in LifetimeCalls.All.GroupBy(call => call.Owner))
        {
            using LifetimeScene scene = new(device, TestModel.Adaptive);
            scene.Enter(state, calls.First().Target(scene));
            // Takes the memory that was freed.
            using RevUpNet? heir = scene.Backend.IsDisposed
                ? null : new RevUpNet(scene.Backend, scene.Net.Settings, scene.Net.Sample, scene.Net.Classes, seed: 77);
            float[] before = Content(heir);
            foreach (LifetimeCall call in calls.Where(call => call.IsClosedIn(state)))
            {
                Exception? exception = Thrown(() => call.Act(scene));
                Assert.IsInstanceOfType<ObjectDisposedException>(exception, $"{call.Owner}.{call.Name}, {state}");
            }
            CollectionAssert.AreEqual(before, Content(heir), $"{calls.Key}, {state}");
        }
    }

    /// <summary>A column of the table that nobody fills would look like a green one.</summary>
    [TestMethod]
    public void EveryDeviceObjectOfTheLibraryIsInTheTable()
    {
        // Parts of the others, or without calls of their own.
        string[] others =
        [
            "NetworkInspector", "LayerProbe", "RecordedWork", "Preactivation", "CouplingBlock", "Branch", "OwnBranch",
            "BranchControl", "BranchWork", "OperatorTables", "OperandTable`1", "WeightCopies", "WeightAverage",
            "Objective", "Orthogonalization",
        ];
        string[] names = [.. typeof(RevUpNet).Assembly.GetTypes()
            .Where(type => type.BaseType == typeof(DeviceObject)).Select(type => type.Name).Except(others)];
        Assert.IsGreaterThan(10, names.Length);
        CollectionAssert.IsSubsetOf(names, LifetimeCalls.All.Select(call => call.Owner).ToArray());
    }

    private static float[] Content(RevUpNet? net) => net is null
        ? []
        : [
            .. net.Backend.ToHost(net.Parameters.Values), .. net.Backend.ToHost(net.Parameters.Gradients),
            .. net.Backend.ToHost(net.Parameters.StateValues),
        ];

    private static Exception? Thrown(Action call)
    {
        try
        {
            call();
            return null;
        }
        catch (Exception exception)
        {
            return exception;
        }
    }
}
