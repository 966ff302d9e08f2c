// Modules, functions and launches. A module's image is the line "REVUP-CUDA-ON-CPU" and the absolute path of a library
// of kernels that was compiled through the shim.
#include <dlfcn.h>

#include <cstring>
#include <string>

#include "../shim/launch.h"
#include "state.h"

using namespace cuda_on_cpu;

namespace {

constexpr char image_mark[] = "REVUP-CUDA-ON-CPU\n";
constexpr unsigned max_shared_bytes = 48 << 10;

struct Module {
  int device;
  decltype(&cushim_find) find;
  decltype(&cushim_launch) launch;
};

struct Function {
  std::shared_ptr<Module> module;
  const cushim::Kernel *kernel;
};

HandleTable<CUmodule, Module> modules;
HandleTable<CUfunction, Function> functions;

bool fits(const cushim::Grid &grid) {
  const cushim::Index3 &blocks = grid.blocks, &threads = grid.threads;
  if (blocks.x == 0 || blocks.y == 0 || blocks.z == 0 || threads.x == 0 || threads.y == 0 || threads.z == 0)
    return false;
  if (blocks.x > INT32_MAX || blocks.y > 65535 || blocks.z > 65535) return false;
  if (threads.x > 1024 || threads.y > 1024 || threads.z > 64) return false;
  return threads.x * threads.y * threads.z <= 1024 && grid.shared_bytes <= max_shared_bytes;
}

// The values of the arguments, which the caller's array may not outlive.
class Arguments {
 public:
  Arguments(const cushim::Kernel &kernel, void **arguments) : slots_(kernel.parameter_count) {
    for (int i = 0; i < kernel.parameter_count; ++i) std::memcpy(&slots_[i], arguments[i], kernel.parameters[i].size);
  }

  // Each pointer must be null or point into a living allocation, aligned to its type, as the device would find out.
  CUresult check(const cushim::Kernel &kernel) const {
    for (int i = 0; i < kernel.parameter_count; ++i) {
      const size_t alignment = kernel.parameters[i].alignment;
      if (alignment == 0 || slots_[i] == 0) continue;
      const CUresult status = check_device_range(reinterpret_cast<const void *>(slots_[i]), 1, alignment);
      if (status == CUDA_SUCCESS) continue;
      report(("kernel " + std::string(kernel.name) + ": argument " + std::to_string(i) +
              (status == CUDA_ERROR_MISALIGNED_ADDRESS ? " is not aligned to " + std::to_string(alignment) + " bytes"
                                                       : " does not point into a living device allocation"))
                 .c_str());
      return status;
    }
    return CUDA_SUCCESS;
  }

  std::vector<void *> pointers() {
    std::vector<void *> result;
    for (uint64_t &slot : slots_) result.push_back(&slot);
    return result;
  }

 private:
  std::vector<uint64_t> slots_;
};

}  // namespace

void cuda_on_cpu::clear_modules(int device) {
  functions.remove_if([=](const Function &function) { return function.module->device == device; });
  modules.remove_if([=](const Module &module) { return module.device == device; });
}

CUresult cuModuleLoadData(CUmodule *module, const void *image) {
  RETURN_IF_FAILED(check_context());
  if (module == nullptr || image == nullptr) return CUDA_ERROR_INVALID_VALUE;
  const auto *const text = static_cast<const char *>(image);
  if (std::strncmp(text, image_mark, sizeof image_mark - 1) != 0) return CUDA_ERROR_NO_BINARY_FOR_GPU;
  const char *const start = text + sizeof image_mark - 1;
  const std::string path(start, std::strcspn(start, "\r\n"));
  // Never closed: its kernels may be running, and a second load is free.
  void *const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    report(dlerror());
    return CUDA_ERROR_INVALID_IMAGE;
  }
  const Module loaded{current_ordinal(), reinterpret_cast<decltype(&cushim_find)>(dlsym(library, "cushim_find")),
                      reinterpret_cast<decltype(&cushim_launch)>(dlsym(library, "cushim_launch"))};
  if (loaded.find == nullptr || loaded.launch == nullptr) return CUDA_ERROR_INVALID_IMAGE;
  *module = modules.add(std::make_shared<Module>(loaded));
  return CUDA_SUCCESS;
}

CUresult cuModuleUnload(CUmodule module) {
  RETURN_IF_FAILED(check_context());
  const std::shared_ptr<Module> unloaded = modules.remove(module);
  if (unloaded == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  functions.remove_if([&](const Function &function) { return function.module == unloaded; });
  return CUDA_SUCCESS;
}

CUresult cuModuleGetFunction(CUfunction *function, CUmodule handle, const char *name) {
  RETURN_IF_FAILED(check_context());
  if (function == nullptr || name == nullptr) return CUDA_ERROR_INVALID_VALUE;
  const std::shared_ptr<Module> module = modules.find(handle);
  if (module == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  const cushim::Kernel *const kernel = module->find(name);
  if (kernel == nullptr) return CUDA_ERROR_NOT_FOUND;
  *function = functions.add(std::make_shared<Function>(Function{module, kernel}));
  return CUDA_SUCCESS;
}

CUresult cuLaunchKernel(CUfunction handle, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                        unsigned block_y, unsigned block_z, unsigned shared_bytes, CUstream stream, void **arguments,
                        void **extra) {
  RETURN_IF_FAILED(check_context());
  RETURN_IF_FAILED(check_stream(stream));
  const std::shared_ptr<Function> function = functions.find(handle);
  if (function == nullptr || function->module->device != current_ordinal()) return CUDA_ERROR_INVALID_HANDLE;
  const cushim::Grid grid{{grid_x, grid_y, grid_z}, {block_x, block_y, block_z}, shared_bytes};
  if (!fits(grid)) return CUDA_ERROR_INVALID_VALUE;
  const cushim::Kernel &kernel = *function->kernel;
  if (extra != nullptr) return CUDA_ERROR_NOT_SUPPORTED;
  if (arguments == nullptr && kernel.parameter_count > 0) return CUDA_ERROR_INVALID_VALUE;
  for (int i = 0; i < kernel.parameter_count; ++i) {
    if (arguments[i] == nullptr) return CUDA_ERROR_INVALID_VALUE;
  }
  return submit(stream, [function, grid, values = Arguments(kernel, arguments)]() mutable {
    const CUresult valid = values.check(*function->kernel);
    if (valid != CUDA_SUCCESS) return valid;
    char message[512];
    if (function->module->launch(function->kernel, &grid, values.pointers().data(), message, sizeof message)) {
      return CUDA_SUCCESS;
    }
    report(message);
    return CUDA_ERROR_LAUNCH_FAILED;
  });
}
