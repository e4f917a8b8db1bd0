import type { LaunchContext } from './launch-context.ts'

/** Path, under the authorization server, of the style that apps may take on. */
export const stylePath = 'smart-style.json'

/** For whom, in what and why an app was launched: told with its token, and by introspection of it. */
export function launchedFor({ patient, encounter, fhirContext, intent }: LaunchContext) {
  return {
    ...(patient !== undefined && { patient }),
    ...(encounter !== undefined && { encounter }),
    ...(fhirContext !== undefined && { fhirContext }),
    ...(intent !== undefined && { intent }),
  }
}

/**
 * What SMART adds to a token response.
 *
 * @param authUrl where `smart-style.json` lies
 * @see SMART App Launch 2.2 § Launch context arrives with your access_token
 */
export function contextParameters(context: LaunchContext, authUrl: string): Record<string, unknown> {
  const { patient, needPatientBanner } = context
  return {
    ...launchedFor(context),
    // an app that no EHR frames has to say itself whose record it shows
    ...(patient !== undefined && { need_patient_banner: needPatientBanner ?? true }),
    ...((patient !== undefined || needPatientBanner !== undefined) && {
      smart_style_url: `${authUrl}/${stylePath}`,
    }),
  }
}

/** @see SMART App Launch 2.2 § Styling: keys of the first version */
export const smartStyle = {
  color_background: '#ffffff',
  color_error: '#b3261e',
  color_highlight: '#0b5c8a',
  color_modal_backdrop: '',
  color_success: '#1b6e3c',
  color_text: '#1d1d1f',
  dim_border_radius: '6px',
  dim_font_size: '16px',
  dim_spacing_size: '20px',
  font_family_body: 'system-ui, sans-serif',
  font_family_heading: 'system-ui, sans-serif',
}
