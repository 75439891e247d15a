return { name = 'quota', keys = { quota = { type = 'integer', default = 3 } } }
