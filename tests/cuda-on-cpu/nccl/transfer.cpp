// Sends and receives through mailboxes, part by part.
#include <algorithm>
#include <cstring>

#include "operation.h"

namespace nccl_on_cpu {
namespace {

struct Transfer {
  const Operation *operation;
  size_t done = 0;  // bytes

  size_t bytes() const { return operation->count * bytes_of(operation->type); }

  bool go_on() {
    const Communicator &communicator = *operation->communicator;
    const int own = communicator.rank, peer = operation->peer;
    const bool sends = operation->function == Function::send;
    Mailbox &box = communicator.meeting->mailbox(sends ? own : peer, sends ? peer : own);
    if (box.full == sends) return false;
    const size_t count = std::min(Mailbox::chunk_bytes, bytes() - done);
    if (sends) {
      box.count = operation->count;
      box.type = operation->type;
      std::memcpy(box.chunk, operation->send + done, count);
    } else {
      if (box.count != operation->count || box.type != operation->type) {
        throw Failure{ncclInvalidUsage, "the ranks differ: rank " + std::to_string(peer) + " sends " +
                                            std::to_string(box.count) + " " + name_of_type(box.type) + "; rank " +
                                            std::to_string(own) + " receives " + std::to_string(operation->count) +
                                            " " + name_of_type(operation->type)};
      }
      std::memcpy(operation->receive + done, box.chunk, count);
    }
    box.full = sends;
    done += count;
    return true;
  }
};

}  // namespace

// Sends and receives of one group go on side by side; those between the same two ranks one after another.
void transfer(const std::vector<Operation> &operations) {
  Meeting &meeting = *operations.front().communicator->meeting;
  std::vector<Transfer> transfers;
  for (const Operation &operation : operations) transfers.push_back({&operation});
  while (true) {
    const uint32_t activity = meeting.activity();
    bool busy[2][max_ranks] = {}, progress = false;
    const Operation *first = nullptr;
    for (Transfer &next : transfers) {
      bool &lane = busy[next.operation->function == Function::send][next.operation->peer];
      if (lane || next.done == next.bytes()) continue;
      lane = true;
      if (first == nullptr) first = next.operation;
      progress |= next.go_on();
    }
    if (first == nullptr) return;
    if (progress) {
      meeting.announce_activity();
    } else {
      meeting.await_activity(
          activity, [&](int rank) { return busy[0][rank] || busy[1][rank]; },
          std::string(name_of(first->function)) + " of " + std::to_string(first->count) + " " +
              name_of_type(first->type));
    }
  }
}

}  // namespace nccl_on_cpu
