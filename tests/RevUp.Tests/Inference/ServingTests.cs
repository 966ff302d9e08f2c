using System.Net;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;

namespace RevUp.Tests.Inference;

/// <summary>The program of samples/Serving, over HTTP.</summary>
[TestClass]
public sealed class ServingTests : FolderTest
{
    private const int Requests = 200;
    private static readonly byte[][] s_files =
        [.. Enumerable.Range(0, 8).Select(i => ImageFiles.Png(i, 12 + i, 9 + i))];

    [TestMethod]
    public async Task TwoHundredRequestsAtOnceGetTheirOwnAnswersInBoundedMemory()
    {
        await using WebApplication app = await StartAsync();
        using HttpClient client = Client(app);
        Predictor predictor = app.Services.GetRequiredService<Predictor>();
        float[][] expected = [.. s_files.Select(file => predictor.PredictEncoded(file))];
        long before = 0;
        for (int wave = 0; wave < 2; wave++)
        {
            Dictionary<string, float>[] answers = await Task.WhenAll(
                Enumerable.Range(0, Requests).Select(i => AskAsync(client, s_files[i % s_files.Length])));
            for (int i = 0; i < Requests; i++)
            {
                float[] own = expected[i % s_files.Length];
                for (int label = 0; label < own.Length; label++)
                {
                    Assert.AreEqual(own[label], answers[i][PredictorFiles.Names[label]], 1e-5f);
                }
            }
            // All memory of the device: the second wave takes no more than the first.
            Assert.IsTrue(wave == 0 || before == predictor.Memory.Total);
            before = predictor.Memory.Total;
        }
    }

    [TestMethod]
    public async Task WrongFilesAndAFullQueueAndClientsThatLeaveAreAnswered()
    {
        await using WebApplication app = await StartAsync();
        using HttpClient client = Client(app);
        using (HttpResponseMessage wrong = await client.PostAsync("/predict", new StringContent("no image")))
        {
            Assert.AreEqual(HttpStatusCode.BadRequest, wrong.StatusCode);
            Assert.Contains("a whole JPEG or PNG file", await wrong.Content.ReadAsStringAsync());
        }
        Predictor predictor = app.Services.GetRequiredService<Predictor>();
        using ManualResetEventSlim open = new();
        predictor.Hold(open.Wait);
        using CancellationTokenSource leave = new();
        Task<HttpResponseMessage> left = client.PostAsync("/predict", new ByteArrayContent(s_files[0]), leave.Token);
        await UntilAsync(() => predictor.Waiting == 1);
        leave.Cancel();
        await Assert.ThrowsExactlyAsync<TaskCanceledException>(() => left);
        List<Task<float[]>> fill = [];
        while (fill.Count < 255)
        {
            fill.Add(predictor.PredictEncodedAsync(s_files[1]));
        }
        using (HttpResponseMessage busy = await client.PostAsync("/predict", new ByteArrayContent(s_files[0])))
        {
            Assert.AreEqual(HttpStatusCode.ServiceUnavailable, busy.StatusCode);
        }
        open.Set();
        await Task.WhenAll(fill);
        Assert.HasCount(3, await AskAsync(client, s_files[2]));
    }

    private async Task<WebApplication> StartAsync()
    {
        string path = PredictorFiles.Write(Folder, new(SampleKind.Bytes, Resize: 9));
        WebApplication app = ServingApp.Create(["--model", path, "--urls", $"http://{IPAddress.Loopback}:0"]);
        await app.StartAsync();
        return app;
    }

    private static HttpClient Client(WebApplication app) => new()
    {
        BaseAddress = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!
            .Addresses.Single()),
    };

    private static async Task<Dictionary<string, float>> AskAsync(HttpClient client, byte[] file)
    {
        using HttpResponseMessage answer = await client.PostAsync("/predict", new ByteArrayContent(file));
        Assert.AreEqual(HttpStatusCode.OK, answer.StatusCode);
        return (await answer.Content.ReadFromJsonAsync<Dictionary<string, float>>())!;
    }

    private static async Task UntilAsync(Func<bool> reached)
    {
        while (!reached())
        {
            await Task.Delay(1);
        }
    }
}
