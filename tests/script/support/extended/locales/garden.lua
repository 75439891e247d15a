return {
  en_US = { ['about.garden'] = 'The garden', ['about.garden.water'] = 'Water it' },
  de_DE = { ['about.garden'] = 'Der Garten' },
}
