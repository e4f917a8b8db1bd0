/**
 * The folders that a URI lies in, the nearest first: of `http://a.org/x/y` these are `http://a.org/x`,
 * `http://a.org`, `http:/` and `http:`. It is `:below` each of them, and itself.
 *
 * @see FHIR R4 § Search, "uri"
 */
export function foldersOf(uri: string): string[] {
  const folders: string[] = []
  for (
    let at = uri.lastIndexOf('/');
    at >= 0 && folders.length < maxFolders;
    at = uri.lastIndexOf('/', at - 1)
  ) {
    folders.push(uri.slice(0, at))
    if (at === 0) break
  }
  return folders
}

/** Deeper ones are nobody's. */
const maxFolders = 64

/** The folder that `uri` stands for where something is asked to be below it: without a slash at its end. */
export function folderOf(uri: string): string {
  return uri.endsWith('/') ? uri.slice(0, -1) : uri
}

/** The URIs that are above one: itself, and its folders with and without a slash at the end. */
export function urisAbove(uri: string): string[] {
  return [uri, ...foldersOf(uri).flatMap((folder) => [folder, `${folder}/`])]
}
