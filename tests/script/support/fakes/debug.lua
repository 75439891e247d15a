--- engine.debug for files that only need it to be there.
return {}
