import type { KMSClient } from '@aws-sdk/client-kms';
import { callAws } from './errors';

/** What AWS KMS does for us. Keys are named by their ARN, which also says their region. */
export interface Kms {
  /**
   * @param context what the ciphertext belongs to: it decrypts with the same one only. It stands in CloudTrail in the clear
   * @throws AwsFailure
   */
  encrypt(keyArn: string, plain: Buffer, context: Record<string, string>): Promise<Buffer>;
  /** @throws AwsFailure, with AWS's `InvalidCiphertextException` for a ciphertext of another key or context */
  decrypt(keyArn: string, ciphertext: Buffer, context: Record<string, string>): Promise<Buffer>;
  close(): void;
}

const connectionTimeoutMs = 1_000;
/** Shorter than elsewhere: a delivery's attempt, or a transaction, waits for it. */
const requestTimeoutMs = 3_000;

/**
 * The SDK is loaded when it is needed: most installations have no key in KMS, and most commands need none. One attempt, as for
 * all of AWS: whoever asked is tried again as a whole.
 *
 * @param endpoint of a stand-in; null: AWS itself
 */
export function createKms({ endpoint }: { endpoint: string | null }): Kms {
  const clients = new Map<string, KMSClient>();

  async function sdkFor(keyArn: string) {
    const [sdk, { NodeHttpHandler }] = await Promise.all([
      import('@aws-sdk/client-kms'),
      import('@smithy/node-http-handler'),
    ]);
    const region = regionOf(keyArn);
    const client =
      clients.get(region) ??
      new sdk.KMSClient({
        requestHandler: new NodeHttpHandler({
          connectionTimeout: connectionTimeoutMs,
          requestTimeout: requestTimeoutMs,
          throwOnRequestTimeout: true,
        }),
        maxAttempts: 1,
        region,
        ...(endpoint !== null && { endpoint }),
      });
    clients.set(region, client);
    return { sdk, client };
  }

  return {
    encrypt: (KeyId, Plaintext, EncryptionContext) =>
      callAws('kms', 'Encrypt', undefined, async () => {
        const { sdk, client } = await sdkFor(KeyId);
        const answer = await client.send(new sdk.EncryptCommand({ KeyId, Plaintext, EncryptionContext }));
        return bytesOf(answer.CiphertextBlob);
      }),

    decrypt: (KeyId, CiphertextBlob, EncryptionContext) =>
      callAws('kms', 'Decrypt', undefined, async () => {
        const { sdk, client } = await sdkFor(KeyId);
        const answer = await client.send(new sdk.DecryptCommand({ KeyId, CiphertextBlob, EncryptionContext }));
        return bytesOf(answer.Plaintext);
      }),

    close: () => clients.forEach((client) => client.destroy()),
  };
}

/** `arn:aws:kms:<region>:<account>:key/<id>`. */
function regionOf(keyArn: string): string {
  return keyArn.split(':')[3] ?? '';
}

function bytesOf(bytes: Uint8Array | undefined): Buffer {
  if (bytes === undefined) throw new Error('an answer of KMS has no bytes');
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
