import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * The search language in full: the parts of resources that composite parameters look into, the units that
 * occur, the folders of URIs, and the words beside codes as keyed hashes (docs/decisions/0011).
 */
export class Search1764000000008 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement)
    const [{ is_here: isHere } = { is_here: false }] = (await runner.query(
      `SELECT to_regnamespace('identity') IS NOT NULL AS is_here`,
    )) as { is_here: boolean }[]
    if (isHere) for (const statement of inVault) await runner.query(statement)
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'))
  }
}

const statements = [
  `CREATE TABLE clinical.composite_index (
     type text COLLATE "C" NOT NULL,
     id text COLLATE "C" NOT NULL,
     patient uuid NOT NULL,
     tokens bigint[] NOT NULL,
     low double precision,
     high double precision,
     low2 double precision,
     high2 double precision
   )`,
  `COMMENT ON TABLE clinical.composite_index IS
     'one row for each part of a resource that a composite parameter asks about, such as an Observation.component'`,
  // rows are found through the resource's own tokens, and looked into by its id
  `CREATE INDEX ON clinical.composite_index (type, id)`,
  `CREATE TABLE clinical.ucum_unit (code text COLLATE "C" PRIMARY KEY)`,
  `COMMENT ON TABLE clinical.ucum_unit IS 'UCUM codes that occur in quantities: a search is asked in each that measures the same'`,
  `CREATE TABLE clinical.uri_folder (
     within bigint NOT NULL,
     folder bigint NOT NULL,
     PRIMARY KEY (within, folder)
   )`,
  `COMMENT ON TABLE clinical.uri_folder IS 'hashes of a URI folder and of those it lies in, itself included: for :below'`,
  `GRANT SELECT, INSERT, DELETE ON clinical.composite_index, clinical.ucum_unit, clinical.uri_folder TO coffre_care`,
  `GRANT SELECT ON clinical.composite_index, clinical.ucum_unit, clinical.uri_folder TO coffre_research`,
]

/** Where the vault is on this server; migration 0015 makes the table on one of its own. */
const inVault = [
  `CREATE TABLE identity.text_index (
     token bigint PRIMARY KEY,
     type text COLLATE "C" NOT NULL,
     parameters text[] NOT NULL,
     prefixes bigint[] NOT NULL
   )`,
  `COMMENT ON TABLE identity.text_index IS
     'the words beside codes, once each: keyed hashes of their beginnings; token is what rows have in their tokens'`,
  `CREATE INDEX ON identity.text_index USING gin (prefixes) WITH (fastupdate = off)`,
  `GRANT SELECT, INSERT, DELETE ON identity.text_index TO coffre_identity`,
]
