import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Search parameters that were added to this server, and the work of indexing rows anew. */
export class SearchParameter1764000000013 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement)
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'))
  }
}

const statements = [
  `CREATE TABLE clinical.reindex (
     id uuid PRIMARY KEY,
     types text[] NOT NULL,
     state text NOT NULL CHECK (state IN ('waiting', 'running', 'done')),
     created_at timestamptz(3) NOT NULL,
     done bigint NOT NULL DEFAULT 0,
     total bigint,
     last_type text COLLATE "C",
     last_id text COLLATE "C",
     lease uuid,
     leased_until timestamptz
   )`,
  `COMMENT ON TABLE clinical.reindex IS
     'rows of these types are indexed anew, in the order of type and id; the last one done is noted'`,
  `CREATE TABLE clinical.search_parameter (
     url text COLLATE "C" PRIMARY KEY,
     resource text COLLATE "C" NOT NULL UNIQUE,
     definition text NOT NULL,
     reindex uuid NOT NULL REFERENCES clinical.reindex
   )`,
  `COMMENT ON COLUMN clinical.search_parameter.resource IS 'logical id of the SearchParameter'`,
  `COMMENT ON COLUMN clinical.search_parameter.reindex IS 'the work that builds its index: until it is done no search is answered by it'`,
  `GRANT SELECT, INSERT, UPDATE, DELETE ON clinical.reindex, clinical.search_parameter TO coffre_care`,
]
