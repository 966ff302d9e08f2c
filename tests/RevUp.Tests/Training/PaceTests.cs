namespace RevUp.Tests.Training;

/// <summary>The time of a step, from steps whose times are made up.</summary>
[TestClass]
public sealed class PaceTests
{
    // The demonstration promises: from ten seconds on, the time left is right within this factor.
    private const double Promise = 2;

    [TestMethod]
    public void SteadyStepsTakeTheirTime()
    {
        Pace pace = new();
        Assert.AreEqual(0, pace.SecondsPerStep);
        for (int step = 0; step < 1000; step++)
        {
            pace.AddStep(0.05);
            Assert.AreEqual(0.05, pace.SecondsPerStep, 1e-12);
        }
    }

    /// <summary>
    /// A step that generates code, one that a neighbour stops for a second, and a tenth of the
    /// steps at ten times the time.
    /// </summary>
    [TestMethod]
    [DataRow(1.5, 0.06, 0.06, 0.06)]
    [DataRow(1.5, 0.06, 1.06, 0.06)]
    [DataRow(0.6, 0.06, 0.06, 0.6)]
    public void AfterTenSecondsTheTimeIsRight(double first, double usual, double second, double tenth)
    {
        Pace pace = new();
        double elapsed = 0, mean = (9 * usual + tenth) / 10;
        for (int step = 0; elapsed < 10; step++)
        {
            double seconds = step == 0 ? first : step == 1 ? second : step % 10 == 9 ? tenth : usual;
            pace.AddStep(seconds);
            elapsed += seconds;
        }
        Assert.IsLessThan(Promise * mean, pace.SecondsPerStep);
        Assert.IsGreaterThan(mean / Promise, pace.SecondsPerStep);
    }

    /// <summary>
    /// A compiler starts beside the run: half a minute later the display has followed.
    /// </summary>
    [TestMethod]
    public void AChangeOfSpeedIsFollowed()
    {
        Pace pace = new();
        for (int step = 0; step < 2000; step++)
        {
            pace.AddStep(0.05);
        }
        for (double elapsed = 0; elapsed < 30; elapsed += 0.25)
        {
            pace.AddStep(0.25);
        }
        Assert.AreEqual(0.25, pace.SecondsPerStep, 0.25 * (1 - 1 / Promise));
    }

    [TestMethod]
    public void AnEvaluationIsEstimatedUntilItWasMeasured()
    {
        Pace pace = new();
        pace.AddStep(0.2);
        Assert.AreEqual(0.25 * 0.2 * 100, pace.Evaluation(batches: 100), 1e-12);
        pace.AddEvaluation(3.5);
        pace.AddStep(0.4);
        Assert.AreEqual(3.5, pace.Evaluation(batches: 100));
    }
}
