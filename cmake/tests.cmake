# The tests of what is public, if GoogleTest is there.  They use the test helpers
# of the backend uring, too, and so need liburing.

find_package(GTest QUIET)
if(NOT GTest_FOUND OR NOT TARGET GTest::gmock)
  message(WARNING "uasio: without tests: CMake does not find GoogleTest with \
gmock; apt-get install libgtest-dev libgmock-dev")
  return()
endif()
if(NOT UASIO_HAS_URING)
  message(WARNING "uasio: without tests: they need liburing")
  return()
endif()

enable_testing()

# uasio_test(NAME SOURCES...): a program of GoogleTest's.
function(uasio_test name)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE uasio_streams uasio_syslets
    PkgConfig::LIBURING GTest::gmock GTest::gtest_main)
  uasio_compile_options(${name})
  add_test(NAME ${name} COMMAND ${name})
endfunction()

set(clist clists/clist_test.cc clists/clist_iterator_test.cc)
uasio_test(clist_test ${clist} clists/clist_random_test.cc)

foreach(name free_list owner raw_queue work_queue worker_pool)
  uasio_test(${name}_test workqueue/${name}_test.cc)
endforeach()

foreach(name buffer errors file ledger request temporary)
  uasio_test(${name}_test asio/${name}_test.cc)
endforeach()

uasio_test(table_test asio/backends/table_test.cc)

foreach(name copy move position reader writer)
  uasio_test(streams_${name}_test asio/streams/${name}_test.cc)
endforeach()

uasio_test(syslets_builder_test asio/syslets/builder_test.cc)
uasio_test(syslets_exec_test asio/syslets/exec_test.cc)

# //tests:cmake_sources_test compares these with Bazel's.
set(contract
    tests/bounds_test.cc
    tests/cancel_many_test.cc
    tests/completion_test.cc
    tests/create_test.cc
    tests/event_fd_test.cc
    tests/handlers_test.cc
    tests/kept_errors_test.cc
    tests/latch_test.cc
    tests/life_test.cc
    tests/means_test.cc
    tests/messages_test.cc
    tests/notify_test.cc
    tests/order_test.cc
    tests/progress_test.cc
    tests/short_counts_test.cc
    tests/stats_test.cc
    tests/submit_and_wait_test.cc
    tests/threads_test.cc
    tests/unsized_test.cc
    tests/validity_test.cc
    tests/wait_request_test.cc
    tests/waiting_test.cc)
uasio_test(contract_test ${contract})

# In C: libucw's interface and the syslets.
function(uasio_c_test name)
  add_executable(${name} ${ARGN})
  target_compile_definitions(${name} PRIVATE _GNU_SOURCE)
  set_target_properties(${name} PROPERTIES LINKER_LANGUAGE CXX)
  add_test(NAME ${name} COMMAND ${name})
endfunction()

uasio_c_test(syslets_c_test asio/syslets/c_interface_test.c)
target_link_libraries(syslets_c_test PRIVATE uasio_syslets)
if(UASIO_BUILD_DROPINS)
  set(seed asio/compat/ucw/test_seed.cc)
  foreach(name asio clists layout shuffle work_queue worker_pool writeback)
    uasio_c_test(ucw_${name}_test asio/compat/ucw/${name}_test.c
      ${seed})
    target_link_libraries(ucw_${name}_test PRIVATE uasio_ucw)
  endforeach()
endif()
