// Capture of work into a graph, and its replay in the same order.
#include "state.h"

using namespace cuda_on_cpu;

namespace {

HandleTable<CUgraph, Graph> graphs;
HandleTable<CUgraphExec, Graph> executables;

// Whether the stream has waited for the last node of every stream of its capture.
bool reaches_all(const Stream &stream) {
  for (const auto &[other, count] : stream.capture->nodes) {
    const auto found = stream.reach.find(other);
    if (found == stream.reach.end() || found->second < count) return false;
  }
  return true;
}

}  // namespace

void cuda_on_cpu::clear_graphs(int device) {
  const auto is_there = [=](const Graph &graph) { return graph.device == device; };
  graphs.remove_if(is_there);
  executables.remove_if(is_there);
}

CUresult cuStreamBeginCapture_v2(CUstream handle, CUstreamCaptureMode mode) {
  RETURN_IF_FAILED(check_context());
  if (handle == nullptr) return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  const std::shared_ptr<Stream> stream = streams.find(handle);
  if (stream == nullptr || stream->device != current_ordinal()) return CUDA_ERROR_INVALID_HANDLE;
  if (mode < CU_STREAM_CAPTURE_MODE_GLOBAL || mode > CU_STREAM_CAPTURE_MODE_RELAXED) return CUDA_ERROR_INVALID_VALUE;
  if (stream->captures()) return CUDA_ERROR_ILLEGAL_STATE;
  stream->capture =
      std::make_shared<Capture>(Capture{mode, std::this_thread::get_id(), stream.get(), Graph{stream->device}});
  return CUDA_SUCCESS;
}

CUresult cuStreamEndCapture(CUstream handle, CUgraph *graph) {
  RETURN_IF_FAILED(check_context());
  const std::shared_ptr<Stream> stream = handle == nullptr ? nullptr : streams.find(handle);
  if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (graph == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *graph = nullptr;
  if (!stream->captures()) return CUDA_ERROR_ILLEGAL_STATE;
  const std::shared_ptr<Capture> capture = stream->capture;
  if (capture->origin != stream.get()) return CUDA_ERROR_STREAM_CAPTURE_UNMATCHED;
  const bool joined = reaches_all(*stream);
  capture->ended = true;
  streams.for_each([&](Stream &member) {
    if (member.device == stream->device && member.capture == capture) member.leave_capture();
  });
  if (!capture->valid) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
  if (!joined) return CUDA_ERROR_STREAM_CAPTURE_UNJOINED;
  *graph = graphs.add(std::make_shared<Graph>(std::move(capture->graph)));
  return CUDA_SUCCESS;
}

CUresult cuGraphInstantiateWithFlags(CUgraphExec *executable, CUgraph handle, unsigned long long flags) {
  constexpr unsigned long long known_flags = 15;
  RETURN_IF_FAILED(check_context());
  if (executable == nullptr || (flags & ~known_flags) != 0) return CUDA_ERROR_INVALID_VALUE;
  const std::shared_ptr<Graph> graph = graphs.find(handle);
  if (graph == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *executable = executables.add(std::make_shared<Graph>(*graph));
  return CUDA_SUCCESS;
}

CUresult cuGraphLaunch(CUgraphExec handle, CUstream stream) {
  RETURN_IF_FAILED(check_context());
  RETURN_IF_FAILED(check_stream(stream));
  const std::shared_ptr<Graph> graph = executables.find(handle);
  if (graph == nullptr || graph->device != current_ordinal()) return CUDA_ERROR_INVALID_VALUE;
  return submit(stream, [graph] {
    for (const Work &node : graph->nodes) {
      const CUresult result = node();
      if (result != CUDA_SUCCESS) return result;
    }
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphDestroy(CUgraph graph) {
  RETURN_IF_FAILED(check_initialised());
  return graphs.remove(graph) != nullptr ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuGraphExecDestroy(CUgraphExec executable) {
  RETURN_IF_FAILED(check_initialised());
  return executables.remove(executable) != nullptr ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}
