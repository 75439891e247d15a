# One static library per room of engine/ (and one for bindings/). A room exports an include view:
# a directory that holds a single symlink with the room's name. A source file can include
# "net/listener.hh" only if its target links the room `net`; anything else is not found.

function(engine_include_view target room source_dir)
  set(view ${PROJECT_BINARY_DIR}/views/${room})
  file(MAKE_DIRECTORY ${view})
  file(CREATE_LINK ${source_dir} ${view}/${room} SYMBOLIC)
  target_include_directories(${target} PUBLIC ${view})
endfunction()

# Headers of the standard library and of base's third parties, parsed once for all targets whose
# flags allow it. They save more than half of a full build.
function(engine_precompile target)
  get_target_property(type ${target} TYPE)
  if(type STREQUAL EXECUTABLE)  # else -fPIE, which does not go with headers made with -fPIC
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${target} PRIVATE -fPIC)
  endif()
  target_precompile_headers(${target} REUSE_FROM engine_precompiled)
endfunction()

# engine_room(NAME SOURCES file… [USES room…] [LIBRARIES library…])
# LIBRARIES are private: their headers stay inside the room.
function(engine_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;USES;LIBRARIES" ${ARGN})
  add_library(engine_${name} STATIC ${ROOM_SOURCES})
  add_library(engine::${name} ALIAS engine_${name})
  engine_include_view(engine_${name} ${name} ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(engine_${name} PRIVATE engine_options ${ROOM_LIBRARIES})
  if(NOT ROOM_SOURCES MATCHES "\\.c(;|$)")  # CMake cannot reuse headers of C++ beside C
    engine_precompile(engine_${name})
  endif()
  foreach(used IN LISTS ROOM_USES)
    target_link_libraries(engine_${name} PUBLIC engine::${used})
  endforeach()
endfunction()

# engine_unit_test(ROOM SOURCES file… [USES room…] [LIBRARIES library…]): one Catch2 program per room,
# linked to that room alone so that the layering holds in tests too.
function(engine_unit_test room)
  cmake_parse_arguments(TEST "" "" "SOURCES;USES;LIBRARIES" ${ARGN})
  add_executable(${room}_test ${TEST_SOURCES})
  target_link_libraries(${room}_test PRIVATE engine::${room} catch_main engine_options ${TEST_LIBRARIES})
  engine_precompile(${room}_test)
  foreach(used IN LISTS TEST_USES)
    target_link_libraries(${room}_test PRIVATE engine::${used})
  endforeach()
  set_target_properties(${room}_test PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  target_compile_definitions(${room}_test PRIVATE MOONBOX_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  add_test(NAME unit/${room} COMMAND ${room}_test)
  if(room MATCHES "^(lxc|ns|container)$")  # they share the host's mounts, links and loop devices
    set_tests_properties(unit/${room} PROPERTIES RESOURCE_LOCK host)
  endif()
endfunction()
