return { en_US = { ['about.wind'] = 7 } }
