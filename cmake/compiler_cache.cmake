# Compiles through ccache where it is installed. Precompiled headers need -fpch-preprocess (gcc) and
# a ccache that does not refuse them for their times (its manual, "Precompiled headers").

find_program(MOONBOX_CCACHE ccache DOC "compiler cache; empty: none")
if(MOONBOX_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${MOONBOX_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      ${MOONBOX_CCACHE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>)
  endif()
endif()
