--- engine.lease for files that only need it to be there: no locks in specs.
return {}
