namespace RevUp.Tests.Reversible;

/// <summary>How k follows what steps need: up at once, down with patience.</summary>
[TestClass]
public sealed class EvaluationPlanTests
{
    [TestMethod]
    public void ItIsKnownOnceItWasMeasured()
    {
        EvaluationPlan plan = new(3);
        Assert.IsFalse(plan.IsKnown);
        Measure(plan, 2, 0, 4);
        Assert.IsTrue(plan.IsKnown);
        CollectionAssert.AreEqual(new[] { 2, 0, 4 }, plan.Evaluations.ToArray());
        Assert.AreEqual(4, plan.Most);
        plan.Forget();
        Assert.IsFalse(plan.IsKnown);
    }

    [TestMethod]
    public void AStepThatGaveUpOnABlockPlansNothing()
    {
        EvaluationPlan plan = new(2);
        Measure(plan, 2, 3);
        plan.Measure([Record(2), Record(50) with { Replayed = true }]);
        Assert.IsFalse(plan.IsKnown);
        Measure(plan, 2, 3);
        Assert.IsTrue(plan.IsKnown);
    }

    /// <summary>
    /// If what the others needed before were forgotten, each would have too few in turn.
    /// </summary>
    [TestMethod]
    public void WhatOneBlockHadTooFewOfIsCorrectedAndTheOthersKeepTheirs()
    {
        EvaluationPlan plan = new(3);
        Measure(plan, 5, 2, 4);
        plan.Correct([Record(3), Record(3), Record(4)]);
        Assert.IsTrue(plan.IsKnown);
        CollectionAssert.AreEqual(new[] { 5, 3, 4 }, plan.Evaluations.ToArray());
        plan.Correct([Record(3), Record(50) with { Replayed = true }, Record(4)]);
        Assert.IsFalse(plan.IsKnown);
    }

    [TestMethod]
    public void ItGrowsAtOnceAndFallsWithPatienceToTheMostThatWasNeeded()
    {
        EvaluationPlan plan = new(2);
        Measure(plan, 5, 2);
        long version = plan.Version;
        Step(plan, 2, 3);
        CollectionAssert.AreEqual(new[] { 5, 3 }, plan.Evaluations.ToArray());
        Assert.AreNotEqual(version, plan.Version);

        version = plan.Version;
        for (int step = 2; step < EvaluationPlan.Patience; step++)
        {
            Step(plan, step == 9 ? 4 : 2, 1);
            CollectionAssert.AreEqual(new[] { 5, 3 }, plan.Evaluations.ToArray(), $"step {step}");
        }
        Assert.AreEqual(version, plan.Version, "a plan that stays the same has a new version");
        Step(plan, 2, 1);
        CollectionAssert.AreEqual(new[] { 4, 3 }, plan.Evaluations.ToArray());
        Assert.AreEqual(4, plan.Most);
        Assert.AreNotEqual(version, plan.Version);

        for (int step = 1; step <= EvaluationPlan.Patience; step++)
        {
            Step(plan, 2, 1);
        }
        CollectionAssert.AreEqual(new[] { 2, 1 }, plan.Evaluations.ToArray(), "what was needed long ago still counts");
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(EvaluationPlan.Patience - 1)]
    [DataRow(EvaluationPlan.Patience + 1)]
    public void WhatIsKeptGoesOnAsIfNothingHadHappened(int steps)
    {
        EvaluationPlan whole = new(2), resumed = new(2);
        Measure(whole, 6, 2);
        for (int step = 0; step < steps; step++)
        {
            Step(whole, 3 + step % 2, 1);
        }
        resumed.Restore(whole.State);
        Assert.IsTrue(resumed.IsKnown);
        for (int step = 0; step < 2 * EvaluationPlan.Patience; step++)
        {
            CollectionAssert.AreEqual(whole.Evaluations.ToArray(), resumed.Evaluations.ToArray(), $"step {step}");
            Assert.AreEqual(whole.Most, resumed.Most);
            Step(whole, 1 + step % 3, 1 + step % 2);
            Step(resumed, 1 + step % 3, 1 + step % 2);
        }
    }

    [TestMethod]
    public void WhatWasNotKnownOrIsOfAnotherNetworkIsNotKnown()
    {
        EvaluationPlan plan = new(2), larger = new(3);
        Assert.IsNull(plan.State);
        Measure(plan, 1, 1);
        Measure(larger, 1, 1, 1);
        plan.Restore(larger.State);
        Assert.IsFalse(plan.IsKnown);
        Measure(plan, 1, 1);
        plan.Restore(null);
        Assert.IsFalse(plan.IsKnown);
    }

    private static void Measure(EvaluationPlan plan, params int[] evaluations) =>
        plan.Measure([.. evaluations.Select(Record)]);

    private static void Step(EvaluationPlan plan, params int[] needed)
    {
        for (int block = 0; block < needed.Length; block++)
        {
            plan.Need(block, needed[block]);
        }
        plan.EndStep();
    }

    private static InversionRecord Record(int evaluations) =>
        new(evaluations, 1e-3, 0.5, Converged: true, Replayed: false);
}
