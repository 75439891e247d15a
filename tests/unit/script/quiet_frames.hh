#pragma once

#include <lua.hpp>

/// Functions from files that are compiled as none of ours may be.

/// How many objects with a destructor the first one has destroyed.
extern int facts_destroyed;
/// Of a file with -fno-exceptions: raises past an object.
extern "C" int facts_raise_quietly(lua_State* state);
/// Of a file without unwind tables besides.
extern "C" int facts_raise_without_tables(lua_State* state);
