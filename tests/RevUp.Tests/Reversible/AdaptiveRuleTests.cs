namespace RevUp.Tests.Reversible;

/// <summary>
/// The rule by itself: what a record of an inversion does to the coefficient of a branch.
/// </summary>
[TestClass]
public sealed class AdaptiveRuleTests
{
    private const double Loose = 100;

    private static readonly LipschitzSettings s_settings =
        new() { Mode = LipschitzMode.Adaptive, TargetContraction = 0.7, TargetEvaluations = 4 };

    [TestMethod]
    [DataRow(3, 0.3, AdaptiveRule.Rise, DisplayName = "both targets are kept")]
    [DataRow(1, double.NaN, AdaptiveRule.Rise, DisplayName = "one evaluation was enough and measured nothing")]
    [DataRow(4, 0.3, 1.0, DisplayName = "k is at its target")]
    [DataRow(3, 0.65, 1.0, DisplayName = "the contraction is near its target")]
    [DataRow(5, 0.3, AdaptiveRule.Fall, DisplayName = "k is above")]
    [DataRow(3, 0.71, AdaptiveRule.Fall, DisplayName = "the contraction is above")]
    [DataRow(3, double.PositiveInfinity, AdaptiveRule.Fall, DisplayName = "there is no contraction")]
    public void ABranchThatIsHeldBackMovesByItsTargets(int needed, double contraction, double factor)
    {
        foreach (double coefficient in new[] { 0.4, 0.9, 2.5 })
        {
            InversionRecord record = Record(needed, contraction) with { Converged = double.IsFinite(contraction) };
            Assert.AreEqual(factor * coefficient, AdaptiveRule.Next(s_settings, coefficient, Loose, record), 1e-12);
        }
    }

    [TestMethod]
    public void ARefusedInversionTightensMostWhateverElseItSays()
    {
        InversionRecord refused = Record(2, 0.1) with { Replayed = true };
        Assert.AreEqual(AdaptiveRule.Refusal * 2, AdaptiveRule.Next(s_settings, 2, Loose, refused), 1e-12);
        Assert.IsLessThan(AdaptiveRule.Fall, AdaptiveRule.Refusal);
        Assert.IsLessThan(1 / AdaptiveRule.Rise, AdaptiveRule.Fall, "falling is not faster than rising");
    }

    [TestMethod]
    public void ABranchThatIsNotHeldBackDoesNotRiseAndFallsFromTheBoundThatItHas()
    {
        Assert.AreEqual(1.1, AdaptiveRule.Next(s_settings, 1.1, bound: 1, Record(2, 0.1)));
        Assert.AreEqual(AdaptiveRule.Fall, AdaptiveRule.Next(s_settings, 1.1, bound: 1, Record(9, 0.1)), 1e-12);
    }

    /// <summary>
    /// Weights that shrank take the coefficient along, but never below where every branch starts:
    /// Fixup's are zero there.
    /// </summary>
    [TestMethod]
    public void TheCoefficientIsNeverMuchAboveTheBoundThatTheWeightsHave()
    {
        Assert.AreEqual(AdaptiveRule.Headroom * 2, AdaptiveRule.Next(s_settings, 3, bound: 2, Record(2, 0.1)), 1e-12);
        Assert.AreEqual(s_settings.Coefficient, AdaptiveRule.Next(s_settings, 3, bound: 0, Record(1, double.NaN)));
    }

    [TestMethod]
    public void ABlockThatWasNotInvertedAndABoundThatIsNoNumberChangeNothing()
    {
        Assert.AreEqual(1.7, AdaptiveRule.Next(s_settings, 1.7, Loose, default));
        Assert.AreEqual(1.7, AdaptiveRule.Next(s_settings, 1.7, double.NaN, Record(9, 0.99)));
        Assert.AreEqual(1.7, AdaptiveRule.Next(s_settings, 1.7, double.PositiveInfinity, Record(9, 0.99)));
    }

    /// <summary>
    /// At the rounding floor corrections no longer shrink; their ratio is 1 or more, or 0/0.
    /// </summary>
    [TestMethod]
    [DataRow(1.0)]
    [DataRow(3.0)]
    [DataRow(double.NaN)]
    public void TheRatioOfCorrectionsAtTheRoundingFloorIsNoContraction(double contraction) =>
        Assert.AreEqual(AdaptiveRule.Rise, AdaptiveRule.Next(s_settings, 1, Loose, Record(3, contraction)), 1e-12);

    [TestMethod]
    public void WhateverIsMeasuredItStaysBetweenFloorAndCap()
    {
        CounterRandom random = new(1, 2, 3);
        double coefficient = s_settings.Coefficient, lowest = double.PositiveInfinity, highest = 0;
        for (int step = 0; step < 20_000; step++)
        {
            // Long times in which everything converges, long times in which nothing does, and
            // weights that come and go.
            bool good = step / 1000 % 2 == 0;
            double bound = 4 * Math.Exp(random.NextNormal());
            InversionRecord record = good
                ? Record(1 + random.NextInt(3), 0.5)
                : Record(9, 2) with { Converged = false, Replayed = step % 2 == 0 };
            coefficient = AdaptiveRule.Next(s_settings, coefficient, bound, record);
            Assert.IsLessThanOrEqualTo(
                Math.Max(s_settings.Coefficient, AdaptiveRule.Headroom * bound), coefficient, $"step {step}");
            Assert.IsGreaterThanOrEqualTo(AdaptiveRule.Floor * s_settings.Coefficient, coefficient, $"step {step}");
            (lowest, highest) = (Math.Min(lowest, coefficient), Math.Max(highest, coefficient));
        }
        Assert.AreEqual(AdaptiveRule.Floor * s_settings.Coefficient, lowest, 1e-12, "the floor was never reached");
        Assert.IsGreaterThan(1, highest, "it never rose above 1");
    }

    /// <summary>
    /// A branch whose contraction is a share of its bound, as measured ones are: the rule ends
    /// where k or L̂ is at its target.
    /// </summary>
    [TestMethod]
    [DataRow(0.25)]
    [DataRow(0.6)]
    [DataRow(1.0)]
    public void ItSettlesWhereTheTargetsAre(double share)
    {
        double coefficient = s_settings.Coefficient;
        for (int step = 0; step < 2000; step++)
        {
            coefficient = AdaptiveRule.Next(s_settings, coefficient, Loose, Record(3, share * coefficient));
        }
        Assert.IsInRange(
            AdaptiveRule.Band * s_settings.TargetContraction, s_settings.TargetContraction, share * coefficient);
    }

    private static InversionRecord Record(int needed, double contraction) =>
        new(needed, Residual: 1e-3, contraction, Converged: true, Replayed: false) { Needed = needed };
}
