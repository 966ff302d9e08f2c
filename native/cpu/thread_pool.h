// The threads that compute the library's own loops. oneDNN's primitives run on OpenMP's threads.
//
// A loop is divided among its participants: the calling thread and its workers. A participant takes parts from the
// front of its own share and, when that is empty, from the back of another's. The same items meet the same caches from
// one loop to the next on an idle machine. A participant that the system has suspended for another process keeps
// nobody waiting for longer than its present part takes.
//
// A wait spins first, because the next loop usually begins within microseconds, and sleeps then, because a spinning
// thread takes the processor from the threads that it waits for when the machine is shared. How long it spins follows
// from the waits before: longer when they ended while spinning, shorter when they did not.
#pragma once

#include <cstdint>
#include <utility>

namespace revup {

// The items [begin, end), done by one participant; no two parts with one participant's number are done at once.
struct Part {
  int64_t begin, end;
  int participant;
};

using PartBody = void (*)(const void *context, const Part &part);

// Participants of the calling thread's loops: the thread count that OpenMP's next parallel region would have.
int participants() noexcept;

// Lets the calling thread's workers sleep until its next loop: OpenMP's threads are about to need the processors.
void rest_workers() noexcept;

// Calls body for parts that together are the items 0..count-1, in any order, on as many threads as there are
// participants and items. To OpenMP each of them is one thread meanwhile. Returns when all are done. The body must not
// throw.
void run_parts(int64_t count, PartBody body, const void *context);

// body(item, participant) for every item.
template <typename Body>
void for_each_item(int64_t count, const Body &body) {
  run_parts(
      count,
      [](const void *context, const Part &part) {
        // A private copy of the body keeps its captures in registers: behind a reference they could alias what it
        // stores to.
        const Body own = *static_cast<const Body *>(context);
        for (int64_t item = part.begin; item < part.end; ++item) own(item, part.participant);
      },
      &body);
}

}  // namespace revup
