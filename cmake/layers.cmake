# SPDX-License-Identifier: MIT
# layers.cmake -- which sources make up a layer, and how each is compiled.
#
# A layer is the folder of its name under src/; a file put there is built
# without being listed. Included by every CMake project in this tree.
get_filename_component(MN_ROOT ${CMAKE_CURRENT_LIST_DIR}/.. ABSOLUTE)

set(MN_LAYERS
    base os space region guard slab heap pool ref gc move async dist override)
# Of these, and of `front`, libgc.so.1 is made.
set(MN_FRONT_LAYERS base os space region gc)
# Sanitizers bring their own malloc, and unit tests must not stand on ours.
set(MN_LAYERS_BELOW_OVERRIDE ${MN_LAYERS})
list(REMOVE_ITEM MN_LAYERS_BELOW_OVERRIDE override)

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")
set(CMAKE_C_FLAGS_DEBUG "-Og -g")

set(MN_WARNINGS
    -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow
    -Wstrict-prototypes -Wmissing-prototypes -Wmissing-declarations
    -Wold-style-definition -Wvla -Wcast-align -Wcast-qual -Wundef
    -Wwrite-strings -Wformat=2 -Wdouble-promotion -Wnull-dereference
    -Wpointer-arith -Wredundant-decls -Wnested-externs -Wimplicit-fallthrough
    -Wdate-time)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
    list(APPEND MN_WARNINGS -Wlogical-op -Wduplicated-cond
         -Wduplicated-branches -Wtrampolines -Wformat-overflow=2
         -Wformat-signedness)
else()
    list(APPEND MN_WARNINGS -Wcomma -Wunreachable-code -Wassign-enum
         -Wconditional-uninitialized -Wloop-analysis)
endif()

# Compile `target` as a part of `layer`: one of MN_LAYERS, tools or tests.
function(mneme_compile_as target layer)
    target_include_directories(${target} PRIVATE
        ${MN_ROOT}/include ${MN_ROOT}/src)
    # __FILE__ is the path in this tree, on whatever machine it was built.
    target_compile_options(${target} PRIVATE
        ${MN_WARNINGS} -fmacro-prefix-map=${MN_ROOT}/=)
    if(layer MATCHES "^(os|front|tools|tests)$")
        target_compile_definitions(${target} PRIVATE _GNU_SOURCE)
    endif()
    # Tests do on purpose what compilers are told to warn of.
    if(layer STREQUAL "tests")
        target_compile_definitions(${target} PRIVATE MN_NO_ANALYSIS=1)
    endif()
    if(layer MATCHES "^(tools|tests)$")
        return()
    endif()
    target_compile_options(${target} PRIVATE
        -fvisibility=hidden -ftls-model=initial-exec -fno-plt
        -fno-semantic-interposition)
    # Records have fields of two and four bytes: to gather them into vectors
    # takes more instructions than it saves.
    if(layer STREQUAL "region")
        target_compile_options(${target} PRIVATE -fno-tree-slp-vectorize)
    endif()
    # Sanitizers follow frame pointers from their malloc to the program.
    if(layer MATCHES "^(base|pool)$")
        target_compile_options(${target} PRIVATE -fno-omit-frame-pointer)
    endif()
    # Or the compiler turns malloc and memset inside calloc into calloc.
    if(layer MATCHES "^(heap|override)$")
        target_compile_options(${target} PRIVATE
            -fno-builtin-malloc -fno-builtin-calloc -fno-builtin-realloc
            -fno-builtin-free)
    endif()
    # operator new throws through its frames, and so do finalizers.
    if(layer MATCHES "^(front|override)$")
        target_compile_options(${target} PRIVATE -fexceptions)
    endif()
endfunction()

# The sources of a layer for this system, in `result`.
function(mneme_layer_sources layer result)
    file(GLOB sources CONFIGURE_DEPENDS ${MN_ROOT}/src/${layer}/*.c)
    string(TOLOWER ${CMAKE_SYSTEM_NAME} system)
    foreach(other linux darwin windows none fake)
        if(NOT other STREQUAL system)
            list(FILTER sources EXCLUDE REGEX "/os_${other}\\.c$")
        endif()
    endforeach()
    set(${result} ${sources} PARENT_SCOPE)
endfunction()

# mneme_add_layers(NAME LAYERS ... [OPTIONS ...] [DEFINITIONS ...]): an object
# library NAME_LAYER for each layer that has sources; all their objects are in
# NAME_OBJECTS.
function(mneme_add_layers name)
    cmake_parse_arguments(arg "" "" "LAYERS;OPTIONS;DEFINITIONS" ${ARGN})
    set(objects)
    foreach(layer ${arg_LAYERS})
        mneme_layer_sources(${layer} sources)
        if(sources)
            add_library(${name}_${layer} OBJECT ${sources})
            mneme_compile_as(${name}_${layer} ${layer})
            target_compile_options(${name}_${layer} PRIVATE ${arg_OPTIONS})
            target_compile_definitions(${name}_${layer} PRIVATE
                ${arg_DEFINITIONS})
            list(APPEND objects $<TARGET_OBJECTS:${name}_${layer}>)
        endif()
    endforeach()
    set(${name}_OBJECTS ${objects} PARENT_SCOPE)
endfunction()
