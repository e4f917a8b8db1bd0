import { Clinical1764000000001 } from './0001-clinical.ts'
import { Identity1764000000002 } from './0002-identity.ts'
import { Audit1764000000003 } from './0003-audit.ts'
import { Auth1764000000004 } from './0004-auth.ts'
import { Governance1764000000005 } from './0005-governance.ts'
import { Export1764000000006 } from './0006-export.ts'
import { Import1764000000007 } from './0007-import.ts'
import { Search1764000000008 } from './0008-search.ts'
import { Interactions1764000000009 } from './0009-interactions.ts'
import { Async1764000000010 } from './0010-async.ts'
import { Subscription1764000000011 } from './0011-subscription.ts'
import { ImportJob1764000000012 } from './0012-import-job.ts'
import { SearchParameter1764000000013 } from './0013-search-parameter.ts'
import { IdentityKeyVersion1764000000014 } from './0014-identity-key-version.ts'
import { IdentitySpanning1764000000015 } from './0015-identity-spanning.ts'
import { MemberSecret1764000000016 } from './0016-member-secret.ts'
import { Reidentification1764000000018 } from './0018-reidentification.ts'
import { IdentitySuppression1764000000019 } from './0019-identity-suppression.ts'
import { Opposition1764000000019 } from './0019-opposition.ts'
import { Erasure1764000000020 } from './0020-erasure.ts'
import { IdentityErasure1764000000020 } from './0020-identity-erasure.ts'
import { Merge1764000000022 } from './0022-merge.ts'
import { AccessReport1764000000023 } from './0023-access-report.ts'
import { IdentityBlindLayout1764000000024 } from './0024-identity-blind-layout.ts'
import { DatabaseRoles1764000000026 } from './0026-database-roles.ts'
import { IdentityRoles1764000000026 } from './0026-identity-roles.ts'
import { RowSecurity1764000000027 } from './0027-row-security.ts'
import { Smart1764000000028 } from './0028-smart.ts'
import { Emergency1764000000030 } from './0030-emergency.ts'
import { SecondFactor1764000000029 } from './0029-second-factor.ts'
import { IdentityLinkage1764000000031 } from './0031-identity-linkage.ts'
import { Linkage1764000000032 } from './0032-linkage.ts'
import { Revocation1764000000033 } from './0033-revocation.ts'
import { SigningKey1764000000034 } from './0034-signing-key.ts'

/** All migrations, in order. */
export const migrations = [
  Clinical1764000000001,
  Identity1764000000002,
  Audit1764000000003,
  Auth1764000000004,
  Governance1764000000005,
  Export1764000000006,
  Import1764000000007,
  Search1764000000008,
  Interactions1764000000009,
  Async1764000000010,
  Subscription1764000000011,
  ImportJob1764000000012,
  SearchParameter1764000000013,
  IdentityKeyVersion1764000000014,
  IdentitySpanning1764000000015,
  MemberSecret1764000000016,
  Reidentification1764000000018,
  IdentitySuppression1764000000019,
  Opposition1764000000019,
  Erasure1764000000020,
  IdentityErasure1764000000020,
  Merge1764000000022,
  AccessReport1764000000023,
  IdentityBlindLayout1764000000024,
  DatabaseRoles1764000000026,
  IdentityRoles1764000000026,
  RowSecurity1764000000027,
  Smart1764000000028,
  SecondFactor1764000000029,
  Emergency1764000000030,
  IdentityLinkage1764000000031,
  Linkage1764000000032,
  Revocation1764000000033,
  SigningKey1764000000034,
]

const isOfVault = ({ name }: { readonly name: string }) => name.startsWith('Identity')

/** Those of the vault where it is on a server of its own. */
export const vaultMigrations = migrations.filter(isOfVault)

/** The others, for the server beside it. */
export const clinicalMigrations = migrations.filter((migration) => !isOfVault(migration))
