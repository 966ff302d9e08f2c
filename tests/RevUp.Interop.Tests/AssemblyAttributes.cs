// The thread count of the native library is process-wide, and the conformance suite changes it.
[assembly: DoNotParallelize]

// Test bodies take the suite's internal interface as their parameter.
[assembly: DiscoverInternals]
