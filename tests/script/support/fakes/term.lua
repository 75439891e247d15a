--- engine.term for files that only need it to be there: no terminal in specs.
return { end_with_reader = function() end }
