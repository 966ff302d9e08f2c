// A test runner of our own, in a page: the stand-ins are C++ and so are their tests.
#pragma once

#include <functional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace tests {

class Suite {
 public:
  void add(std::string name, std::function<void()> body) { cases_.push_back({std::move(name), std::move(body)}); }

  // Runs those whose name contains the filter, says which failed and why, and last "N passed, N failed, N skipped".
  int run(const std::string &filter) const;

 private:
  struct Case {
    std::string name;
    std::function<void()> body;
  };
  std::vector<Case> cases_;
};

void add_initialisation_tests(Suite &suite);
void add_device_language_tests(Suite &suite);
void add_memory_tests(Suite &suite);
void add_launch_tests(Suite &suite);
void add_stream_tests(Suite &suite);
void add_graph_tests(Suite &suite);
void add_fork_tests(Suite &suite);
void add_late_tests(Suite &suite);
void add_nccl_tests(Suite &suite);
void add_nccl_failure_tests(Suite &suite);
void add_convolution_tests(Suite &suite);
void add_matmul_tests(Suite &suite);

template <typename T, typename U>
void check_equal(const T &expected, const U &actual, const char *expression, const char *file, int line) {
  if (expected == actual) return;
  std::ostringstream message;
  message << file << ':' << line << ": " << expression << " is " << actual << ", not " << expected;
  throw std::runtime_error(message.str());
}

// Ends the test when the expression has another value.
#define EXPECT(expected, ...) ::tests::check_equal(expected, __VA_ARGS__, #__VA_ARGS__, __FILE__, __LINE__)

}  // namespace tests
