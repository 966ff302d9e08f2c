// Serves a trained network over HTTP. Train one with samples/Embedding, then run this with:
//     dotnet run -c Release -- --model ../Embedding/stripes.safetensors
//     curl --data-binary @image.png http://localhost:5000/predict
ServingApp.Create(args).Run();
