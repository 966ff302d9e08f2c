// Streams and events. Work is done when it is submitted, so every stream is always idle.
#include "state.h"

using namespace cuda_on_cpu;

namespace {

HandleTable<CUevent, Event> events;

thread_local long long waits = 0, submissions = 0;

// Finds an event that a host may ask about; one of a capture has no time of its own.
CUresult find_recorded(CUevent handle, std::shared_ptr<Event> &event) {
  RETURN_IF_FAILED(check_context());
  RETURN_IF_FAILED(check_no_capture());
  event = events.find(handle);
  if (event == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  return event->captured ? CUDA_ERROR_CAPTURED_EVENT : CUDA_SUCCESS;
}

}  // namespace

namespace cuda_on_cpu {

HandleTable<CUstream, Stream> streams;

void clear_streams() {
  streams.clear();
  events.clear();
}

CUresult check_stream(CUstream stream) {
  return stream == nullptr || streams.find(stream) != nullptr ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
}

CUresult check_no_capture() {
  bool forbidden = false;
  streams.for_each([&](Stream &stream) {
    if (stream.capture == nullptr || stream.capture->mode == CU_STREAM_CAPTURE_MODE_RELAXED) return;
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
  if (handle == nullptr) {
    bool implicit = false;
    streams.for_each([&](Stream &stream) {
      if (stream.capture == nullptr || !stream.blocking) return;
      stream.capture->valid = false;
      implicit = true;
    });
    if (implicit) return CUDA_ERROR_STREAM_CAPTURE_IMPLICIT;
  } else {
    const std::shared_ptr<Stream> stream = streams.find(handle);
    if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    if (stream->capture != nullptr) {
      if (!stream->capture->valid) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
      stream->capture->graph.nodes.push_back(std::move(work));
      return CUDA_SUCCESS;
    }
  }
  ++submissions;
  const CUresult result = work();
  if (result != CUDA_SUCCESS) spoil_context(result);
  return CUDA_SUCCESS;
}

}  // namespace cuda_on_cpu

long long cuda_on_cpu_waits() { return waits; }

long long cuda_on_cpu_submissions() { return submissions; }

CUresult cuStreamCreate(CUstream *stream, unsigned flags) {
  RETURN_IF_FAILED(check_context());
  if (stream == nullptr || (flags & ~CU_STREAM_NON_BLOCKING) != 0) return CUDA_ERROR_INVALID_VALUE;
  *stream = streams.add(std::make_shared<Stream>(Stream{flags != CU_STREAM_NON_BLOCKING}));
  return CUDA_SUCCESS;
}

// Any number is a priority: one outside the device's range becomes the nearest in it.
CUresult cuStreamCreateWithPriority(CUstream *stream, unsigned flags, int) { return cuStreamCreate(stream, flags); }

CUresult cuStreamDestroy_v2(CUstream stream) {
  RETURN_IF_FAILED(check_context());
  return streams.remove(stream) != nullptr ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
}

CUresult cuStreamSynchronize(CUstream stream) {
  RETURN_IF_FAILED(check_context());
  RETURN_IF_FAILED(check_stream(stream));
  ++waits;
  return check_no_capture();
}

// Joining a second stream to a capture is not implemented: our steps use one stream.
CUresult cuStreamWaitEvent(CUstream handle, CUevent event_handle, unsigned flags) {
  RETURN_IF_FAILED(check_context());
  RETURN_IF_FAILED(check_stream(handle));
  if (flags != 0) return CUDA_ERROR_INVALID_VALUE;
  const std::shared_ptr<Event> event = events.find(event_handle);
  if (event == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  const std::shared_ptr<Stream> stream = handle == nullptr ? nullptr : streams.find(handle);
  const bool capturing = stream != nullptr && stream->capture != nullptr;
  if (capturing && event->recorded && !event->captured) {
    stream->capture->valid = false;
    return CUDA_ERROR_STREAM_CAPTURE_ISOLATION;
  }
  return event->captured && !capturing ? CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED : CUDA_SUCCESS;
}

CUresult cuEventCreate(CUevent *event, unsigned flags) {
  constexpr unsigned known_flags = 1 | CU_EVENT_DISABLE_TIMING;  // 1: a blocking wait
  RETURN_IF_FAILED(check_context());
  if (event == nullptr || (flags & ~known_flags) != 0) return CUDA_ERROR_INVALID_VALUE;
  *event = events.add(std::make_shared<Event>(Event{(flags & CU_EVENT_DISABLE_TIMING) == 0}));
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
  event->captured = stream != nullptr && stream->capture != nullptr;
  if (event->captured) return CUDA_SUCCESS;
  event->recorded = true;
  event->time = std::chrono::steady_clock::now();
  return CUDA_SUCCESS;
}

CUresult cuEventQuery(CUevent handle) {
  std::shared_ptr<Event> event;
  return find_recorded(handle, event);
}

CUresult cuEventSynchronize(CUevent handle) {
  ++waits;
  std::shared_ptr<Event> event;
  return find_recorded(handle, event);
}

CUresult cuEventElapsedTime(float *milliseconds, CUevent start_handle, CUevent end_handle) {
  std::shared_ptr<Event> start, end;
  RETURN_IF_FAILED(find_recorded(start_handle, start));
  RETURN_IF_FAILED(find_recorded(end_handle, end));
  if (milliseconds == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (!start->timing || !end->timing || !start->recorded || !end->recorded) return CUDA_ERROR_INVALID_HANDLE;
  *milliseconds = std::chrono::duration<float, std::milli>(end->time - start->time).count();
  return CUDA_SUCCESS;
}
