using RevUp.Models;

namespace RevUp.Recipes;

[JsonSerializable(typeof(Recipe))]
[JsonSerializable(typeof(ModelSettings))]
internal sealed partial class RecipeJson : JsonSerializerContext;
