# cmake -DOUTPUT=… -DROOT=… -DFILES=a;b;… -P embed_scripts.cmake
# Writes a C++ source that holds the named files below ROOT, for engine/app/embedded.hh.
file(WRITE "${OUTPUT}" "#include \"app/embedded.hh\"\n\nnamespace engine::app {\n\n"
  "std::vector<script::Snapshot::Source> embedded_scripts() {\n  return {\n")
foreach(file IN LISTS FILES)
  file(READ "${ROOT}/${file}" content)
  file(APPEND "${OUTPUT}" "      {\"${file}\", R\"LUA_FILE(${content})LUA_FILE\"},\n")
endforeach()
file(APPEND "${OUTPUT}" "  };\n}\n\n}  // namespace engine::app\n")
