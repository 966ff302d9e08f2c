#include "harness.h"

#include <cstdio>

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
