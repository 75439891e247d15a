# Third-party libraries, one per line of design: name, version floor, who uses it. All are Debian
# packages (see `./dev deps`); nothing is downloaded at configure time.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(fmt 9.1 REQUIRED CONFIG)            # text formatting, every room
find_package(spdlog 1.10 REQUIRED CONFIG)        # log sinks, base
find_package(tl-expected 1.0 REQUIRED CONFIG)    # Result, base
find_package(CLI11 2.1 REQUIRED CONFIG)          # argument parser, app
find_package(Boost 1.74 REQUIRED)                # Asio: loop, net; Beast's parser: http
pkg_check_modules(LMDB REQUIRED IMPORTED_TARGET lmdb>=0.9.24)          # store
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium>=1.0.18)   # crypto
pkg_check_modules(OPENSSL REQUIRED IMPORTED_TARGET libcrypto>=3.0)     # crypto
pkg_check_modules(OPENSSL_TLS REQUIRED IMPORTED_TARGET libssl>=3.0)    # http
pkg_check_modules(EDIT REQUIRED libedit>=3.1)                          # bindings/editor.cc, loaded at run time
pkg_check_modules(CURL REQUIRED libcurl>=7.85)                         # fetch, loaded at run time
pkg_check_modules(LXC REQUIRED lxc>=5.0.2)                             # lxc, loaded at run time

# libspdlog and libfmt exist only as shared objects in Debian; the static runtime needs their code
# inside. fmt's compiled part is engine/base/fmt.cc; spdlog is header-only, in one file.
add_library(deps_base INTERFACE)
get_target_property(FMT_INCLUDE_DIRS fmt::fmt-header-only INTERFACE_INCLUDE_DIRECTORIES)
target_include_directories(deps_base SYSTEM INTERFACE ${FMT_INCLUDE_DIRS})
target_link_libraries(deps_base INTERFACE tl::expected Threads::Threads)
target_compile_definitions(deps_base INTERFACE SPDLOG_FMT_EXTERNAL)

# Debian's spdlog_header_only would bring the shared libfmt along.
add_library(deps_spdlog INTERFACE)
get_target_property(SPDLOG_INCLUDE_DIRS spdlog::spdlog_header_only INTERFACE_INCLUDE_DIRECTORIES)
target_include_directories(deps_spdlog SYSTEM INTERFACE ${SPDLOG_INCLUDE_DIRS})
target_link_libraries(deps_spdlog INTERFACE deps_base)

find_path(RAPIDJSON_INCLUDE_DIR rapidjson/reader.h REQUIRED)           # json
add_library(deps_rapidjson INTERFACE)
target_include_directories(deps_rapidjson SYSTEM INTERFACE ${RAPIDJSON_INCLUDE_DIR})

add_library(deps_asio INTERFACE)
target_include_directories(deps_asio SYSTEM INTERFACE ${Boost_INCLUDE_DIRS})
target_compile_definitions(deps_asio INTERFACE
  BOOST_ASIO_DISABLE_CO_AWAIT BOOST_ERROR_CODE_HEADER_ONLY BOOST_ASIO_NO_DEPRECATED)
target_link_libraries(deps_asio INTERFACE Threads::Threads)

# LuaJIT: our own build of Debian's source with LUAJIT_ENABLE_CHECKHOOK where there is one, so that
# a runaway script is stopped with the JIT on; else the system library.
add_library(deps_luajit INTERFACE)
if(MOONBOX_LUAJIT AND EXISTS ${MOONBOX_LUAJIT}/lib/libluajit.a)
  target_include_directories(deps_luajit SYSTEM INTERFACE ${MOONBOX_LUAJIT}/include)
  target_link_libraries(deps_luajit INTERFACE ${MOONBOX_LUAJIT}/lib/libluajit.a m ${CMAKE_DL_LIBS})
  target_compile_definitions(deps_luajit INTERFACE MOONBOX_LUAJIT_CHECKHOOK=1)
  if(EXISTS ${MOONBOX_LUAJIT}/include/moonbox_luajit.h)  # what `dev` adds: hooks inside patterns, the VM's state
    target_compile_definitions(deps_luajit INTERFACE MOONBOX_LUAJIT_MENDED=1)
  endif()
else()
  message(WARNING "LuaJIT without LUAJIT_ENABLE_CHECKHOOK: scripts under a deadline run interpreted. "
                  "./dev deps builds the right one.")
  find_path(LUAJIT_INCLUDE_DIR luajit.h PATH_SUFFIXES luajit-2.1 REQUIRED)
  find_library(LUAJIT_LIBRARY NAMES libluajit-5.1.a REQUIRED)
  target_include_directories(deps_luajit SYSTEM INTERFACE ${LUAJIT_INCLUDE_DIR})
  target_link_libraries(deps_luajit INTERFACE ${LUAJIT_LIBRARY} m ${CMAKE_DL_LIBS})
  target_compile_definitions(deps_luajit INTERFACE MOONBOX_LUAJIT_CHECKHOOK=0)
endif()

# Libraries that are loaded at run time: their headers only.
foreach(name CURL EDIT LXC)
  string(TOLOWER deps_${name} target)
  add_library(${target} INTERFACE)
  target_include_directories(${target} SYSTEM INTERFACE ${${name}_INCLUDE_DIRS})
  target_link_libraries(${target} INTERFACE ${CMAKE_DL_LIBS})
endforeach()

# BLAKE3: the official C and assembly sources, shipped by Debian inside librust-blake3-dev.
file(GLOB BLAKE3_SOURCE_DIRS /usr/share/cargo/registry/blake3-*/c)
if(NOT BLAKE3_SOURCE_DIRS)
  message(FATAL_ERROR "BLAKE3 sources not found: install librust-blake3-dev (./dev deps)")
endif()
list(GET BLAKE3_SOURCE_DIRS 0 BLAKE3_SOURCE_DIR)

find_path(RE2_INCLUDE_DIR re2/re2.h REQUIRED)                          # archive
find_library(RE2_LIBRARY NAMES libre2.a re2 REQUIRED)

find_path(NLOHMANN_JSON_INCLUDE_DIR nlohmann/json.hpp REQUIRED)        # archive (CBOR)

find_path(DECAF_INCLUDE_DIR decaf.h PATH_SUFFIXES decaf REQUIRED)      # crypto (Ed25519ph)
find_library(DECAF_LIBRARY NAMES libdecaf.a decaf REQUIRED)
