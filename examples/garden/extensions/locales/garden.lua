--- Texts of `garden`. en_US stands in for the locales that are left out.
return {
  en_US = {
    ['about.garden'] = 'Look after the garden',
    ['about.garden.list'] = 'List what grows',
    ['about.garden.plant'] = 'Plant something',
    ['about.garden.water'] = 'Water everything',
    ['help.garden.name'] = 'What to plant',
    ['help.garden.thirst'] = 'Litres it wants',
  },
  de_DE = {
    ['about.garden'] = 'Nach dem Garten sehen',
    ['about.garden.list'] = 'Zeigen, was wächst',
    ['about.garden.plant'] = 'Etwas pflanzen',
    ['about.garden.water'] = 'Alles gießen',
    ['help.garden.name'] = 'Was gepflanzt wird',
    ['help.garden.thirst'] = 'Liter, die es braucht',
  },
}
