import type { Json } from '../../src/fhir/json.ts'
import { about, become, ct, hemoglobin, local, loinc, masked, pseudonymised, typed } from './readable.ts'

describe('Patient, Observation, ImagingStudy (C2)', () => {
  it.each<[string, string, Json, Json | undefined]>([
    ['Patient', 'active', true, true],
    ['Patient', 'gender', 'female', 'female'],
    ['Patient', 'gender', 'Dupont', undefined],
    ['Patient', 'birthDate', '1980-05-17', '1980'],
    ['Patient', 'birthDate', '1980', '1980'],
    [
      'Patient',
      '_birthDate',
      {
        extension: [
          {
            url: 'http://hl7.org/fhir/StructureDefinition/patient-birthTime',
            valueDateTime: '1980-05-17T04:00:00Z',
          },
        ],
      },
      undefined,
    ],
    ['Patient', 'deceasedBoolean', true, true],
    ['Patient', 'deceasedDateTime', '2024-03-01', '2024-03-11'],
    [
      'Patient',
      'address',
      [
        {
          use: 'home',
          text: 'x',
          line: ['1 rue x'],
          city: 'Rennes',
          district: 'x',
          state: 'x',
          postalCode: '35000',
          country: 'France',
          period: { start: '2020' },
        },
      ],
      [{ use: 'home', postalCode: '35', country: 'FR' }],
    ],
    ['Patient', 'address', [{ postalCode: '35', country: 'FR' }], [{ postalCode: '35', country: 'FR' }]],
    [
      'Patient',
      'address',
      [{ postalCode: '2A' }, { postalCode: '2B' }, { postalCode: '97411' }, { postalCode: '971' }],
      [{ postalCode: '20' }, { postalCode: '20' }, { postalCode: '97' }, { postalCode: '97' }],
    ],
    ['Patient', 'address', [{ postalCode: '90210', country: 'US' }], [{ country: 'US' }]],
    ['Patient', 'address', [{ postalCode: '35 Dupont', country: 'Dupont' }], undefined],
    ['Patient', 'address', [{ use: 'old', postalCode: '35000' }], undefined],
    ['Patient', 'identifier', [{ system: 'urn:oid:1.2.250.1.213.1.4.8', value: '1' }], undefined],
    ['Patient', 'name', [{ family: 'Dupont' }], undefined],
    ['Patient', 'telecom', [{ system: 'phone', value: '1' }], undefined],
    ['Patient', 'contact', [{ name: { family: 'Dupont' } }], undefined],
    ['Patient', 'photo', [{ data: 'AAAA' }], undefined],
    ['Patient', 'link', [{ other: { reference: 'Patient/2' }, type: 'seealso' }], undefined],
    ['Patient', 'maritalStatus', typed, undefined],
    ['Patient', 'multipleBirthInteger', 3, undefined],
    ['Patient', 'multipleBirthBoolean', true, undefined],
    ['Patient', 'communication', [{ language: typed }], undefined],
    ['Patient', 'generalPractitioner', [{ reference: 'Practitioner/1' }], undefined],
    ['Patient', 'managingOrganization', { reference: 'Organization/1' }, undefined],

    ['Observation', 'status', 'final', 'final'],
    ['Observation', 'subject', about, pseudonymised],
    ['Observation', 'issued', '2024-03-01T08:30:00Z', undefined],
    ['Observation', 'performer', [{ reference: 'Practitioner/1' }], undefined],
    ['Observation', 'interpretation', [typed], [{ coding: [hemoglobin] }]],
    ['Observation', 'specimen', { reference: 'Specimen/1' }, { reference: 'Specimen/p:1' }],
    ['Observation', 'device', { reference: 'Device/1' }, { reference: 'Device/p:1' }],
    [
      'Observation',
      'hasMember',
      [{ reference: 'Observation/2' }, { reference: 'Observation/out' }],
      [{ reference: 'Observation/p:2' }],
    ],
    [
      'Observation',
      'referenceRange',
      [{ low: { value: 1 }, text: 'Dupont' }, { text: 'Dupont' }],
      [{ low: { value: 1 } }],
    ],
    [
      'Observation',
      'component',
      [
        { code: typed, valueInteger: 1 },
        { code: local, valueInteger: 2 },
      ],
      [{ code: { coding: [hemoglobin] }, valueInteger: 1 }],
    ],

    [
      'ImagingStudy',
      'identifier',
      [
        { system: 'urn:dicom:uid', value: 'urn:oid:1.2.3' },
        { system: 'urn:x', value: '1' },
      ],
      [{ system: 'urn:dicom:uid', value: 'urn:oid:2.25.9' }],
    ],
    [
      'ImagingStudy',
      'identifier',
      [
        { system: 'urn:ietf:rfc:3986', value: 'urn:oid:1.2.3' },
        { system: 'urn:ietf:rfc:3986', value: 'urn:uuid:x' },
      ],
      [{ system: 'urn:dicom:uid', value: 'urn:oid:2.25.9' }],
    ],
    ['ImagingStudy', 'modality', [{ ...ct, display: 'CT de Dupont' }], [ct]],
    ['ImagingStudy', 'started', '2024-03-01', '2024-03-11'],
    ['ImagingStudy', 'numberOfSeries', 3, 3],
    ['ImagingStudy', 'numberOfInstances', 30, 30],
    ['ImagingStudy', 'endpoint', [{ reference: 'Endpoint/1' }], undefined],
    ['ImagingStudy', 'description', 'Dupont', undefined],
    ['ImagingStudy', 'referrer', { reference: 'Practitioner/1' }, undefined],
    ['ImagingStudy', 'interpreter', [{ reference: 'Practitioner/1' }], undefined],
    [
      'ImagingStudy',
      'series',
      [
        {
          uid: '1.2.3',
          number: 1,
          modality: ct,
          description: 'x',
          started: '2024-03-01',
          bodySite: loinc,
          laterality: loinc,
          endpoint: [{ reference: 'Endpoint/1' }],
          performer: [{ actor: about }],
          instance: [
            {
              uid: '1.2.3.4',
              number: 1,
              title: 'x',
              sopClass: { system: 'urn:ietf:rfc:3986', code: 'urn:oid:1.2.840.10008.5.1.4.1.1.2' },
            },
            {
              uid: '1.2.3.5',
              sopClass: { system: 'urn:ietf:rfc:3986', code: '1.3.12.2.1107.5.9.1' },
            },
          ],
        },
      ],
      [
        {
          uid: '2.25.9',
          number: 1,
          modality: ct,
          bodySite: hemoglobin,
          laterality: hemoglobin,
          started: '2024-03-11',
          instance: [
            {
              uid: '2.25.9',
              number: 1,
              sopClass: { system: 'urn:ietf:rfc:3986', code: 'urn:oid:1.2.840.10008.5.1.4.1.1.2' },
            },
            { uid: '2.25.9', sopClass: { system: 'urn:ietf:rfc:3986', code: 'urn:oid:2.25.9' } },
          ],
        },
      ],
    ],
    [
      'ImagingStudy',
      'series',
      [{ uid: '1.2.3', modality: { system: 'urn:x', code: 'x' } }],
      [{ uid: '2.25.9', modality: masked }],
    ],
  ])('%s.%s', (type, element, value, expected) => {
    expect(become(type, element, value)).toEqual(expected)
  })
})
