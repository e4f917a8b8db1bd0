import { canary, deep, patient, post, put, type BadRequest } from './bad-request.ts'

const notJson: BadRequest[] = [
  post('an empty body', '', 400),
  post('text', 'hello', 400),
  post('half a resource', '{"resourceType":"Patient","na', 400),
  post('text after the resource', `${patient('')}x`, 400),
  post('two resources', `${patient('')}${patient('')}`, 400),
  post('a trailing comma', '{"resourceType":"Patient",}', 400),
  post('single quotes', "{'resourceType':'Patient'}", 400),
  post('a comment', '{/*x*/"resourceType":"Patient"}', 400),
  post('NaN', '{"resourceType":"Patient","multipleBirthInteger":NaN}', 400),
  post('a leading zero', '{"resourceType":"Patient","multipleBirthInteger":01}', 400),
  post('a member twice', '{"resourceType":"Patient","active":true,"active":false}', 400),
  post('__proto__', '{"resourceType":"Patient","__proto__":{"active":true}}', 400),
  post('NUL in a string', '{"resourceType":"Patient","language":"\\u0000"}', 400),
  post('a lone surrogate', '{"resourceType":"Patient","language":"\\ud800"}', 400),
  post('a control character in a string', '{"resourceType":"Patient","language":"\u0001"}', 400),
  post('a bad escape', '{"resourceType":"Patient","language":"\\x"}', 400),
  post('nesting of 10,000 levels', deep(10_000), 400),
  post('10,000 open brackets', '['.repeat(10_000), 400),
  post('XML', '<Patient xmlns="http://hl7.org/fhir"/>', 400),
]

const notAResource: BadRequest[] = [
  ...['null', 'true', '42', '"Patient"', '[]', '[{"resourceType":"Patient"}]'].map((body) =>
    post(body, body, 400),
  ),
  post('no resourceType', '{"active":true}', 400),
  post('a resourceType that is a number', '{"resourceType":1}', 400),
  post('a resourceType that is none', `{"resourceType":"${canary}"}`, 400),
  post('another type', '{"resourceType":"Observation"}', 400),
  post('an abstract type', '{"resourceType":"DomainResource"}', 400),
]

const invalid: BadRequest[] = [
  put('an unknown element', patient('"colour":1'), 422),
  put('an unknown nested element', patient('"name":[{"colour":"red"}]'), 422),
  put('constructor as an element', patient('"constructor":{"prototype":{}}'), 422),
  put('a single value for a list', patient('"name":{"family":"x"}'), 422),
  put('a list for a single value', patient('"gender":["male"]'), 422),
  put('an empty list', patient('"name":[]'), 422),
  put('an empty object', patient('"name":[{}]'), 422),
  put('an empty string', patient('"language":""'), 422),
  put('null for a value', patient('"active":null'), 422),
  put('text for a boolean', patient('"active":"true"'), 422),
  put('a number for text', patient('"language":1'), 422),
  put('an object for text', patient('"language":{"a":1}'), 422),
  put('a date that is none', patient('"birthDate":"1962-13-45"'), 422),
  put('a date of another country', patient('"birthDate":"04/03/1962"'), 422),
  put('the 30th of February', patient('"birthDate":"2023-02-30"'), 422),
  put('a code outside its value set', patient(`"gender":"${canary}"`), 422),
  put('two choices', patient('"deceasedBoolean":true,"deceasedDateTime":"2020"'), 422),
  put('a choice of a type that is not allowed', patient('"deceasedString":"x"'), 422),
  put(
    'a reference to a type that is not allowed',
    patient('"managingOrganization":{"reference":"Patient/1"}'),
    422,
  ),
  put(
    'a script in the narrative',
    patient(
      '"text":{"status":"generated","div":"<div xmlns=\\"http://www.w3.org/1999/xhtml\\"><script>x</script></div>"}',
    ),
    422,
  ),
  put(
    'a narrative that does not end',
    patient('"text":{"status":"generated","div":"<div xmlns=\\"http://www.w3.org/1999/xhtml\\"><p>"}'),
    422,
  ),
  put('an extension without a url', patient('"extension":[{"valueString":"x"}]'), 422),
  put(
    'an extension with value and extensions',
    patient(
      '"extension":[{"url":"http://x.example","valueString":"x","extension":[{"url":"y","valueString":"z"}]}]',
    ),
    422,
  ),
  put(
    'a contained resource that contains another',
    patient(
      '"contained":[{"resourceType":"Patient","id":"a","contained":[{"resourceType":"Patient","id":"b"}]}]',
    ),
    422,
  ),
  put('a decimal where an integer belongs', patient('"multipleBirthInteger":1.5'), 422),
  put('an integer out of bounds', patient('"multipleBirthInteger":99999999999'), 422),
  put('base64 that is none', patient('"photo":[{"data":"***"}]'), 422),
  put('101 faults', patient(`"name":[${Array(150).fill('{"colour":1}').join(',')}]`), 422),
  {
    what: 'a missing required element',
    method: 'POST',
    path: '/fhir/Observation',
    body: '{"resourceType":"Observation"}',
    status: 422,
  },
  put('an id other than that of the URL', '{"resourceType":"Patient","id":"other"}', 400),
  put('no id', '{"resourceType":"Patient"}', 400),
  put('an id that is a number', '{"resourceType":"Patient","id":1}', 422),
  {
    what: 'an id that is no FHIR id',
    method: 'PUT',
    path: '/fhir/Patient/not_an_id!',
    body: patient(''),
    status: 400,
  },
  {
    what: 'an id of 65 characters',
    method: 'PUT',
    path: `/fhir/Patient/${'a'.repeat(65)}`,
    body: patient(''),
    status: 400,
  },
]

/** Bodies that are not JSON, no resource, or against the definitions. */
export const badBodies: readonly BadRequest[] = [...notJson, ...notAResource, ...invalid]
