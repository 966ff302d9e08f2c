// Serves a trained network over HTTP. Train one with samples/Embedding, then run this with:
//     dotnet run -c Release -- --model ../Embedding/stripes.safetensors
//     curl --data-binary @image.png ADDRESS/predict
// with the address that it prints.
ServingApp.Create(args).Run();
