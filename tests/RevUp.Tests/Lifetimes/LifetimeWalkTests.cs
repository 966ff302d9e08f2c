namespace RevUp.Tests.Lifetimes;

[TestClass]
public sealed class LifetimeWalkTests
{
    private const int Calls = 10_000;

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    public void TenThousandRandomCallsGiveNoWrongAnswer(int seed)
    {
        using LifetimeWalk walk = new(seed);
        for (int call = 0; call < Calls; call++)
        {
            walk.Step();
        }
        // The walk met everything that it is about.
        Assert.IsGreaterThan(Calls / 4, walk.Compared);
        Assert.IsGreaterThan(Calls / 5, walk.Refused);
        Assert.IsGreaterThan(Calls / 20, walk.Disposals);
    }
}
