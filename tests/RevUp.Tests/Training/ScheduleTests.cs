namespace RevUp.Tests.Training;

[TestClass]
public sealed class ScheduleTests
{
    private const long Steps = 104;
    private const long StepsPerEpoch = 26;
    private const double Rounding = 1e-12;

    [TestMethod]
    [DataRow(0, 0.2)]
    [DataRow(1, 0.4)]
    [DataRow(3, 0.8)]
    [DataRow(4, 1.0)]
    [DataRow(29, 0.8535533905932737)] // a quarter of the way: (1 + cos 45°) / 2
    [DataRow(54, 0.5)]
    [DataRow(79, 0.14644660940672627)]
    [DataRow(104, 0.0)]
    public void CosineFallsFromTheEndOfTheWarmUpToZero(long step, double factor) =>
        Assert.AreEqual(
            factor,
            new ScheduleSettings { Kind = ScheduleKind.Cosine, WarmupSteps = 4 }.At(step, Steps, StepsPerEpoch),
            Rounding);

    [TestMethod]
    [DataRow(0, 1.0)]
    [DataRow(25, 1.0)]
    [DataRow(26, 0.2)]
    [DataRow(77, 0.2)]
    [DataRow(78, 0.04)]
    [DataRow(103, 0.04)]
    public void StepMultipliesAtTheFirstStepAfterEachMilestone(long step, double factor) =>
        Assert.AreEqual(
            factor,
            new ScheduleSettings { Kind = ScheduleKind.Step, Milestones = [1, 3], Factor = 0.2 }.At(
                step, Steps, StepsPerEpoch),
            Rounding);

    [TestMethod]
    [DataRow(0, 0.5)]
    [DataRow(1, 1.0)]
    [DataRow(103, 1.0)]
    public void ConstantStaysAfterTheWarmUp(long step, double factor) =>
        Assert.AreEqual(
            factor,
            new ScheduleSettings { Kind = ScheduleKind.Constant, WarmupSteps = 1 }.At(step, Steps, StepsPerEpoch),
            Rounding);

    [TestMethod]
    public void AWarmUpLongerThanTheRunNeverReachesTheFullRate() =>
        Assert.AreEqual(0.5, new ScheduleSettings { WarmupSteps = 9 }.At(4, steps: 5, StepsPerEpoch), Rounding);
}
