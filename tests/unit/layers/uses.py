#!/usr/bin/env python3
"""Compares what each room and binding says it uses with what its files include.

The include views refuse a room that nobody named, but they pass on what a used room uses; so only
a look at the files themselves tells that a USES line is the whole truth and nothing more.
usage: uses.py SOURCE_TREE
"""
import pathlib
import re
import sys

source = pathlib.Path(sys.argv[1])
CALL = re.compile(r'engine_(?:room|binding)\((\w+)\s+SOURCES\s([^)]*?)(?:\sUSES\s([^)]*?))?(?:\sLIBRARIES\s[^)]*)?\)')
INCLUDE = re.compile(r'^#include "(\w+)/', re.M)


def included(files):
    return {room for file in files for room in INCLUDE.findall(file.read_text())}


def headers_of(binding):
    names = re.findall(r'^#include "bindings/(\w+\.hh)"', binding.read_text(), re.M)
    return [binding.parent / name for name in names]


problems = []
rooms = 0
for cmake in sorted(source.glob('engine/*/CMakeLists.txt')) + [source / 'bindings/CMakeLists.txt']:
    folder = cmake.parent
    for name, sources, uses in CALL.findall(cmake.read_text()):
        rooms += 1
        said = set(uses.split())
        files = [folder / file for file in sources.split() if (folder / file).is_file()]
        if folder.name == 'bindings':
            files += [header for file in files for header in headers_of(file)]
            meant = included(files) - {'bindings', 'script'}  # which every binding has
        else:
            meant = included([*folder.glob('*.cc'), *folder.glob('*.hh'), *folder.glob('*.inl')]) - {name}
        problems += [f'{cmake}: {name} includes {room}/ and does not say so' for room in sorted(meant - said)]
        problems += [f'{cmake}: {name} says it uses {room}, and includes nothing of it' for room in sorted(said - meant)]

if rooms < 25:
    problems.append(f'only {rooms} rooms and bindings were found')
print('\n'.join(problems) or f'{rooms} rooms and bindings say what they use')
sys.exit(1 if problems else 0)
