# add_kernel_fatbin(TARGET FILE SOURCE...): one fatbin with machine code for sm_80 and sm_90, and PTX from which the driver
# compiles for anything later. All sources are one translation unit, because a fatbin without a device linker is one
# module only if it comes from one; -lineinfo lets Nsight Compute show source lines and costs nothing at run time.
option(REVUP_KERNEL_WARNINGS_AS_ERRORS "fail on warnings and on register spills" OFF)

function(add_kernel_fatbin target file)
  set(unit "${CMAKE_CURRENT_BINARY_DIR}/${target}.cu")
  list(TRANSFORM ARGN REPLACE "(.+)" "#include \"\\1\"" OUTPUT_VARIABLE includes)
  list(JOIN includes "\n" includes)
  file(CONFIGURE OUTPUT "${unit}" CONTENT "${includes}\n" @ONLY)

  set(flags -std=c++17 -O3 -lineinfo --threads 2 -Xptxas -v,-warn-spills
    # What counts for code that uses next to nothing of the standard library is the host compiler's syntax, not its age.
    -allow-unsupported-compiler
    -gencode arch=compute_80,code=sm_80 "-gencode arch=compute_90,code=[sm_90,compute_90]")
  if(REVUP_KERNEL_WARNINGS_AS_ERRORS)
    list(APPEND flags -Werror all-warnings)
  endif()
  separate_arguments(flags)

  get_filename_component(folder "${file}" DIRECTORY)
  file(MAKE_DIRECTORY "${folder}")
  add_custom_command(OUTPUT "${file}"
    COMMAND "${REVUP_NVCC}" ${flags} -MD -MF "${unit}.d" -fatbin -o "${file}" "${unit}"
    DEPENDS "${unit}" "${REVUP_NVCC}" DEPFILE "${unit}.d" VERBATIM)
  add_custom_target(${target} ALL DEPENDS "${file}")
endfunction()
