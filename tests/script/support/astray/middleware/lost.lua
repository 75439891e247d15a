--- For a context the tree has not.
return { name = 'lost', contexts = { 'EffectContext' }, request = function() end }
