--- engine.daemon_control for files that only need it to be there: no daemons to control in specs.
return {}
