--- engine.client for files that only need it to be there: no daemons to call in specs.
return {}
