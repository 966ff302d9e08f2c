#include <cstdio>
#include <cstdlib>

#include "harness.h"

int tests::Suite::run(const std::string &filter) const {
  int passed = 0, failed = 0;
  for (const Case &test : cases_) {
    if (test.name.find(filter) == std::string::npos) continue;
    try {
      test.body();
      std::printf("passed %s\n", test.name.c_str());
      ++passed;
    } catch (const std::exception &exception) {
      std::printf("failed %s\n  %s\n", test.name.c_str(), exception.what());
      ++failed;
    }
    std::fflush(stdout);
  }
  // As the managed test executables count, for the script that adds all up.
  std::printf("  succeeded: %d\n  failed: %d\n  skipped: 0\n", passed, failed);
  std::printf("%d passed, %d failed, 0 skipped\n", passed, failed);
  return failed == 0 ? 0 : 1;
}

int main(int count, char **arguments) {
  // Small enough to run out of.
  setenv("REVUP_CUDA_ON_CPU_MEMORY", "67108864", 1);
  setenv("REVUP_CUDA_ON_CPU_DEVICES", "4", 1);
  tests::Suite suite;
  tests::add_initialisation_tests(suite);  // first: only once is nothing initialised
  tests::add_device_language_tests(suite);
  tests::add_memory_tests(suite);
  tests::add_launch_tests(suite);
  tests::add_stream_tests(suite);
  tests::add_graph_tests(suite);
  tests::add_fork_tests(suite);
  tests::add_nccl_tests(suite);
  tests::add_nccl_failure_tests(suite);
  tests::add_convolution_tests(suite);
  tests::add_matmul_tests(suite);
  return suite.run(count > 1 ? arguments[1] : "");
}
