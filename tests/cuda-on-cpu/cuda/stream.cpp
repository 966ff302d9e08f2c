// Streams and events. Work is done when it is submitted, so every stream is always idle. A late stream does its work
// when the host waits for it, and one piece of work whenever the host asks how far it is.
#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "state.h"

using namespace cuda_on_cpu;

namespace {

HandleTable<CUevent, Event> events;

thread_local long long waits = 0, submissions = 0;

// The number of the submission of a thread that fails on the device; 0 for none.
long long failing_submission() {
  static const char *const text = std::getenv("REVUP_CUDA_ON_CPU_FAIL");
  static const long long number = text == nullptr ? 0 : std::atoll(text);
  return number;
}

// Finds an event that a host may ask about; one of a capture has no time of its own.
CUresult find_recorded(CUevent handle, std::shared_ptr<Event> &event) {
  RETURN_IF_FAILED(check_context());
  RETURN_IF_FAILED(check_no_capture());
  event = events.find(handle);
  if (event == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  return event->capture != nullptr ? CUDA_ERROR_CAPTURED_EVENT : CUDA_SUCCESS;
}

// A device would wait for ever, and a test with it.
CUresult report_hang() {
  report("the host waits for a stream that stands still: it would wait for ever");
  return CUDA_ERROR_LAUNCH_TIMEOUT;
}

void merge(Reach &reach, const Reach &other) {
  for (const auto &[stream, count] : other) reach[stream] = std::max(reach[stream], count);
}

// A stream waits for an event of a capture, and so becomes a part of it.
CUresult join(Stream &stream, const Event &event) {
  if (event.capture->ended) return CUDA_ERROR_CAPTURED_EVENT;
  if (!event.capture->valid) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
  if (stream.captures() && stream.capture != event.capture) {
    stream.capture->valid = event.capture->valid = false;
    return CUDA_ERROR_STREAM_CAPTURE_MERGE;
  }
  stream.capture = event.capture;
  merge(stream.reach, event.reach);
  return CUDA_SUCCESS;
}

CUresult create(CUstream *stream, unsigned flags) {
  RETURN_IF_FAILED(check_context());
  if (stream == nullptr || (flags & ~CU_STREAM_NON_BLOCKING) != 0) return CUDA_ERROR_INVALID_VALUE;
  const auto created = std::make_shared<Stream>(current_ordinal(), flags != CU_STREAM_NON_BLOCKING);
  const char *const order = std::getenv("REVUP_CUDA_ON_CPU_ORDER");
  created->late = !created->blocking && order != nullptr && order == std::string_view("late");
  *stream = streams.add(created);
  return CUDA_SUCCESS;
}

// Of the late streams of each device. Ranks of one process have a device each, and meet in their work.
std::recursive_mutex &late_mutex() {
  static std::recursive_mutex mutexes[16];
  return mutexes[static_cast<size_t>(current_ordinal()) % std::size(mutexes)];
}

void execute(Stream *stream, const Work &work) {
  if ((stream != nullptr && stream->stands_still) || check_context() != CUDA_SUCCESS) return;
  const CUresult result = work();
  if (result == endless && stream != nullptr) {
    stream->stands_still = true;
  } else if (result != CUDA_SUCCESS) {
    spoil_context(result == endless ? CUDA_ERROR_LAUNCH_TIMEOUT : result);
  }
}

// Lets a late stream do its work up to a place. Other streams do no more than it waits for.
void advance(Stream &stream, size_t count) {
  const std::lock_guard lock(late_mutex());
  while (stream.done < count) {
    const Pending next = std::move(stream.pending.front());
    stream.pending.pop_front();
    if (next.awaited.stream != nullptr) advance(*next.awaited.stream, next.awaited.count);
    if (next.work != nullptr) execute(&stream, next.work);
    ++stream.done;
  }
}

void finish(Stream &stream) {
  const std::lock_guard lock(late_mutex());
  advance(stream, stream.done + stream.pending.size());
}

// Where a late stream is with its submitted work; no place on any other.
Place end_of(const std::shared_ptr<Stream> &stream) {
  if (stream == nullptr || !stream->late) return {};
  const std::lock_guard lock(late_mutex());
  return {stream, stream->done + stream->pending.size()};
}

void put_off(Stream &stream, Pending pending) {
  const std::lock_guard lock(late_mutex());
  stream.pending.push_back(std::move(pending));
}

}  // namespace

namespace cuda_on_cpu {

HandleTable<CUstream, Stream> streams;

void clear_streams(int device) {
  streams.remove_if([=](const Stream &stream) { return stream.device == device; });
  events.remove_if([=](const Event &event) { return event.device == device; });
}

CUresult check_stream(CUstream handle) {
  if (handle == nullptr) return CUDA_SUCCESS;
  const std::shared_ptr<Stream> stream = streams.find(handle);
  return stream != nullptr && stream->device == current_ordinal() ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
}

bool is_capturing(CUstream handle) {
  const std::shared_ptr<Stream> stream = handle == nullptr ? nullptr : streams.find(handle);
  return stream != nullptr && stream->captures();
}

CUresult check_no_capture() {
  bool forbidden = false;
  streams.for_each([&](Stream &stream) {
    if (stream.device != current_ordinal() || !stream.captures()) return;
    if (stream.capture->mode == CU_STREAM_CAPTURE_MODE_RELAXED) return;
    if (stream.capture->mode == CU_STREAM_CAPTURE_MODE_THREAD_LOCAL &&
        stream.capture->thread != std::this_thread::get_id()) {
      return;
    }
    stream.capture->valid = false;
    forbidden = true;
  });
  return forbidden ? CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED : CUDA_SUCCESS;
}

CUresult submit(CUstream handle, Work work) {
  std::shared_ptr<Stream> stream;
  if (handle == nullptr) {
    bool implicit = false;
    streams.for_each([&](Stream &other) {
      if (other.device != current_ordinal() || !other.captures() || !other.blocking) return;
      other.capture->valid = false;
      implicit = true;
    });
    if (implicit) return CUDA_ERROR_STREAM_CAPTURE_IMPLICIT;
  } else {
    stream = streams.find(handle);
    if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    if (stream->captures()) {
      if (!stream->capture->valid) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
      stream->capture->graph.nodes.push_back(std::move(work));
      stream->reach[stream.get()] = ++stream->capture->nodes[stream.get()];
      return CUDA_SUCCESS;
    }
  }
  ++submissions;
  if (submissions == failing_submission()) work = []() -> CUresult { return CUDA_ERROR_ILLEGAL_ADDRESS; };
  if (stream != nullptr && stream->late) {
    put_off(*stream, {std::move(work), {}});
  } else {
    execute(stream.get(), work);
  }
  return CUDA_SUCCESS;
}

void finish_late_work() {
  std::vector<std::shared_ptr<Stream>> late;
  streams.for_each([&](Stream &stream) {
    if (stream.device == current_ordinal() && stream.late) late.push_back(stream.shared_from_this());
  });
  for (const std::shared_ptr<Stream> &stream : late) finish(*stream);
}

}  // namespace cuda_on_cpu

long long cuda_on_cpu_waits() { return waits; }

long long cuda_on_cpu_submissions() { return submissions; }

CUresult cuStreamCreate(CUstream *stream, unsigned flags) { return create(stream, flags); }

// Any number is a priority: one outside the device's range becomes the nearest in it.
CUresult cuStreamCreateWithPriority(CUstream *stream, unsigned flags, int) { return create(stream, flags); }

CUresult cuStreamDestroy_v2(CUstream stream) {
  RETURN_IF_FAILED(check_context());
  const std::shared_ptr<Stream> found = streams.find(stream);
  if (found == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  finish(*found);
  streams.remove(stream);
  return CUDA_SUCCESS;
}

CUresult cuStreamSynchronize(CUstream stream) {
  RETURN_IF_FAILED(check_context());
  RETURN_IF_FAILED(check_stream(stream));
  ++waits;
  RETURN_IF_FAILED(check_no_capture());
  const std::shared_ptr<Stream> waited = stream == nullptr ? nullptr : streams.find(stream);
  if (waited != nullptr) finish(*waited);
  RETURN_IF_FAILED(check_context());
  return waited != nullptr && waited->stands_still ? report_hang() : CUDA_SUCCESS;
}

CUresult cuStreamWaitEvent(CUstream handle, CUevent event_handle, unsigned flags) {
  RETURN_IF_FAILED(check_context());
  RETURN_IF_FAILED(check_stream(handle));
  if (flags != 0) return CUDA_ERROR_INVALID_VALUE;
  const std::shared_ptr<Event> event = events.find(event_handle);
  if (event == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  const std::shared_ptr<Stream> stream = handle == nullptr ? nullptr : streams.find(handle);
  if (event->capture != nullptr) {
    return stream == nullptr ? CUDA_ERROR_STREAM_CAPTURE_IMPLICIT : join(*stream, *event);
  }
  if (stream == nullptr || !event->recorded) return CUDA_SUCCESS;
  if (stream->captures()) {
    stream->capture->valid = false;
    return CUDA_ERROR_STREAM_CAPTURE_ISOLATION;
  }
  if (stream->late) {
    put_off(*stream, {{}, event->place});
  } else if (event->place.stream != nullptr) {
    advance(*event->place.stream, event->place.count);
  }
  stream->stands_still |= event->out_of_reach;
  return CUDA_SUCCESS;
}

CUresult cuEventCreate(CUevent *event, unsigned flags) {
  constexpr unsigned known_flags = 1 | CU_EVENT_DISABLE_TIMING;  // 1: a blocking wait
  RETURN_IF_FAILED(check_context());
  if (event == nullptr || (flags & ~known_flags) != 0) return CUDA_ERROR_INVALID_VALUE;
  *event = events.add(std::make_shared<Event>(Event{current_ordinal(), (flags & CU_EVENT_DISABLE_TIMING) == 0}));
  return CUDA_SUCCESS;
}

CUresult cuEventDestroy_v2(CUevent event) {
  RETURN_IF_FAILED(check_context());
  return events.remove(event) != nullptr ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
}

CUresult cuEventRecord(CUevent event_handle, CUstream handle) {
  RETURN_IF_FAILED(check_context());
  RETURN_IF_FAILED(check_stream(handle));
  const std::shared_ptr<Event> event = events.find(event_handle);
  if (event == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  const std::shared_ptr<Stream> stream = handle == nullptr ? nullptr : streams.find(handle);
  event->capture = stream == nullptr ? nullptr : stream->capture;
  event->reach = event->capture == nullptr ? Reach{} : stream->reach;
  if (event->capture != nullptr) return CUDA_SUCCESS;
  event->recorded = true;
  event->out_of_reach = stream != nullptr && stream->stands_still;
  event->place = end_of(stream);
  event->time = std::chrono::steady_clock::now();
  return CUDA_SUCCESS;
}

CUresult cuEventQuery(CUevent handle) {
  std::shared_ptr<Event> event;
  RETURN_IF_FAILED(find_recorded(handle, event));
  if (const Place place = event->place; place.stream != nullptr) {
    const std::lock_guard lock(late_mutex());
    if (place.stream->done < place.count) {
      advance(*place.stream, place.stream->done + 1);
      return CUDA_ERROR_NOT_READY;
    }
    RETURN_IF_FAILED(check_context());
  }
  return event->out_of_reach ? CUDA_ERROR_NOT_READY : CUDA_SUCCESS;
}

CUresult cuEventSynchronize(CUevent handle) {
  ++waits;
  std::shared_ptr<Event> event;
  RETURN_IF_FAILED(find_recorded(handle, event));
  if (const Place place = event->place; place.stream != nullptr) advance(*place.stream, place.count);
  RETURN_IF_FAILED(check_context());
  return event->out_of_reach ? report_hang() : CUDA_SUCCESS;
}

CUresult cuEventElapsedTime(float *milliseconds, CUevent start_handle, CUevent end_handle) {
  std::shared_ptr<Event> start, end;
  RETURN_IF_FAILED(find_recorded(start_handle, start));
  RETURN_IF_FAILED(find_recorded(end_handle, end));
  if (milliseconds == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (!start->timing || !end->timing || !start->recorded || !end->recorded) return CUDA_ERROR_INVALID_HANDLE;
  if (start->out_of_reach || end->out_of_reach) return CUDA_ERROR_NOT_READY;
  *milliseconds = std::chrono::duration<float, std::milli>(end->time - start->time).count();
  return CUDA_SUCCESS;
}
