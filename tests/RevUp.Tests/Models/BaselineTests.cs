namespace RevUp.Tests.Models;

/// <summary>
/// Parts of the networks that RevUp is compared with, by the names in their checkpoints.
/// </summary>
[TestClass]
public sealed class BaselineTests
{
    [TestMethod]
    [EveryBackend(
        TestModel.ResNet,
        "conv1.weight conv2.weight bn1.weight bn1.bias bn2.weight bn2.bias",
        "bn1.running_mean bn1.running_var")]
    [EveryBackend(TestModel.FixupResNet, "conv1.weight conv2.weight bias1a bias1b bias2a bias2b scale", "")]
    [EveryBackend(
        TestModel.RevNet,
        "f.conv1.weight f.bn1.weight g.conv2.weight g.bn2.bias",
        "f.bn1.running_mean g.bn2.running_var")]
    [EveryBackend(TestModel.FixupRevNet, "f.conv1.weight f.bias1a f.scale g.conv2.weight g.bias2b g.scale", "")]
    [EveryBackend(TestModel.IResNet, "conv1.weight conv2.weight conv3.weight bias1 bias2 bias3", "conv1.u conv3.v")]
    public void ParametersAndStateHaveTheirNames(TestDevice device, string model, string parameters, string state)
    {
        using Backend backend = device.Open();
        TestModel test = TestModel.Get(model);
        using RevUpNet net = new(backend, test.Settings, test.Sample, TestModel.Classes, seed: 1);
        AssertContains(parameters, [.. net.Parameters.Parameters.Select(p => p.Name)]);
        AssertContains(state, [.. net.Parameters.State.Select(s => s.Name)]);
        string head = test.Settings.Normalization == Normalization.Fixup ? "head.bias1a" : "head.bn1.weight";
        Assert.Contains(head, net.Parameters.Parameters.Select(p => p.Name));
    }

    [TestMethod]
    public void TheLipschitzControlIsThatOfInvertibleBlocksUnlessSaid()
    {
        Assert.AreEqual(LipschitzMode.PerBranch, new ModelSettings().Lipschitz.Mode);
        Assert.AreEqual(LipschitzMode.None, new ModelSettings { Block = BlockKind.Residual }.Lipschitz.Mode);
        Assert.AreEqual(LipschitzMode.None, new ModelSettings { Block = BlockKind.Coupling }.Lipschitz.Mode);
    }

    private static void AssertContains(string suffixes, IReadOnlyCollection<string> names)
    {
        foreach (string suffix in suffixes.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            Assert.Contains($"stages.1.blocks.0.{suffix}", names);
        }
    }
}
