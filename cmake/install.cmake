# Installs what find_package(uasio) and pkg-config read.

include(CMakePackageConfigHelpers)

set(generated ${PROJECT_BINARY_DIR}/generated)
set(config_folder ${CMAKE_INSTALL_LIBDIR}/cmake/uasio)

configure_file(cmake/uasioConfig.cmake.in ${generated}/uasioConfig.cmake @ONLY)
write_basic_package_version_file(${generated}/uasioConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${generated}/uasioConfig.cmake
  ${generated}/uasioConfigVersion.cmake DESTINATION ${config_folder})
install(EXPORT uasioTargets NAMESPACE uasio:: DESTINATION ${config_folder})

# A shared library of ours brings its liburing with it; a static one does not.
set(requires "${absl}")
set(requires_private "")
if(UASIO_HAS_URING)
  set(liburing "liburing >= ${UASIO_LIBURING_VERSION_MIN}")
  if(BUILD_SHARED_LIBS)
    set(requires_private "${liburing}")
  else()
    list(APPEND requires "${liburing}")
  endif()
endif()
string(REPLACE "absl::" "absl_" requires "${requires}")
string(REPLACE ";" ", " requires "${requires}")

# Installs a file for pkg-config.  `cmake --install --prefix` may still change
# the prefix, so that it is filled in then.
function(uasio_install_pc name)
  set(prefix "@CMAKE_INSTALL_PREFIX@")
  configure_file(cmake/${name}.in ${generated}/${name}.in @ONLY)
  install(CODE "configure_file([[${generated}/${name}.in]]
    [[${generated}/${name}]] @ONLY)")
  install(FILES ${generated}/${name}
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()

foreach(folder LIBDIR INCLUDEDIR)
  set(pc_${folder} "\${prefix}/${CMAKE_INSTALL_${folder}}")
  if(IS_ABSOLUTE "${CMAKE_INSTALL_${folder}}")
    set(pc_${folder} "${CMAKE_INSTALL_${folder}}")
  endif()
endforeach()

uasio_install_pc(uasio.pc)
if(UASIO_BUILD_DROPINS)
  uasio_install_pc(uasio-ucw.pc)
endif()
