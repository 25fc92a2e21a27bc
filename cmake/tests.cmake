# SPDX-License-Identifier: MIT
# tests.cmake -- test programs, each in several variants.
#
# A variant is a way to compile the layers and the tests above them:
#   release   the objects that ship
#   portable  assertions, and no form that is only for this processor
#   asan      assertions, address and undefined-behaviour sanitizer
#   tsan      as portable, with the thread sanitizer; clang
#   fuzz      as asan, with libFuzzer; clang
# The variants of MN_VARIANTS_HERE are built by this CMake project; those that
# need clang belong to the project in cmake/clang.
find_package(PkgConfig REQUIRED)
pkg_check_modules(CHECK REQUIRED IMPORTED_TARGET check)

set(MN_DEBUG_OPTIONS -O1 -fno-omit-frame-pointer)
set(MN_OPTIONS_release)
set(MN_OPTIONS_portable)
set(MN_OPTIONS_asan ${MN_DEBUG_OPTIONS}
    -fsanitize=address,undefined -fno-sanitize-recover=all)
set(MN_OPTIONS_tsan ${MN_DEBUG_OPTIONS} -fsanitize=thread)
set(MN_OPTIONS_fuzz ${MN_OPTIONS_asan} -fsanitize=fuzzer-no-link)
foreach(variant portable asan tsan fuzz)
    set(MN_DEFINITIONS_${variant} MN_DEBUG=1)
endforeach()
# The thread sanitizer does not see into assembly.
foreach(variant portable tsan)
    list(APPEND MN_DEFINITIONS_${variant} MN_PORTABLE=1)
endforeach()

# Build what the tests of `variant` share: the layers below override as the
# archive layers_VARIANT, and the harness as test_VARIANT.
function(mneme_add_variant variant)
    set(objects)
    if(variant STREQUAL "release")
        foreach(layer ${MN_LAYERS_BELOW_OVERRIDE} front)
            if(TARGET layer_${layer})
                list(APPEND objects $<TARGET_OBJECTS:layer_${layer}>)
            endif()
        endforeach()
    else()
        mneme_add_layers(${variant} LAYERS ${MN_LAYERS_BELOW_OVERRIDE} front
            OPTIONS ${MN_OPTIONS_${variant}}
            DEFINITIONS ${MN_DEFINITIONS_${variant}})
        set(objects ${${variant}_OBJECTS})
    endif()
    add_library(layers_${variant} STATIC ${objects})
    set_target_properties(layers_${variant} PROPERTIES LINKER_LANGUAGE C)
    target_link_options(layers_${variant} INTERFACE
        ${MN_OPTIONS_${variant}})

    add_library(test_${variant} STATIC ${MN_ROOT}/tests/test.c)
    mneme_compile_as_test(test_${variant} ${variant})
    target_link_libraries(test_${variant} PUBLIC PkgConfig::CHECK)
endfunction()

function(mneme_compile_as_test target variant)
    mneme_compile_as(${target} tests)
    target_include_directories(${target} PRIVATE ${MN_ROOT}/tests)
    target_compile_options(${target} PRIVATE ${MN_OPTIONS_${variant}})
    target_compile_definitions(${target} PRIVATE
        ${MN_DEFINITIONS_${variant}})
endfunction()

# "heap" for tests/unit/heap_test.c
function(mneme_test_name source result)
    get_filename_component(name ${source} NAME_WE)
    string(REGEX REPLACE "_(test|fuzz)$" "" name ${name})
    set(${result} ${name} PARENT_SCOPE)
endfunction()

# mneme_add_test(KIND VARIANT SOURCE [LIBRARIES ...] [SOURCES ...]): the ctest
# test KIND.NAME.VARIANT. LIBRARIES replaces the layers of the variant.
function(mneme_add_test kind variant source)
    cmake_parse_arguments(arg "" "" "LIBRARIES;SOURCES" ${ARGN})
    mneme_test_name(${source} name)
    set(test ${kind}.${name}.${variant})
    set(folder ${PROJECT_BINARY_DIR}/tests)
    if(variant IN_LIST MN_VARIANTS_HERE)
        add_executable(${test} ${source} ${arg_SOURCES})
        mneme_compile_as_test(${test} ${variant})
        if(NOT arg_LIBRARIES)
            set(arg_LIBRARIES layers_${variant})
        endif()
        target_link_libraries(${test} PRIVATE
            test_${variant} ${arg_LIBRARIES} Threads::Threads)
        set_target_properties(${test} PROPERTIES
            RUNTIME_OUTPUT_DIRECTORY ${folder})
    else()
        set(folder ${MN_CLANG_BINARY_DIR}/tests)
    endif()
    add_test(NAME ${test} COMMAND ${folder}/${test})
    set_tests_properties(${test} PROPERTIES TIMEOUT 600 LABELS ${kind})
endfunction()

# mneme_add_fuzz(SOURCE): the program fuzz.NAME, and the ctest test of that
# name, which runs it for a short while from a fixed seed and the inputs in
# tests/fuzz/NAME. `make fuzz` runs it long.
function(mneme_add_fuzz source)
    mneme_test_name(${source} name)
    set(test fuzz.${name})
    if(fuzz IN_LIST MN_VARIANTS_HERE)
        add_executable(${test} ${source})
        mneme_compile_as_test(${test} fuzz)
        target_link_libraries(${test} PRIVATE layers_fuzz Threads::Threads)
        target_link_options(${test} PRIVATE -fsanitize=fuzzer)
        set_target_properties(${test} PROPERTIES
            RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
        return()
    endif()
    set(seeds)
    if(IS_DIRECTORY ${MN_ROOT}/tests/fuzz/${name})
        set(seeds ${MN_ROOT}/tests/fuzz/${name})
    endif()
    add_test(NAME ${test} COMMAND ${MN_CLANG_BINARY_DIR}/tests/${test}
        -seed=1 -max_total_time=15 -verbosity=0 -print_final_stats=1
        -artifact_prefix=${MN_CLANG_BINARY_DIR}/tests/${test}- ${seeds})
    set_tests_properties(${test} PROPERTIES TIMEOUT 600 LABELS fuzz COST 20)
endfunction()

# Every test program in the tree, in the variants that suit it.
function(mneme_add_all_tests)
    foreach(kind unit oom stress)
        file(GLOB sources CONFIGURE_DEPENDS
            ${MN_ROOT}/tests/${kind}/*_test.c)
        foreach(source ${sources})
            mneme_add_test_variants(${kind} ${source})
        endforeach()
    endforeach()
    file(GLOB sources CONFIGURE_DEPENDS ${MN_ROOT}/tests/fuzz/*_fuzz.c)
    foreach(source ${sources})
        mneme_add_fuzz(${source})
    endforeach()
endfunction()

function(mneme_add_test_variants kind source)
    mneme_test_name(${source} name)
    if(name MATCHES "^override") # the one kind that stands on our malloc
        mneme_add_test(${kind} release ${source} LIBRARIES mneme_static)
        return()
    endif()
    set(variants release portable asan)
    set(sources)
    if(kind STREQUAL "oom")
        set(variants release asan)
        # Ahead of the archive, so that it stands in for os_linux.c.
        file(GLOB sources CONFIGURE_DEPENDS ${MN_ROOT}/src/os/os_fake.c)
    elseif(kind STREQUAL "stress")
        set(variants release tsan)
    elseif(name MATCHES "_threads$")
        list(APPEND variants tsan)
    endif()
    foreach(variant ${variants})
        mneme_add_test(${kind} ${variant} ${source} SOURCES ${sources})
    endforeach()
endfunction()
