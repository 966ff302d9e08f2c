#include <cstdlib>

#include "harness.h"

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
  tests::add_late_tests(suite);
  tests::add_nccl_tests(suite);
  tests::add_nccl_failure_tests(suite);
  tests::add_convolution_tests(suite);
  tests::add_matmul_tests(suite);
  return suite.run(count > 1 ? arguments[1] : "");
}
