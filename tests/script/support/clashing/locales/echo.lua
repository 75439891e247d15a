return { en_US = { ['about.echo'] = 'Mine' } }
