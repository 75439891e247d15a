--- engine.fetch for files that only need it to be there: specs reach no web server.
return {}
