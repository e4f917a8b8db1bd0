import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Subscriptions: who watches what, the outbox of changes, and the events that are to be told. */
export class Subscription1764000000011 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement)
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'))
  }
}

const statements = [
  `CREATE SCHEMA subscription`,
  `CREATE TABLE subscription.subscription (
     id text COLLATE "C" PRIMARY KEY,
     type text COLLATE "C" NOT NULL,
     client_id text NOT NULL,
     user_id text,
     scopes text NOT NULL,
     patient uuid,
     status text NOT NULL CHECK (status IN ('requested', 'active', 'error', 'off')),
     heartbeat_seconds integer CHECK (heartbeat_seconds > 0),
     ends_at timestamptz(3),
     events bigint NOT NULL DEFAULT 0,
     delivered bigint NOT NULL DEFAULT 0 CHECK (delivered <= events),
     failures integer NOT NULL DEFAULT 0,
     due_at timestamptz(3),
     leased_until timestamptz(3)
   )`,
  `COMMENT ON TABLE subscription.subscription IS
     'state of a Subscription; its criteria, endpoint and headers are read from the resource itself'`,
  `COMMENT ON COLUMN subscription.subscription.type IS 'the resource type that it watches'`,
  `COMMENT ON COLUMN subscription.subscription.scopes IS 'those of who wrote it: it tells of nothing beyond them'`,
  `COMMENT ON COLUMN subscription.subscription.due_at IS
     'when its endpoint is to be called next: a handshake, events, a heartbeat; null: nothing to say'`,
  `COMMENT ON COLUMN subscription.subscription.leased_until IS 'somebody is calling its endpoint; another may, then'`,
  `CREATE INDEX ON subscription.subscription (due_at) WHERE due_at IS NOT NULL`,
  `CREATE INDEX ON subscription.subscription (type) WHERE status IN ('requested', 'active')`,
  `CREATE TABLE subscription.change (
     sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     type text COLLATE "C" NOT NULL,
     id text COLLATE "C" NOT NULL,
     version integer NOT NULL,
     created boolean NOT NULL
   )`,
  `COMMENT ON TABLE subscription.change IS
     'the outbox: versions of watched types, written in the transaction that wrote them, until they are judged'`,
  `CREATE TABLE subscription.event (
     subscription text COLLATE "C" NOT NULL REFERENCES subscription.subscription ON DELETE CASCADE,
     number bigint NOT NULL,
     type text COLLATE "C" NOT NULL,
     id text COLLATE "C" NOT NULL,
     version integer NOT NULL,
     patient uuid NOT NULL,
     created boolean NOT NULL,
     at timestamptz(3) NOT NULL,
     PRIMARY KEY (subscription, number)
   )`,
  `CREATE INDEX ON subscription.event (at)`,
  `GRANT USAGE ON SCHEMA subscription TO coffre_care`,
  `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA subscription TO coffre_care`,
]
