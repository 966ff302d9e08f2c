# Warnings, optimisation and instruction set of every native target.
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

# The library is built where it runs; a package for other machines is built with -DREVUP_ARCH=x86-64-v3.
set(REVUP_ARCH native CACHE STRING "value of -march")
option(REVUP_SANITIZE "AddressSanitizer and UndefinedBehaviorSanitizer" OFF)

add_library(revup_compiler_options INTERFACE)
target_compile_options(revup_compiler_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Werror
  -march=${REVUP_ARCH} -O3 -fno-math-errno -fno-trapping-math)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  # 512-bit registers where the processor has them; GCC otherwise keeps to 256.
  target_compile_options(revup_compiler_options INTERFACE -mprefer-vector-width=512)
endif()
if(REVUP_SANITIZE)
  target_compile_options(revup_compiler_options INTERFACE -fsanitize=address,undefined -fno-omit-frame-pointer)
  target_link_options(revup_compiler_options INTERFACE -fsanitize=address,undefined)
endif()
