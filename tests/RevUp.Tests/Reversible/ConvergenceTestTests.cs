namespace RevUp.Tests.Reversible;

/// <summary>The stop rule by itself: corrections that shrink by a known factor.</summary>
[TestClass]
public sealed class ConvergenceTestTests
{
    private static readonly InversionSettings s_settings =
        new() { Tolerance = 1e-2, HardLimit = 0.5, MaximumEvaluations = 40 };

    [TestMethod]
    [DataRow(0.1)]
    [DataRow(0.5)]
    [DataRow(0.8)]
    public void ItConvergesWhereTheBoundOfBanachsTheoremMeetsTheTolerance(double contraction)
    {
        ConvergenceTest test = new(s_settings, bound: 0.9);
        double correction = 0.4;
        while (!test.IsOver)
        {
            test.Add(correction * correction, 1);
            double known = test.Evaluations == 1 ? 0.9 : contraction;
            Assert.AreEqual(
                known / (1 - known) * correction <= s_settings.Tolerance,
                test.Converged,
                $"evaluation {test.Evaluations}");
            correction *= contraction;
        }
        Assert.IsTrue(test.Converged);
        Assert.AreEqual(contraction, test.Record.Contraction, 1e-12);
        Assert.AreEqual(test.Evaluations, test.Needed());
    }

    [TestMethod]
    [DataRow(0.1)]
    [DataRow(0.5)]
    public void WithoutAProofNoFastContractionIsBelieved(double contraction)
    {
        ConvergenceTest proven = new(s_settings, bound: 0.9);
        ConvergenceTest unproven = new(s_settings, bound: 1.1);
        double believed = Math.Max(contraction, ConvergenceTest.LeastUnproven);
        for (double correction = 0.2; !unproven.IsOver; correction *= contraction)
        {
            proven.Add(correction * correction, 1);
            unproven.Add(correction * correction, 1);
            bool near = unproven.Evaluations > 1 && believed / (1 - believed) * correction <= s_settings.Tolerance;
            Assert.AreEqual(near, unproven.Converged, $"evaluation {unproven.Evaluations}");
        }
        Assert.AreEqual(contraction, unproven.Record.Contraction, 1e-12, "what was measured is reported");
        Assert.AreEqual(contraction < ConvergenceTest.LeastUnproven, unproven.Needed() > proven.Needed());
    }

    /// <summary>
    /// The number of evaluations predicted before the end is the number needed in the end.
    /// </summary>
    [TestMethod]
    [DataRow(0.3)]
    [DataRow(0.7)]
    public void FromTheMeasuredContractionItKnowsHowManyEvaluationsAreNeeded(double contraction)
    {
        ConvergenceTest test = new(s_settings, bound: 0.9);
        double correction = 0.4;
        List<int> needed = [];
        while (!test.Converged)
        {
            test.Add(correction * correction, 1);
            needed.Add(test.Needed());
            correction *= contraction;
        }
        Assert.AreEqual(2, needed[0], "one correction measures nothing: one more is asked for");
        CollectionAssert.AreEqual(needed.Skip(1).Select(_ => test.Evaluations).ToArray(), needed.Skip(1).ToArray());
    }

    [TestMethod]
    public void WhatCameAfterTheFirstThatMetTheToleranceWasNotNeeded()
    {
        ConvergenceTest test = new(s_settings, bound: 0.1);
        test.Add(1e-6, 1);
        test.Add(1e-12, 1);
        test.Add(1e-12, 1);
        Assert.AreEqual(1, test.Needed());
        Assert.AreEqual(3, test.Record.Evaluations);
    }

    [TestMethod]
    public void WhatDoesNotContractIsGivenUpAndAsksForOneMore()
    {
        ConvergenceTest test = new(s_settings, bound: 0.9);
        for (int i = 0; i < 4; i++)
        {
            Assert.IsFalse(test.IsOver);
            test.Add(1, 1);
            Assert.AreEqual(i + 2, test.Needed());
        }
        Assert.IsTrue(test.IsOver);
        Assert.IsFalse(test.Converged);
    }

    [TestMethod]
    public void TheCapHolds()
    {
        ConvergenceTest test = new(s_settings, bound: 0.9);
        test.Add(1, 1);
        test.Add(0.999 * 0.999, 1);
        Assert.AreEqual(s_settings.MaximumEvaluations, test.Needed());
    }

    [TestMethod]
    [DataRow(double.NaN)]
    [DataRow(double.PositiveInfinity)]
    public void WhatIsNotANumberIsOver(double square)
    {
        ConvergenceTest test = new(s_settings, bound: 0.9);
        test.Add(square, 1);
        Assert.IsTrue(test.IsOver);
        Assert.IsFalse(test.Converged);
    }
}
