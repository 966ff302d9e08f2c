// The race detector: ThreadSanitizer watches every kernel of native/cuda, and knows each device thread.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>

#include "../launches/launches.h"
#include "../shim/order.h"
#include "../tests/harness.h"

namespace {

int reports = 0;

}  // namespace

// ThreadSanitizer calls the first for every race, and reads its options with the second.
extern "C" void __tsan_on_report(void *) { ++reports; }
extern "C" const char *__tsan_default_options() { return "exitcode=0:suppress_equal_addresses=0:history_size=0"; }

namespace {

using cushim::order::Place;
using launches::Launch;

constexpr const char *faulty[] = {"no_barrier",         "no_barrier_between_turns",    "nothing_published",
                                  "nothing_acquired",   "acquired_behind_the_barrier", "published_too_early",
                                  "shuffle_as_barrier", "half_warp_barrier",           "blocks_overlap",
                                  "plain_sum",          "read_beside_atomic"};
constexpr const char *correct[] = {"barrier",      "barrier_of_each_turn", "everything_in_order",
                                   "warp_barrier", "own_elements",         "atomic_sum"};

// Reports during one launch.
int races_of(const Launch &launch) {
  const int before = reports;
  std::string failure;
  const bool succeeded = launch.run(failure);
  EXPECT("", failure);
  EXPECT(true, succeeded);
  return reports - before;
}

// A kernel of planted.cu takes one, two or three of these.
int races_of_planted(const char *kernel) {
  std::vector<double> values(256), sum(1);
  unsigned counter = 0;
  EXPECT(true, cushim_find(kernel) != nullptr);
  return races_of({kernel,
                   2,
                   64,
                   {reinterpret_cast<uint64_t>(values.data()), reinterpret_cast<uint64_t>(&counter),
                    reinterpret_cast<uint64_t>(sum.data())}});
}

// A kernel with its launches, and the barriers and fences that they reach.
struct Watched {
  std::vector<Launch> launches{};
  std::set<Place> places{};
  bool is_done = false;
};
using Kernels = std::map<std::string, Watched>;

void expect_no_race(Watched &kernel) {
  for (const Launch &launch : kernel.launches) {
    cushim::order::take_reached();
    EXPECT(0, races_of(launch));
    kernel.places.merge(cushim::order::take_reached());
  }
  kernel.is_done = true;
}

void expect_all_kernels(const Kernels &kernels) {
  std::set<std::string> missing = cushim::kernel_names();
  for (const char *const kernel : faulty) missing.erase(kernel);
  for (const char *const kernel : correct) missing.erase(kernel);
  for (const auto &[name, kernel] : kernels) missing.erase(name);
  for (const std::string &name : missing) EXPECT("launched", "never launched: " + name);
}

// Barriers and fences in the sources of the kernels.
std::set<Place> places_in_sources() {
  std::set<Place> places;
  for (const auto &entry : std::filesystem::directory_iterator(KERNEL_SOURCES)) {
    std::ifstream file(entry.path());
    std::string line;
    for (unsigned number = 1; std::getline(file, line); ++number) {
      const std::string code = line.substr(0, line.find("//"));
      for (const char *const call : {"__syncthreads(", "__syncwarp(", "__threadfence"}) {
        if (code.find(call) != std::string::npos) places.emplace(entry.path().filename().string(), number);
      }
    }
  }
  return places;
}

// Takes the order of each barrier and fence away in turn: some launch must then have a race.
void expect_that_all_are_needed(Kernels &kernels) {
  for (auto &[name, kernel] : kernels) {
    if (!kernel.is_done) expect_no_race(kernel);
  }
  for (const Place &place : places_in_sources()) {
    int launched = 0, races = 0;
    cushim::order::ignore(place);
    for (const auto &[name, kernel] : kernels) {
      if (kernel.places.count(place) == 0) continue;
      for (size_t i = 0; i < kernel.launches.size() && races == 0; ++i, ++launched)
        races = races_of(kernel.launches[i]);
    }
    cushim::order::ignore({});
    const std::string where = place.first + ":" + std::to_string(place.second);
    if (launched == 0) EXPECT("reached", where + " is never reached");
    if (races == 0) EXPECT("needed", where + " orders nothing that matters");
  }
}

}  // namespace

int main(int count, char **arguments) {
  tests::Suite suite;
  for (const char *const kernel : faulty) {
    suite.add(std::string("races: found in ") + kernel, [=] { EXPECT(true, races_of_planted(kernel) > 0); });
  }
  for (const char *const kernel : correct) {
    suite.add(std::string("races: none in ") + kernel, [=] { EXPECT(0, races_of_planted(kernel)); });
  }
  const launches::Table table;
  Kernels kernels;
  for (const Launch &launch : table.all()) kernels[launch.kernel].launches.push_back(launch);
  for (auto &[name, kernel] : kernels) {
    // A launch of a convolution takes seconds here. The first shape of each has every barrier.
    if (name.rfind("convolution_", 0) == 0) kernel.launches.resize((kernel.launches.size() + 1) / 2);
    suite.add("races: none in " + name, [&kernel] { expect_no_race(kernel); });
  }
  suite.add("races: every kernel is launched", [&] { expect_all_kernels(kernels); });
  suite.add("races: every barrier and fence of the kernels is needed", [&] { expect_that_all_are_needed(kernels); });
  return suite.run(count > 1 ? arguments[1] : "");
}
