namespace RevUp.Tests.Support;

/// <summary>An assertion about a call that is refused, beside the framework's.</summary>
internal static class Refusals
{
    extension(Assert)
    {
        /// <summary>
        /// Fails unless the call throws exactly this exception, with all these texts in its
        /// message.
        /// </summary>
        public static void Refuses<TException>(Func<object?> call, params ReadOnlySpan<string> texts)
            where TException : Exception
        {
            string message = Assert.ThrowsExactly<TException>(call).Message;
            foreach (string text in texts)
            {
                Assert.Contains(text, message);
            }
        }

        /// <inheritdoc cref="Refuses{TException}(Func{object}, ReadOnlySpan{string})"/>
        public static void Refuses<TException>(Action call, params ReadOnlySpan<string> texts)
            where TException : Exception => Assert.Refuses<TException>(Returning(call), texts);
    }

    private static Func<object?> Returning(Action call) => () =>
    {
        call();
        return null;
    };
}
