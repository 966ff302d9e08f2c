# Finds nvcc 12.0 or later: REVUP_NVCC, or on the PATH, or in /usr/local/cuda. Sets REVUP_NVCC and REVUP_NVCC_VERSION. The
# CUDA language of CMake is not enabled: it would try to link programs, and kernels need a compiler only.
find_program(REVUP_NVCC nvcc PATHS /usr/local/cuda/bin DOC "CUDA compiler")
if(NOT REVUP_NVCC)
  message(FATAL_ERROR "The kernels are compiled by nvcc, which is neither on the PATH nor in /usr/local/cuda/bin. Install NVIDIA's CUDA toolkit, "
    "name its compiler with -DREVUP_NVCC=PATH, or let ./build.sh --with-cuda fetch one.")
endif()
execute_process(COMMAND "${REVUP_NVCC}" --version OUTPUT_VARIABLE version_text COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCH "release ([0-9]+\\.[0-9]+)" version_match "${version_text}")
set(REVUP_NVCC_VERSION "${CMAKE_MATCH_1}")
if(REVUP_NVCC_VERSION VERSION_LESS 12.0)
  message(FATAL_ERROR "${REVUP_NVCC} is version ${REVUP_NVCC_VERSION}; the kernels need 12.0 or later. Install a newer CUDA toolkit, or name another "
    "compiler with -DREVUP_NVCC=PATH.")
endif()
message(STATUS "nvcc ${REVUP_NVCC_VERSION}: ${REVUP_NVCC}")
