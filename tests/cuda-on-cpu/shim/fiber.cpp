#include "fiber.h"

#include <sys/mman.h>

#include <cstdint>
#include <new>

#include "../include/sanitizer.h"

#if defined(__SANITIZE_ADDRESS__)
#include <pthread.h>
#include <sanitizer/common_interface_defs.h>
#endif

#if defined(__x86_64__)
// Saves what the System V ABI calls callee-saved on the old stack and takes it from the new one. It costs 40 ns;
// swapcontext needs 400 for its system call.
extern "C" void cushim_switch_stack(void **from, void *to);
asm(R"(
.text
.p2align 4
.hidden cushim_switch_stack
.globl cushim_switch_stack
.type cushim_switch_stack, @function
cushim_switch_stack:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size cushim_switch_stack, .-cushim_switch_stack
)");
#endif

namespace cushim {
namespace {

constexpr size_t page = 4096;
#if defined(__SANITIZE_ADDRESS__)
constexpr size_t stack_bytes = 256 << 10;  // instrumented frames are several times larger
#else
constexpr size_t stack_bytes = 64 << 10;
#endif

}  // namespace

Fiber::Fiber() : identity_(order::Identity::OfCaller{}) {
#if defined(__SANITIZE_ADDRESS__)
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
    void *lowest = nullptr;
    pthread_attr_getstack(&attributes, &lowest, &size_);
    pthread_attr_destroy(&attributes);
    bottom_ = lowest;
  }
#endif
}

Fiber::Fiber(Entry entry, size_t colour) : size_(stack_bytes) {
  mapping_ = mmap(nullptr, page + size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping_ == MAP_FAILED) throw std::bad_alloc();
  mprotect(mapping_, page, PROT_NONE);
  char *const bottom = static_cast<char *>(mapping_) + page;
  bottom_ = bottom;
#if defined(__x86_64__)
  // As after a call: the return address lies 8 bytes below a multiple of 16, under six saved registers.
  // Stacks that all ended at the same place of a page would all live in the same few sets of the cache.
  auto **top = reinterpret_cast<void **>(bottom + size_ - colour * 192 % page);
  *--top = nullptr;
  *--top = reinterpret_cast<void *>(entry);
  stack_pointer_ = top - 6;
#else
  getcontext(&context_);
  context_.uc_stack.ss_sp = bottom;
  context_.uc_stack.ss_size = size_ - colour * 192 % page;
  context_.uc_link = nullptr;
  makecontext(&context_, entry, 0);
#endif
}

Fiber::~Fiber() {
  if (mapping_ == nullptr) return;
  // Frames that were abandoned leave their red zones, and the next stack may get this address.
  ASAN_UNPOISON_MEMORY_REGION(bottom_, size_);
  munmap(mapping_, page + size_);
}

void Fiber::started() {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
#endif
}

void Fiber::switch_to(Fiber &from, Fiber &to) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(&from.sanitizer_state_, to.bottom_, to.size_);
#endif
  to.identity_.enter();
#if defined(__x86_64__)
  cushim_switch_stack(&from.stack_pointer_, to.stack_pointer_);
#else
  swapcontext(&from.context_, &to.context_);
#endif
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(from.sanitizer_state_, nullptr, nullptr);
#endif
}

}  // namespace cushim
