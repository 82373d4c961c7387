import { InvalidArgumentError, Option, type Command } from 'commander';
import { credentialTypes, type CredentialType } from '../../domain/credential/credential';
import { splitScope } from '../../domain/credential/scopes';
import { Secret } from '../../domain/secret';
import { hashPassword } from '../../platform/passwords';
import { createAuditStore } from '../../store/audit';
import { createPortalStore, UsernameTaken, type NewPortal, type Portal } from '../../store/portals';
import { createTenantStore } from '../../store/tenants';
import { readStandardInput, uuid } from '../arguments';
import { CommandFailure, exitCodes } from '../failure';
import { auditByCommandLine } from '../new-client';
import { withOperatorDatabase } from '../operator-database';
import { facts, outputOf } from '../output';

interface ConfigureOptions {
  tenant: string;
  username: string;
  passwordStdin: true;
  credentialType: CredentialType;
  region?: string;
  userPoolId?: string;
  scope?: Record<string, string>;
  defaultScope?: string[];
  tokenUrl?: string;
}

export function addSensediaCommands(program: Command): void {
  program
    .command('sensedia')
    .description("a tenant's Sensedia developer portal")
    .command('configure')
    .description('say how the portal authenticates and where in AWS its credentials are made; replaces what was said')
    .requiredOption('--tenant <id>', 'the tenant', uuid)
    .requiredOption('--username <name>', 'of Basic authentication; it selects the tenant', username)
    .requiredOption('--password-stdin', 'the password is all of standard input, without one line end at its end')
    .addOption(
      new Option('--credential-type <type>', 'what is made for requests that do not say')
        .choices(credentialTypes)
        .makeOptionMandatory(),
    )
    .option('--region <region>', 'AWS region; that of the process unless said', region)
    .option('--user-pool-id <id>', 'Cognito user pool of app clients', userPoolId)
    .option('--scope <api=scope>', 'an API and its scope, <resource server>/<scope>; may be repeated', scopeOfApi)
    .option('--default-scope <scope>', 'of app clients whose request names no API; may be repeated', defaultScope)
    .option('--token-url <url>', 'where apps get their tokens; shown with app clients', tokenUrl)
    .addHelpText(
      'after',
      `
Example:
  $ everhook sensedia configure --tenant 01234567-… --username portal --password-stdin \\
      --credential-type API_KEY --region eu-central-1 < password`,
    )
    .action(async (options: ConfigureOptions, command: Command) => {
      if (options.credentialType === 'CLIENT_CREDENTIALS' && options.userPoolId === undefined) {
        throw new CommandFailure('--credential-type CLIENT_CREDENTIALS needs --user-pool-id', exitCodes.usage);
      }
      const password = new Secret(await readStandardInput('the password'));
      if (password.reveal() === '' || /\p{Cc}/u.test(password.reveal())) {
        throw new CommandFailure('the password must have characters, and no control characters', exitCodes.usage);
      }
      const portal = await configure({
        tenantId: options.tenant,
        username: options.username,
        passwordHash: await hashPassword(password),
        credentialType: options.credentialType,
        region: options.region ?? null,
        userPoolId: options.userPoolId ?? null,
        scopes: { byApi: options.scope ?? {}, defaults: options.defaultScope ?? [] },
        tokenUrl: options.tokenUrl ?? null,
      });
      const { tenantId, credentialType, scopes } = portal;
      const document = {
        tenantId,
        username: portal.username,
        credentialType,
        region: portal.region,
        userPoolId: portal.userPoolId,
        scopes: scopes.byApi,
        defaultScopes: scopes.defaults,
        tokenUrl: portal.tokenUrl,
      };
      const output = outputOf(command);
      output.answer(
        document,
        facts(
          {
            tenant: tenantId,
            'user name': portal.username,
            makes: credentialType,
            region: portal.region ?? undefined,
            'user pool': portal.userPoolId ?? undefined,
            scopes:
              Object.entries(scopes.byApi)
                .map(([api, scope]) => `${api}=${scope}`)
                .join(' ') || undefined,
            'default scopes': scopes.defaults.join(' ') || undefined,
            'token URL': portal.tokenUrl ?? undefined,
          },
          output.paint,
        ),
      );
    });
}

async function configure(portal: NewPortal): Promise<Portal> {
  try {
    return await withOperatorDatabase((database) =>
      database.transaction(async (within) => {
        if (!(await createTenantStore(within).findTenant(portal.tenantId))) {
          throw new CommandFailure(`there is no tenant ${portal.tenantId}`);
        }
        const configured = await createPortalStore(within).configure(portal);
        await createAuditStore(within).append({
          ...auditByCommandLine,
          tenantId: portal.tenantId,
          action: 'portal.configure',
          objectType: 'portal',
          objectId: portal.tenantId,
          fields: ['username', 'password', 'credentialType', 'region', 'userPoolId', 'scopes', 'tokenUrl'],
        });
        return configured;
      }),
    );
  } catch (error) {
    if (error instanceof UsernameTaken) throw new CommandFailure(error.message);
    throw error;
  }
}

/** RFC 7617: a colon would end it. */
function username(text: string): string {
  if (text === '' || text.length > 200 || /[:\p{Cc}]/u.test(text)) {
    throw new InvalidArgumentError('It takes 1 to 200 printable characters without a colon.');
  }
  return text;
}

function region(text: string): string {
  if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(text)) throw new InvalidArgumentError('It takes a region such as eu-central-1.');
  return text;
}

function userPoolId(text: string): string {
  if (!/^[\w-]+_[0-9a-zA-Z]+$/.test(text) || text.length > 55) {
    throw new InvalidArgumentError('It takes an id such as eu-central-1_a1B2c3D4e.');
  }
  return text;
}

function scopeOfApi(text: string, earlier: Record<string, string> = {}): Record<string, string> {
  const [, api = '', scope = ''] = /^([A-Za-z0-9_-]+)=(.+)$/.exec(text) ?? [];
  if (api === '' || !splitScope(scope)) {
    throw new InvalidArgumentError('It takes <api id>=<resource server>/<scope>.');
  }
  return { ...earlier, [api]: scope };
}

function defaultScope(text: string, earlier: string[] = []): string[] {
  if (!splitScope(text)) throw new InvalidArgumentError('It takes <resource server>/<scope>.');
  return [...earlier, text];
}

function tokenUrl(text: string): string {
  if (!/^https:\/\//.test(text) || !URL.canParse(text)) throw new InvalidArgumentError('It takes an https URL.');
  return text;
}
