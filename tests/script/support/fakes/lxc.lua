--- engine.lxc for files that only need it to be there: no containers in specs.
return {}
