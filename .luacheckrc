std = 'luajit'
self = false
max_line_length = 100
cache = true
read_globals = { debug = { fields = { 'place' } } }  -- bindings/meta/globals.lua
ignore = { '212/_.*' }
files['scripts'].allow_defined_top = false
files['tests/script'].globals = { 'describe', 'it', 'before_each', 'after_each', 'expect' }
files['**/*_spec.lua'].globals = { 'describe', 'it', 'before_each', 'after_each', 'expect' }
-- What `moon-cli script test` offers beside these.
files['examples/garden/**/*_spec.lua'].globals = {
  'describe', 'it', 'before_each', 'after_each', 'expect', 'call', 'clock', 'data_dir', 'eventually' }
files['bindings/meta'].unused = false
