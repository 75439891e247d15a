return {
  ['about.echo'] = 'Answer with the given message',
  ['help.arg.message'] = 'Text to send back',
}
