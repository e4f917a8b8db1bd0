import { Csrf, Field, Page, type PageContext } from './page.tsx'
import type { FoundPatient, PatientAsked } from './patient-search.ts'
import { words } from './words/words.ts'

/** What the page knows after a search, or before one. */
export interface PatientChoice {
  readonly uid: string
  readonly app: string
  readonly asked: PatientAsked
  /** undefined: nothing was looked for yet */
  readonly found: readonly FoundPatient[] | undefined
  readonly more: boolean
  /** whether there is a search at all, or only those whom the person stands for */
  readonly searchable: boolean
  /** by field */
  readonly wrong?: Partial<Record<keyof PatientAsked, string>>
}

/** Whom an app will work on. */
export function PatientPage(props: PageContext & PatientChoice) {
  const { language, csrf, uid, app, asked, found, searchable, wrong } = props
  const { patient, consent } = words[language]
  const path = `/auth/interaction/${uid}`
  return (
    <Page {...props} title={patient.title}>
      <p>{patient.forApp(app)}</p>
      {searchable && (
        <form class="narrow" method="post" action={`${path}/patients`} role="search">
          <Csrf token={csrf} />
          <Field name="name" label={patient.name} value={asked.name} wrong={wrong?.name} />
          <Field
            name="birthDate"
            type="date"
            label={patient.birthDate}
            value={asked.birthDate}
            wrong={wrong?.birthDate}
          />
          <Field name="identifier" label={patient.identifier} value={asked.identifier} />
          <p>
            <button>{patient.search}</button>
          </p>
        </form>
      )}
      {found && <Found {...props} found={found} />}
      <form method="post" action={`${path}/cancel`}>
        <Csrf token={csrf} />
        <p>
          <button class="second">{consent.refuse}</button>
        </p>
      </form>
    </Page>
  )
}

function Found(props: PageContext & PatientChoice & { readonly found: readonly FoundPatient[] }) {
  const { language, found, more } = props
  const { patient, consent } = words[language]
  if (found.length === 0) return <p role="status">{patient.none}</p>
  return (
    <>
      <h2>{patient.found}</h2>
      {more && <p role="status">{patient.more}</p>}
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">{consent.about}</th>
              <th scope="col" class="number">
                {patient.birthDate}
              </th>
              <th scope="col">{patient.sex}</th>
              <th scope="col">
                <span class="quiet">{patient.choose}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {found.map((one) => (
              <Row {...props} one={one} />
            ))}
          </tbody>
        </table>
      </div>
    </>
  )
}

function Row({ language, csrf, uid, one }: PageContext & PatientChoice & { readonly one: FoundPatient }) {
  const { patient } = words[language]
  const sexes: Readonly<Record<string, string>> = patient.sexes
  const name = one.name === '' ? patient.unnamed : one.name
  return (
    <tr>
      <td>{name}</td>
      <td class="number">{one.birthDate}</td>
      <td>{one.gender && sexes[one.gender]}</td>
      <td>
        <form method="post" action={`/auth/interaction/${uid}/patient`}>
          <Csrf token={csrf} />
          <input type="hidden" name="patient" value={one.id} />
          <button class="second" aria-label={patient.chooseWhom(name)}>
            {patient.choose}
          </button>
        </form>
      </td>
    </tr>
  )
}
