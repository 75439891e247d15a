--- engine.store_tool for files that only need it to be there: no stores on a disk in specs.
return {}
