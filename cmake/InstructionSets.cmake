# One library for several instruction sets: native/cpu/dispatch chooses between them when it is loaded.

# add_instruction_set(SET SOURCE...): SET.o, an object file with SOURCE compiled for the instruction set and a table of the
# functions that they export. Nothing else in it is visible: the linker keeps one copy of each inline function and of each
# instance of a template, and that copy must not be another instruction set's.
function(add_instruction_set set)
  string(MAKE_C_IDENTIFIER "revup_${set}" table)
  add_library(${table} OBJECT ${ARGN} cpu/dispatch/table.cpp)
  target_include_directories(${table} PRIVATE include "${CMAKE_CURRENT_BINARY_DIR}")
  target_compile_definitions(${table} PRIVATE REVUP_TABLE=${table})
  target_compile_options(${table} PRIVATE -march=${set})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # objcopy cannot hide unique symbols. With AVX-512, GCC otherwise keeps to registers of 256 bits.
    target_compile_options(${table} PRIVATE -fno-gnu-unique $<$<STREQUAL:${set},x86-64-v4>:-mprefer-vector-width=512>)
  endif()
  target_link_libraries(${table} PRIVATE revup_compiler_options OneDnn::OneDnn OpenMP::OpenMP_CXX)
  set_target_properties(${table} PROPERTIES CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  add_custom_command(OUTPUT ${set}.o DEPENDS $<TARGET_OBJECTS:${table}> VERBATIM COMMAND_EXPAND_LISTS
    COMMAND ${CMAKE_LINKER} -r --force-group-allocation -o ${set}.o $<TARGET_OBJECTS:${table}>
    COMMAND ${CMAKE_OBJCOPY} --keep-global-symbol=${table} ${set}.o)
endfunction()

# write_function_list(FILE FOLDER HEADERS SOURCES): FILE gets a line REVUP_FUNCTION(name, index) for each function that
# HEADERS of FOLDER declare and SOURCES do not define.
function(write_function_list file folder headers sources)
  list(TRANSFORM headers PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${headers} ${sources})
  functions_in(others "^[a-z].*[ *]revup_[a-z0-9_]+\\(.*{" ${sources})
  functions_in(declared "^REVUP_API " ${headers})
  list(REMOVE_ITEM declared ${others})
  set(text "")
  set(index 0)
  foreach(name IN LISTS declared)
    string(APPEND text "REVUP_FUNCTION(${name}, ${index})\n")
    math(EXPR index "${index} + 1")
  endforeach()
  file(CONFIGURE OUTPUT "${file}" CONTENT "${text}" @ONLY)
endfunction()

# functions_in(NAMES PATTERN FILE...): the names of the functions of ours on those lines of FILE that match PATTERN.
function(functions_in names pattern)
  set(found "")
  foreach(file IN LISTS ARGN)
    file(STRINGS "${file}" lines REGEX "${pattern}")
    foreach(line IN LISTS lines)
      string(REGEX MATCH "[ *](revup_[a-z0-9_]+)\\(" match "${line}")
      list(APPEND found "${CMAKE_MATCH_1}")
    endforeach()
  endforeach()
  set(${names} "${found}" PARENT_SCOPE)
endfunction()
