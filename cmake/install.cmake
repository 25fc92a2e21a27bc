# SPDX-License-Identifier: MIT
# install.cmake -- headers, libraries, pkg-config file and CMake package.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/mneme)

install(DIRECTORY include/mn DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        PATTERN fixed.h EXCLUDE)

# mn/fixed.h is compiled together with headers of src/base and src/region. In
# this tree those are found by -Isrc; names such as "base/bits.h" may be a
# program's own too, so the copies in mn/core include each other by relative
# paths, and programs need no more than the one -I.
install(CODE "set(root [[${PROJECT_SOURCE_DIR}]])
set(copy [[${PROJECT_BINARY_DIR}/cmake/core]])")
install(CODE [[
file(REMOVE_RECURSE ${copy})
file(GLOB headers RELATIVE ${root}/src ${root}/src/region/tile*.h
     ${root}/src/region/fixed_own.h ${root}/src/base/assert.h
     ${root}/src/base/bits.h ${root}/src/base/config.h)
foreach(header ${headers})
    file(READ ${root}/src/${header} text)
    string(REGEX REPLACE "#include \"(base|region)/" "#include \"../\\1/"
           text "${text}")
    file(WRITE ${copy}/core/${header} "${text}")
endforeach()
file(READ ${root}/include/mn/fixed.h text)
string(REGEX REPLACE "#include \"(base|region)/" "#include \"core/\\1/"
       text "${text}")
string(REPLACE "MNI_FIXED_TEXT(region/" "MNI_FIXED_TEXT(core/region/"
       text "${text}")
file(WRITE ${copy}/fixed.h "${text}")
]])
install(DIRECTORY ${PROJECT_BINARY_DIR}/cmake/core/
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/mn)
install(TARGETS mneme mneme_static EXPORT mneme)
install(TARGETS mneme_gc LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/mneme)
install(EXPORT mneme NAMESPACE mneme:: FILE mnemeTargets.cmake
        DESTINATION ${package_dir})

configure_package_config_file(cmake/mnemeConfig.cmake.in
    ${PROJECT_BINARY_DIR}/cmake/mnemeConfig.cmake
    INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(
    ${PROJECT_BINARY_DIR}/cmake/mnemeConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES
    ${PROJECT_BINARY_DIR}/cmake/mnemeConfig.cmake
    ${PROJECT_BINARY_DIR}/cmake/mnemeConfigVersion.cmake
    DESTINATION ${package_dir})

configure_file(cmake/mneme.pc.in ${PROJECT_BINARY_DIR}/cmake/mneme.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/cmake/mneme.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
