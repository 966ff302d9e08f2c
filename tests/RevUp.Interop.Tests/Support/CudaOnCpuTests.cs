namespace RevUp.Interop.Tests.Support;

[TestClass]
internal sealed class CudaOnCpuTests
{
    [TestMethod]
    [DataRow("real", "/built", null)]
    [DataRow("real", null, null)]
    [DataRow("stand-in", "/built", "/built")]
    [DataRow("", "/built", "/built")]
    [DataRow(null, "/built", "/built")]
    [DataRow(null, null, null)]
    internal void TheChoiceIsTheVariables(string? choice, string? built, string? expected) =>
        Assert.AreEqual(expected, CudaOnCpu.StandIn(choice, built));

    [TestMethod]
    [DataRow("stand-in", null, "./build.sh test builds it")]
    [DataRow("gpu", "/built", "is 'gpu'; use 'real', 'stand-in', or leave it unset")]
    internal void WhatCannotBeIsRefused(string choice, string? built, string expected) =>
        StringAssert.Contains(
            Assert.ThrowsExactly<InvalidOperationException>(() => CudaOnCpu.StandIn(choice, built)).Message, expected);
}
