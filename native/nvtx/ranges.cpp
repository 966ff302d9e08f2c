// The ranges of NVTX 3: the first call looks for a profiler in the process; without one, a call tests a pointer.
#include <nvtx3/nvToolsExt.h>

#include "revup_nvtx.h"

namespace {

nvtxDomainHandle_t domain() {
  static const nvtxDomainHandle_t created = [] {
    const nvtxDomainHandle_t named = nvtxDomainCreateA("RevUp");
    nvtxDomainNameCategoryA(named, REVUP_MARK_EVALUATIONS, "branch evaluations k");
    nvtxDomainNameCategoryA(named, REVUP_MARK_RESIDUAL, "inversion residual");
    return named;
  }();
  return created;
}

nvtxEventAttributes_t attributes(void *name) {
  nvtxEventAttributes_t event = {};
  event.version = NVTX_VERSION;
  event.size = NVTX_EVENT_ATTRIB_STRUCT_SIZE;
  event.messageType = NVTX_MESSAGE_TYPE_REGISTERED;
  event.message.registered = static_cast<nvtxStringHandle_t>(name);
  return event;
}

}  // namespace

void *revup_range_name(const char *name) { return nvtxDomainRegisterStringA(domain(), name); }

void revup_range_push(void *name, long long bytes) {
  nvtxEventAttributes_t event = attributes(name);
  if (bytes >= 0) {
    event.payloadType = NVTX_PAYLOAD_TYPE_INT64;
    event.payload.llValue = bytes;
  }
  nvtxDomainRangePushEx(domain(), &event);
}

void revup_range_pop(void) { nvtxDomainRangePop(domain()); }

void revup_range_mark(void *name, int category, double value) {
  nvtxEventAttributes_t event = attributes(name);
  event.category = static_cast<unsigned>(category);
  if (category == REVUP_MARK_EVALUATIONS) {
    event.payloadType = NVTX_PAYLOAD_TYPE_INT64;
    event.payload.llValue = static_cast<long long>(value);
  } else {
    event.payloadType = NVTX_PAYLOAD_TYPE_DOUBLE;
    event.payload.dValue = value;
  }
  nvtxDomainMarkEx(domain(), &event);
}
