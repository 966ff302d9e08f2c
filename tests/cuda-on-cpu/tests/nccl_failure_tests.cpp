// Faults that the stand-in libnccl finds, and failures that it makes up.
#include <dirent.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <future>
#include <set>

#include "ranks.h"

namespace tests {
namespace {

constexpr const char *patience = "REVUP_NCCL_ON_CPU_PATIENCE";

void a_difference_names_both_ranks() {
  run_ranks(2, [](const Rank &rank) {
    const CUdeviceptr x = rank.device.upload(std::vector<float>(8));
    EXPECT(ncclSuccess, rank.sum(x, 4));
    EXPECT(ncclInvalidUsage, rank.sum(x, rank.rank == 0 ? 4 : 5));
    EXPECT(ncclInvalidUsage, rank.async_error());
    EXPECT(true, last_error_has("the ranks differ: rank 0 calls ncclAllReduce number 2 of 4 float32, sum; rank 1 calls "
                                "ncclAllReduce number 2 of 5 float32, sum"));
    EXPECT(CUDA_ERROR_NOT_READY, rank.query());
  });
}

void a_captured_operation_meets_no_other() {
  run_ranks(2, [](const Rank &rank) {
    const CUdeviceptr x = rank.device.upload(std::vector<float>(4));
    if (rank.rank == 0) {
      CUgraph graph = nullptr;
      CUgraphExec executable = nullptr;
      EXPECT(CUDA_SUCCESS, cuStreamBeginCapture_v2(rank.device.stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
      EXPECT(ncclSuccess, rank.sum(x, 4));
      EXPECT(CUDA_SUCCESS, cuStreamEndCapture(rank.device.stream, &graph));
      EXPECT(CUDA_SUCCESS, cuGraphInstantiateWithFlags(&executable, graph, 0));
      EXPECT(CUDA_SUCCESS, cuGraphLaunch(executable, rank.device.stream));
    } else {
      EXPECT(ncclInvalidUsage, rank.sum(x, 4));
      EXPECT(true, last_error_has("float32, sum, in a graph; rank 1 calls"));
    }
    EXPECT(ncclInvalidUsage, rank.async_error());
    EXPECT(CUDA_ERROR_NOT_READY, rank.query());
  });
}

void sends_and_receives_that_differ_are_named() {
  run_ranks(2, [](const Rank &rank) {
    void *const x = reinterpret_cast<void *>(rank.device.allocate(32));
    if (rank.rank == 0) {
      EXPECT(ncclSuccess, ncclSend(x, 4, ncclFloat32, 1, rank.communicator, rank.device.stream));
    } else {
      EXPECT(ncclInvalidUsage, ncclRecv(x, 4, ncclFloat64, 0, rank.communicator, rank.device.stream));
      EXPECT(true, last_error_has("rank 0 sends 4 float32; rank 1 receives 4 float64"));
    }
  });
}

// As on a device: the call succeeds, and the stream and all that waits for it stand still.
void a_rank_that_does_not_come_is_a_remote_error() {
  const Variable short_patience(patience, "50");
  std::promise<void> over;
  run_ranks(2, [&](const Rank &rank) {
    if (rank.rank == 1) {
      over.get_future().wait_for(std::chrono::seconds(30));
      return;
    }
    const Device &device = rank.device;
    const CUdeviceptr x = device.upload(std::vector<float>(4, 1));
    CUstream other = nullptr;
    CUevent event = nullptr;
    EXPECT(CUDA_SUCCESS, cuStreamCreate(&other, CU_STREAM_NON_BLOCKING));
    EXPECT(CUDA_SUCCESS, cuEventCreate(&event, 0));
    EXPECT(ncclSuccess, rank.async_error());
    EXPECT(CUDA_SUCCESS, rank.query());
    EXPECT(ncclSuccess, rank.sum(x, 4));
    EXPECT(ncclRemoteError, rank.async_error());
    EXPECT(true, last_error_has("rank 0: rank 1 has not come for 50 ms, to ncclAllReduce number 1 of 4 float32, sum"));
    EXPECT(CUDA_SUCCESS, cuEventRecord(event, device.stream));
    EXPECT(CUDA_SUCCESS, cuStreamSynchronize(other));
    EXPECT(CUDA_SUCCESS, cuStreamWaitEvent(other, event, 0));
    EXPECT(CUDA_ERROR_LAUNCH_TIMEOUT, cuStreamSynchronize(other));
    EXPECT(CUDA_ERROR_LAUNCH_TIMEOUT, cuEventSynchronize(event));
    EXPECT(CUDA_ERROR_NOT_READY, cuEventQuery(event));
    over.set_value();
  });
}

// Long before its patience ends.
void a_process_that_has_ended_is_a_remote_error() {
  const ncclUniqueId id = unique_id();
  const pid_t child = fork();
  if (child == 0) {
    const Device device(1);
    ncclComm_t communicator = nullptr;
    _exit(join(&communicator, 2, id, 1) == ncclSuccess ? 0 : 1);
  }
  const Device device(0);
  ncclComm_t communicator = nullptr;
  EXPECT(ncclSuccess, join(&communicator, 2, id, 0));
  const Rank rank{device, 0, communicator};
  EXPECT(ncclSuccess, rank.sum(device.upload(std::vector<float>(4)), 4));
  EXPECT(ncclRemoteError, rank.async_error());
  EXPECT(true, last_error_has("rank 0: rank 1 has ended, before ncclAllReduce number 1"));
  int status = -1;
  EXPECT(child, waitpid(child, &status, 0));
  EXPECT(0, status);
  EXPECT(ncclSuccess, ncclCommAbort(communicator));
  EXPECT(ncclInvalidArgument, ncclCommAbort(communicator));
}

void a_failure_can_be_ordered() {
  const Variable ordered("REVUP_NCCL_ON_CPU_ASYNC_ERROR", "1:2:3");
  run_ranks(2, [](const Rank &rank) {
    const CUdeviceptr x = rank.device.upload(std::vector<float>(4, 1));
    EXPECT(ncclSuccess, rank.sum(x, 4));
    EXPECT(2.0f, rank.device.download<float>(x, 4)[0]);
    EXPECT(ncclSuccess, rank.sum(x, 4));
    EXPECT(rank.rank == 1 ? ncclInternalError : ncclRemoteError, rank.async_error());
    EXPECT(CUDA_ERROR_NOT_READY, rank.query());
  });
}

void so_can_a_silent_hang() {
  const Variable ordered("REVUP_NCCL_ON_CPU_ASYNC_ERROR", "0:1:0");
  run_ranks(1, [](const Rank &rank) {
    EXPECT(ncclSuccess, rank.sum(rank.device.upload(std::vector<float>(4)), 4));
    EXPECT(ncclSuccess, rank.async_error());
    EXPECT(CUDA_ERROR_NOT_READY, rank.query());
  });
}

void memory_must_be_there_and_apart() {
  run_ranks(1, [](const Rank &rank) {
    const CUdeviceptr x = rank.device.allocate(64);
    const auto sum = [&](CUdeviceptr send, CUdeviceptr receive, size_t count) {
      return ncclAllReduce(reinterpret_cast<void *>(send), reinterpret_cast<void *>(receive), count, ncclFloat32,
                           ncclSum, rank.communicator, rank.device.stream);
    };
    EXPECT(ncclSuccess, sum(x, x + 32, 8));
    EXPECT(ncclInvalidArgument, sum(x, x + 28, 8));
    EXPECT(ncclInvalidArgument, sum(x, x, 17));
    EXPECT(ncclInvalidArgument, sum(x + 2, x + 32, 4));
    EXPECT(ncclInvalidArgument, sum(0, x, 4));
    EXPECT(ncclSuccess, sum(0, 0, 0));
    EXPECT(ncclInvalidArgument, ncclBroadcast(reinterpret_cast<void *>(x), reinterpret_cast<void *>(x), 4, ncclFloat32,
                                              1, rank.communicator, rank.device.stream));
  });
}

void ranks_have_devices_of_their_own() {
  const Device device(0);
  const ncclUniqueId id = unique_id();
  run_threads(2, [&](int number) {
    EXPECT(CUDA_SUCCESS, cuCtxSetCurrent(device.context));
    ncclComm_t communicator = nullptr;
    EXPECT(ncclInvalidUsage, join(&communicator, 2, id, number));
    EXPECT(true, last_error_has("duplicate GPU: rank 0 and rank 1 are both on device 0"));
  });
}

void ranks_count_alike() {
  const Variable short_patience(patience, "50");
  const ncclUniqueId id = unique_id();
  std::atomic<int> refused = 0;
  run_threads(2, [&](int number) {
    const Device device(number);
    ncclComm_t communicator = nullptr;
    const ncclResult_t result = join(&communicator, 2 + number, id, number);
    EXPECT(true, result == ncclInvalidArgument || result == ncclRemoteError);
    if (result == ncclInvalidArgument) ++refused;
  });
  EXPECT(1, refused.load());
  const Device device(0);
  ncclComm_t communicator = nullptr;
  EXPECT(ncclInvalidArgument, join(&communicator, 2, id, 2));
  EXPECT(ncclRemoteError, join(&communicator, 2, unique_id(), 0));
  EXPECT(true, last_error_has("rank 1 has not come for 50 ms, to the start of 2 ranks"));
  ncclConfig_t uninitialised{};
  EXPECT(ncclInvalidArgument, ncclCommInitRankConfig(&communicator, 1, id, 0, &uninitialised));
}

// Twice with one address, one communicator after another.
void an_address_is_a_meeting_place() {
  const Variable address("NCCL_COMM_ID", "node1:29501");
  for (int round = 0; round < 2; ++round) {
    run_threads(2, [](int number) {
      const Device device(number);
      ncclComm_t communicator = nullptr;
      EXPECT(ncclSuccess, join(&communicator, 2, unique_id(), number));
      EXPECT(ncclSuccess, ncclCommDestroy(communicator));
    });
  }
  const Variable damaged("NCCL_COMM_ID", "node1");
  ncclUniqueId id;
  EXPECT(ncclInvalidArgument, ncclGetUniqueId(&id));
}

std::set<std::string> segments() {
  std::set<std::string> names;
  DIR *const files = opendir("/dev/shm");
  while (const dirent *const file = readdir(files)) {
    if (std::string(file->d_name).starts_with("revup-nccl-on-cpu-")) names.insert(file->d_name);
  }
  closedir(files);
  return names;
}

// Kills a process that waits for another rank to join; returns the segments that are there then.
std::set<std::string> kill_while_joining(const ncclUniqueId &id, int rank) {
  const std::set<std::string> before = segments();
  const pid_t child = fork();
  if (child == 0) {
    const Device device(rank);
    ncclComm_t communicator = nullptr;
    join(&communicator, 2, id, rank);
    _exit(0);
  }
  const auto is_old = [&](const std::string &name) { return before.contains(name); };
  for (auto now = segments(); std::all_of(now.begin(), now.end(), is_old); now = segments()) usleep(1000);
  usleep(20'000);  // from the file to the place in it
  EXPECT(0, kill(child, SIGKILL));
  EXPECT(child, waitpid(child, nullptr, 0));
  return segments();
}

// Whichever rank was killed.
void an_address_is_free_again_after_a_kill() {
  const Variable address("NCCL_COMM_ID", "node1:29502");
  for (int killed = 0; killed < 2; ++killed) {
    kill_while_joining(unique_id(), killed);
    run_threads(2, [&](int number) {
      const Device device(number);
      ncclComm_t communicator = nullptr;
      if (number == killed) usleep(50'000);  // the other one finds its place free
      EXPECT(ncclSuccess, join(&communicator, 2, unique_id(), number));
      EXPECT(ncclSuccess, ncclCommDestroy(communicator));
    });
  }
}

// Other programs may join at the same time; their segments vanish by themselves.
void a_start_removes_what_killed_ranks_have_left() {
  std::set<std::string> left = kill_while_joining(unique_id(), 0);
  EXPECT(false, left.empty());
  run_ranks(1, [](const Rank &) {});
  for (int round = 0; round < 5000 && !left.empty(); ++round) {
    const std::set<std::string> now = segments();
    std::erase_if(left, [&](const std::string &name) { return !now.contains(name); });
    usleep(1000);
  }
  EXPECT(true, left.empty());
}

}  // namespace

void add_nccl_failure_tests(Suite &suite) {
  suite.add("nccl: a difference names both ranks", a_difference_names_both_ranks);
  suite.add("nccl: a captured operation meets no other", a_captured_operation_meets_no_other);
  suite.add("nccl: sends and receives that differ are named", sends_and_receives_that_differ_are_named);
  suite.add("nccl: a rank that does not come is a remote error", a_rank_that_does_not_come_is_a_remote_error);
  suite.add("nccl: a process that has ended is a remote error", a_process_that_has_ended_is_a_remote_error);
  suite.add("nccl: a failure can be ordered", a_failure_can_be_ordered);
  suite.add("nccl: so can a silent hang", so_can_a_silent_hang);
  suite.add("nccl: memory must be there and apart", memory_must_be_there_and_apart);
  suite.add("nccl: ranks have devices of their own", ranks_have_devices_of_their_own);
  suite.add("nccl: ranks count alike", ranks_count_alike);
  suite.add("nccl: an address is a meeting place", an_address_is_a_meeting_place);
  suite.add("nccl: an address is free again after a kill", an_address_is_free_again_after_a_kill);
  suite.add("nccl: a start removes what killed ranks have left", a_start_removes_what_killed_ranks_have_left);
}

}  // namespace tests
