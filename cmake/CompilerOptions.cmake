# Warnings, optimisation and instruction set of every native target.
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

option(REVUP_SANITIZE "AddressSanitizer and UndefinedBehaviorSanitizer" OFF)

# The value of -march for what is compiled once.
set(REVUP_ARCH armv8-a)
set(REVUP_DISPATCH OFF)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  set(REVUP_ARCH x86-64-v3)
  # The checks of the sanitizers are about sources, not about instructions.
  if(NOT REVUP_SANITIZE)
    set(REVUP_DISPATCH ON)
  endif()
endif()

add_library(revup_compiler_options INTERFACE)
target_compile_options(revup_compiler_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Werror
  -O3 -fno-math-errno -fno-trapping-math)
if(REVUP_SANITIZE)
  target_compile_options(revup_compiler_options INTERFACE -fsanitize=address,undefined -fno-omit-frame-pointer)
  target_link_options(revup_compiler_options INTERFACE -fsanitize=address,undefined)
endif()
