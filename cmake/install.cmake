# SPDX-License-Identifier: MIT
# install.cmake -- headers, libraries, pkg-config file and CMake package.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/mneme)

install(DIRECTORY include/mn DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS mneme mneme_static EXPORT mneme)
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
