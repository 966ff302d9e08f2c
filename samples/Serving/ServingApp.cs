using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using RevUp.Data;
using RevUp.Inference;

/// <summary>
/// POST /predict takes a JPEG or PNG file and answers with the classes' probabilities.
/// </summary>
internal static class ServingApp
{
    private const int MaximumFile = 8 << 20;
    private const int MaximumConnections = 512;

    public static WebApplication Create(string[] args)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(args);
        // Memory is bounded by files that are read at once, and by the predictor's queue.
        builder.WebHost.ConfigureKestrel(server =>
        {
            server.Limits.MaxRequestBodySize = MaximumFile;
            server.Limits.MaxConcurrentConnections = MaximumConnections;
        });
        string model = builder.Configuration["model"] ?? "stripes.safetensors";
        PredictorOptions options = new() { MaximumBatch = 32, MaximumQueue = 256 };
        builder.Services.AddSingleton(_ => Predictor.Load(model, options: options));
        WebApplication app = builder.Build();
        app.Services.GetRequiredService<Predictor>(); // a model that cannot be loaded ends the start
        app.MapPost("/predict", PredictAsync);
        return app;
    }

    // A client that hangs up cancels the token: a file that waits is then not computed.
    private static async Task<IResult> PredictAsync(HttpRequest request, Predictor predictor, CancellationToken stop)
    {
        using MemoryStream file = new();
        await request.Body.CopyToAsync(file, stop);
        try
        {
            float[] probabilities = await predictor.PredictEncodedAsync(file.ToArray(), stop);
            return Results.Ok(
                predictor.Classes.Zip(probabilities).ToDictionary(pair => pair.First, pair => pair.Second));
        }
        catch (DataFileException exception)
        {
            return Results.Problem(exception.Message, statusCode: StatusCodes.Status400BadRequest);
        }
        catch (PredictorBusyException exception)
        {
            return Results.Problem(exception.Message, statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }
}
