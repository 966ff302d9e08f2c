namespace RevUp.Tests.Cli;

/// <summary>
/// The length of the demonstration, from speeds that are made up: an epoch has 937 steps, a whole
/// run four of them.
/// </summary>
[TestClass]
public sealed class DemoLengthTests
{
    private const long StepsPerEpoch = 937;
    private const long Full = 4 * StepsPerEpoch;

    private static readonly Recipe s_recipe = RecipeCatalog.Load("fashion-mnist", []);

    [TestMethod]
    [DataRow(0.010, 1.0, 160.0, Full)] // 37.5 s of steps and 4 s of evaluations
    [DataRow(0.040, 2.0, 160.0, Full)] // 150 s and 8 s: just in time
    [DataRow(0.040, 3.0, 160.0, 3700L)] // (160 − 4 · 3) s, in the fourth epoch
    [DataRow(0.100, 4.0, 160.0, 1520L)] // (160 − 2 · 4) s
    [DataRow(0.160, 5.0, 160.0, StepsPerEpoch)] // 155 s would be 968 steps, and a second evaluation would leave 937.5
    [DataRow(0.400, 20.0, 160.0, 350L)]
    [DataRow(2.000, 90.0, 160.0, 100L)] // too slow for anything worth it: the least
    [DataRow(0.100, 4.0, -30.0, 100L)] // the comparison took all the time
    public void TheLengthTakesTheTimeThatIsLeft(double step, double evaluation, double left, long steps)
    {
        TrainingSpeed speed = new(step, evaluation, StepsPerEpoch);
        Recipe fitted = DemoLength.Fit(s_recipe, speed, TimeSpan.FromSeconds(left));
        Assert.AreEqual(steps, fitted.Training.LimitSteps(Full));
        double seconds = steps * step + ((steps - 1) / StepsPerEpoch + 1) * evaluation;
        Assert.IsTrue(steps == 100 || seconds <= left + 1e-9, $"{seconds} s");
        fitted.Validate();
    }

    [TestMethod]
    public void TheWarmUpIsATenthOfAShortRun()
    {
        Assert.AreEqual(100, s_recipe.Training.Schedule.WarmupSteps);
        Assert.AreEqual(100, Fit(0.100).Training.Schedule.WarmupSteps);
        Assert.AreEqual(35, Fit(0.400).Training.Schedule.WarmupSteps);
        // All the rest is the recipe's own.
        Recipe fitted = Fit(0.400);
        TrainingSettings back = fitted.Training with { Steps = 0, Schedule = s_recipe.Training.Schedule };
        Assert.AreEqual(RecipeFile.Serialize(s_recipe), RecipeFile.Serialize(fitted with { Training = back }));

        static Recipe Fit(double step) =>
            DemoLength.Fit(s_recipe, new TrainingSpeed(step, 200 * step / 4, StepsPerEpoch), TimeSpan.FromSeconds(160));
    }

    [TestMethod]
    public void AFullRunIsTheRecipeItself()
    {
        TrainingSpeed fast = new(0.01, 1, StepsPerEpoch);
        Assert.AreSame(s_recipe, DemoLength.Fit(s_recipe, fast, TimeSpan.FromSeconds(160)));
        Assert.AreEqual(
            "This machine trains 6400 images/s: all 3748 steps, 4 epochs, take 0:41.",
            DemoLength.Describe(s_recipe, s_recipe, fast, " and reaches 91 %"));
    }

    [TestMethod]
    public void WhatWasChosenIsSaidBesideAFullRun()
    {
        TrainingSpeed speed = new(0.1, 4, StepsPerEpoch);
        Recipe fitted = DemoLength.Fit(s_recipe, speed, TimeSpan.FromSeconds(160));
        Assert.AreEqual(
            "This machine trains 640 images/s: 1520 of 3748 steps, 1.6 of 4 epochs, take 2:40. A full run takes 6:30 "
            + "and reaches 91 %: --set training.epochs=4.",
            DemoLength.Describe(s_recipe, fitted, speed, " and reaches 91 %"));
    }
}
