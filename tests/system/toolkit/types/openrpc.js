// openrpc.js FILE: checks an OpenRPC document against the meta-schema of OpenRPC, and every schema in
// it against that of JSON Schema.
const fs = require('fs');
const Ajv = require('ajv').default;
const Ajv2020 = require('ajv/dist/2020').default;
const meta = require('@open-rpc/meta-schema').default ?? require('@open-rpc/meta-schema');
const document = JSON.parse(fs.readFileSync(process.argv[2]));

function refuse(what, errors) {
  console.error(what, JSON.stringify(errors.slice(0, 5), null, 1));
  process.exit(1);
}

// OpenRPC describes itself in a dialect of JSON Schema 7, and leaves schemas to their own description:
// that follows below.
const dialect = meta.$schema;
delete meta.$schema;
const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
const definitions = { JSONSchemaObject: { properties: { $ref: { type: 'string' } } } };
ajv.addSchema({ $id: dialect, definitions });
ajv.addSchema({ type: ['object', 'boolean'] }, dialect.replace(/\/$/, ''));
const validate = ajv.compile(meta);
if (!validate(document)) refuse('not OpenRPC:', validate.errors);

const schemas = new Ajv2020({ strict: false, validateFormats: false });
const describesItself = schemas.getSchema('https://json-schema.org/draft/2020-12/schema');
for (const method of document.methods) {
  for (const entry of [...method.params, method.result]) {
    if (!describesItself(entry.schema)) refuse(`${method.name}: ${entry.name}`, describesItself.errors);
    schemas.compile(entry.schema);
  }
}
if (document.methods.length < 20) throw new Error('methods are missing');
