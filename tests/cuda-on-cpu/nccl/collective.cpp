// Operations of all ranks: each puts its part into shared memory, waits for the others, and combines all parts in rank
// order. Before it does, all ranks compare what they were asked for.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "operation.h"

namespace nccl_on_cpu {
namespace {

std::string describe(const Announcement &announced) {
  const auto function = static_cast<Function>(announced.function);
  std::string text = name_of(function);
  text += " number " + std::to_string(announced.sequence);
  if (function == Function::finalize) return text;
  text += " of " + std::to_string(announced.count) + " " + name_of_type(announced.type);
  if (function == Function::all_reduce) text += announced.operation == ncclMax ? ", max" : ", sum";
  if (function == Function::broadcast) text += ", root " + std::to_string(announced.root);
  return announced.captured ? text + ", in a graph" : text;
}

template <typename T>
void reduce(const Table &table, int ranks, size_t count, ncclRedOp_t reduction, char *result) {
  for (size_t i = 0; i < count; ++i) {
    T sum;
    std::memcpy(&sum, table.chunks[0] + i * sizeof(T), sizeof(T));
    for (int rank = 1; rank < ranks; ++rank) {
      T next;
      std::memcpy(&next, table.chunks[rank] + i * sizeof(T), sizeof(T));
      if (reduction == ncclSum) {
        sum = static_cast<T>(sum + next);
      } else if constexpr (std::is_floating_point_v<T>) {
        sum = std::fmax(sum, next);  // of a number and NaN: the number, as on the device
      } else {
        sum = std::max(sum, next);
      }
    }
    std::memcpy(result + i * sizeof(T), &sum, sizeof(T));
  }
}

void reduce(const Table &table, int ranks, size_t count, const Operation &operation, char *result) {
  switch (operation.type) {
    case ncclInt8:
      return reduce<int8_t>(table, ranks, count, operation.reduction, result);
    case ncclUint8:
      return reduce<uint8_t>(table, ranks, count, operation.reduction, result);
    case ncclFloat32:
      return reduce<float>(table, ranks, count, operation.reduction, result);
    case ncclFloat64:
      return reduce<double>(table, ranks, count, operation.reduction, result);
  }
}

// Writes `count` elements from `offset` on of the result, now that all ranks have met.
void combine(const Table &table, const Operation &operation, size_t offset, size_t count) {
  const size_t size = bytes_of(operation.type);
  if (operation.function == Function::all_reduce) {
    reduce(table, operation.communicator->size, count, operation, operation.receive + offset * size);
  } else if (operation.function == Function::broadcast) {
    std::memcpy(operation.receive + offset * size, table.chunks[operation.peer], count * size);
  } else {
    for (int rank = 0; rank < operation.communicator->size; ++rank) {
      std::memcpy(operation.receive + (rank * operation.count + offset) * size, table.chunks[rank], count * size);
    }
  }
}

void meet(Communicator &communicator, const Announcement &own) {
  Meeting &meeting = *communicator.meeting;
  const Table &table = meeting.table();
  meeting.table().announcements[communicator.rank] = own;
  meeting.meet(describe(own));
  for (int rank = 1; rank < communicator.size; ++rank) {
    if (table.announcements[rank] == table.announcements[0]) continue;
    throw Failure{ncclInvalidUsage, "the ranks differ: rank 0 calls " + describe(table.announcements[0]) + "; rank " +
                                        std::to_string(rank) + " calls " + describe(table.announcements[rank])};
  }
}

}  // namespace

void perform(const Operation &operation, uint64_t sequence, bool captured) {
  Communicator &communicator = *operation.communicator;
  const size_t size = bytes_of(operation.type);
  const bool gives = operation.function != Function::broadcast || operation.peer == communicator.rank;
  for (size_t offset = 0; offset < operation.count; offset += Table::chunk_bytes / size) {
    const size_t count = std::min(Table::chunk_bytes / size, operation.count - offset);
    if (gives) {
      char *const chunk = communicator.meeting->table().chunks[communicator.rank];
      std::memcpy(chunk, operation.send + offset * size, count * size);
    }
    meet(communicator, {sequence, operation.count, offset, static_cast<int>(operation.function), operation.type,
                        operation.reduction, operation.peer, captured});
    combine(communicator.meeting->table(), operation, offset, count);
    communicator.meeting->turn();
  }
}

void complete(Communicator &communicator) {
  Announcement own{};
  own.sequence = ++communicator.collectives;
  own.function = static_cast<int>(Function::finalize);
  meet(communicator, own);
  communicator.meeting->turn();
}

}  // namespace nccl_on_cpu
