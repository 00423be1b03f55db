# The functions that CMakeLists.txt makes its targets with.

include(GNUInstallDirs)
set(UASIO_INCLUDEDIR ${CMAKE_INSTALL_INCLUDEDIR}/uasio)
set(UASIO_LIBAIO_FOLDER ${CMAKE_INSTALL_LIBDIR}/uasio)

# The tools know their own flags by the path of the file that defines them
# (IsOurs() in tools/common/command_line.cc), so __FILE__ begins at the root.
function(uasio_compile_options target)
  target_compile_features(${target} PUBLIC cxx_std_17)
  target_compile_options(${target} PRIVATE -Wall -Wextra
    -fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=)
endfunction()

# Adds a folder, of the sources and of the installed headers, to the include
# path of the target's users.
function(uasio_include target folder)
  get_target_property(type ${target} TYPE)
  set(scope PUBLIC)
  if(type STREQUAL INTERFACE_LIBRARY)
    set(scope INTERFACE)
  endif()
  target_include_directories(${target} ${scope}
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/${folder}>
    $<INSTALL_INTERFACE:${UASIO_INCLUDEDIR}/${folder}>)
endfunction()

# Installs public headers in the folders that the sources have.
function(uasio_install_headers)
  foreach(header ${ARGN})
    get_filename_component(folder ${header} DIRECTORY)
    install(FILES ${header} DESTINATION ${UASIO_INCLUDEDIR}/${folder})
  endforeach()
endfunction()

# uasio_library(NAME DEPENDENCIES...): the library uasio_NAME of
# UASIO_<NAME>_SOURCES and UASIO_<NAME>_HEADERS; uasio::NAME for users.
function(uasio_library name)
  set(target uasio_${name})
  string(TOUPPER ${target} variable)
  if(${variable}_SOURCES)
    add_library(${target} ${${variable}_SOURCES})
    target_link_libraries(${target} PUBLIC ${ARGN})
    uasio_compile_options(${target})
    set_target_properties(${target} PROPERTIES
      VERSION ${PROJECT_VERSION}
      SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
  else()
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE ${ARGN})
  endif()
  uasio_include(${target} "")
  add_library(uasio::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  install(TARGETS ${target} EXPORT uasioTargets)
  uasio_install_headers(${${variable}_HEADERS})
endfunction()

# The drop-in for libaio: needs only libc, exports only libaio's names, and stays
# loaded after dlclose(), because its threads go on (-z nodelete).
function(uasio_libaio)
  set(script ${PROJECT_SOURCE_DIR}/asio/compat/libaio/libaio.lds)
  add_library(uasio_libaio MODULE ${UASIO_LIBAIO_SOURCES} ${UASIO_AIO_SOURCES}
    ${UASIO_SYSCALLS_SOURCES} ${UASIO_WORKQUEUE_SOURCES})
  target_include_directories(uasio_libaio PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(uasio_libaio PRIVATE absl::config absl::core_headers
    Threads::Threads)
  target_link_options(uasio_libaio PRIVATE
    -Wl,--version-script=${script} -Wl,-soname=libaio.so.1 -Wl,-z,nodelete
    -static-libgcc -static-libstdc++ -Wl,--exclude-libs,ALL -Wl,--as-needed)
  uasio_compile_options(uasio_libaio)
  set_target_properties(uasio_libaio PROPERTIES
    PREFIX "" OUTPUT_NAME libaio SUFFIX .so.1 LINK_DEPENDS ${script})
  # Debian 13's name of it, for LD_LIBRARY_PATH.
  set(other_name $<TARGET_FILE_DIR:uasio_libaio>/libaio.so.1t64)
  add_custom_command(TARGET uasio_libaio POST_BUILD
    COMMAND ${CMAKE_COMMAND} -E create_symlink libaio.so.1 ${other_name})
  install(TARGETS uasio_libaio LIBRARY DESTINATION ${UASIO_LIBAIO_FOLDER})
  install(FILES ${other_name} DESTINATION ${UASIO_LIBAIO_FOLDER})
endfunction()

# Tells the program where libaio.so.1 is installed, as seen from its own folder.
function(uasio_libaio_place program)
  file(RELATIVE_PATH place ${CMAKE_INSTALL_FULL_BINDIR}
    ${CMAKE_INSTALL_FULL_LIBDIR}/uasio/libaio.so.1)
  target_compile_definitions(${program} PRIVATE UASIO_LIBAIO_PLACE="${place}")
  add_dependencies(${program} uasio_libaio)
endfunction()

# uasio_tool(NAME DEPENDENCIES...): the program NAME of UASIO_<NAME>_SOURCES, and
# its manual page, which is made from its --help.
function(uasio_tool name)
  string(TOUPPER uasio_${name}_SOURCES sources)
  add_executable(${name} ${${sources}})
  target_link_libraries(${name} PRIVATE uasio_tools_common ${ARGN})
  uasio_compile_options(${name})
  install(TARGETS ${name})
  if(CMAKE_CROSSCOMPILING AND NOT CMAKE_CROSSCOMPILING_EMULATOR)
    message(STATUS "uasio: no manual page of ${name}, which does not run here")
    return()
  endif()
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/man)
  set(page ${PROJECT_BINARY_DIR}/man/${name}.1)
  set(script ${PROJECT_SOURCE_DIR}/cmake/man_page.sh)
  add_custom_command(OUTPUT ${page}
    COMMAND sh ${script} ${page} ${PROJECT_VERSION}
      ${CMAKE_CROSSCOMPILING_EMULATOR} $<TARGET_FILE:${name}>
    DEPENDS ${name} ${script}
    VERBATIM)
  add_custom_target(${name}_man ALL DEPENDS ${page})
  install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endfunction()
