--- Wants to read a key that the engine reads.
return { name = 'hurry', keys = { deadline = { type = 'number' } }, request = function() end }
