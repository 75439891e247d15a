--- engine.archive for files that only need it to be there: no archives in specs.
return {}
