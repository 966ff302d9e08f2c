namespace RevUp.Interop.Tests.Hostile;

/// <summary>
/// Whatever one argument is, the call returns a status that names it, and the process lives.
/// </summary>
[TestClass]
internal sealed class HostileArgumentTests
{
    private static IEnumerable<object[]> Functions => AbiFunctions.All.Select(function => new object[] { function });

    [TestMethod]
    [DynamicData(nameof(Functions))]
    internal void ValidArgumentsAreAccepted(AbiFunction function)
    {
        AbiMemory.Reset();

        function.Call(function.ValidWords()).Check();
    }

    [TestMethod]
    [DynamicData(nameof(Functions))]
    internal void EveryBadArgumentIsNamed(AbiFunction function)
    {
        for (int i = 0; i < function.Arguments.Length; i++)
        {
            Argument argument = function.Arguments[i];
            foreach (long bad in BadValues(argument.Kind, function.ValidWords()[i]))
            {
                long[] words = function.ValidWords();
                words[i] = bad;
                AbiMemory.Reset();

                CpuStatus status = function.Call(words);

                Assert.AreEqual(CpuStatus.InvalidArgument, status, $"{function.Name} with {argument.Name} = {bad}");
                StringAssert.Contains(
                    AbiFunction.LastError(), argument.Name, $"{function.Name} with {argument.Name} = {bad}");
            }
        }
    }

    [TestMethod]
    [DataRow("preactivation_forward", "count")]
    [DataRow("preactivation_backward", "count")]
    [DataRow("residual_add_ahead", "count")]
    [DataRow("fixed_point_step_ahead", "count")]
    [DataRow("batch_norm_forward", "channels")]
    [DataRow("batch_norm_backward", "channels")]
    [DataRow("channel_affine_forward", "channels")]
    [DataRow("channel_affine_backward", "channels")]
    internal void MaxMinTakesPairsOnly(string name, string counted)
    {
        AbiFunction function = AbiFunctions.All.Single(f => f.Name == name);
        long[] words = function.ValidWords();
        words[Array.FindIndex(function.Arguments, argument => argument.Kind == ArgumentKind.Activation)] =
            (long)CpuActivation.MaxMin;
        AbiMemory.Reset();
        Assert.AreEqual(CpuStatus.Ok, function.Call(words), AbiFunction.LastError());

        words[Array.FindIndex(function.Arguments, argument => argument.Name == counted)] = 7;

        Assert.AreEqual(CpuStatus.InvalidArgument, function.Call(words));
        StringAssert.Contains(
            AbiFunction.LastError(), counted + " is 7; activation 3 (MaxMin) takes neighbours in pairs");
    }

    [TestMethod]
    [DynamicData(nameof(Functions))]
    internal void OptionalPointersMayBeNull(AbiFunction function) => AssertZeroIsAccepted(
        function, ArgumentKind.OptionalScalar, ArgumentKind.OptionalTensor, ArgumentKind.OptionalStatistic);

    [TestMethod]
    [DynamicData(nameof(Functions))]
    internal void ACountOfZeroDoesNothing(AbiFunction function) => AssertZeroIsAccepted(function, ArgumentKind.Count);

    [TestMethod]
    internal void TheTableHasEveryFunctionThatTakesTensors()
    {
        string[] withoutTensors =
        [
            nameof(CpuLibrary.AbiVersion), nameof(CpuLibrary.LastError), nameof(CpuLibrary.Describe),
            nameof(CpuLibrary.InstructionSet), nameof(CpuLibrary.SetThreads),
            nameof(CpuLibrary.Supports), nameof(CpuLibrary.Reserve), nameof(CpuLibrary.Release),
            nameof(CpuLibrary.ConvolutionDestroy),
        ];
        string[] imported =
            typeof(CpuLibrary).GetMethods().Where(method => method.IsStatic).Select(method => method.Name).ToArray();

        CollectionAssert.AreEquivalent(
            imported.Except(withoutTensors).Select(name => name.ToLowerInvariant()).ToArray(),
            AbiFunctions.All.Select(function => function.Name.Replace("_", "", StringComparison.Ordinal)).ToArray());
    }

    // One argument of these kinds at a time.
    private static void AssertZeroIsAccepted(AbiFunction function, params ArgumentKind[] kinds)
    {
        for (int i = 0; i < function.Arguments.Length; i++)
        {
            if (kinds.Contains(function.Arguments[i].Kind))
            {
                long[] words = function.ValidWords();
                words[i] = 0;
                AbiMemory.Reset();

                Assert.AreEqual(
                    CpuStatus.Ok,
                    function.Call(words),
                    $"{function.Name} with {function.Arguments[i].Name} = 0: {AbiFunction.LastError()}");
            }
        }
    }

    private static long[] BadValues(ArgumentKind kind, long valid) => kind switch
    {
        ArgumentKind.Tensor => [0, valid + 4, valid + 32],
        ArgumentKind.OptionalTensor => [valid + 4, valid + 32],
        ArgumentKind.Scalar => [0, valid + 2],
        ArgumentKind.OptionalScalar => [valid + 2],
        ArgumentKind.Label => [0, valid + 1],
        ArgumentKind.Statistic or ArgumentKind.Structure => [0, valid + 4],
        ArgumentKind.OptionalStatistic => [valid + 4],
        ArgumentKind.Count => [-1, long.MinValue],
        ArgumentKind.Extent => [-1, 0, long.MinValue],
        ArgumentKind.Type => [-1, 2, int.MaxValue],
        ArgumentKind.Activation => [-1, 4, int.MaxValue],
        ArgumentKind.Choice => [-4, 5, 16, int.MaxValue],
        _ => [0],
    };
}
