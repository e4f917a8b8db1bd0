import type { Room } from './room.ts'

/** ImagingStudy: its DICOM UIDs name the study in every archive; they stay at rest and never leave as they are. */
export const imagingStudy: Room = { type: 'ImagingStudy', mainDate: 'started' }
