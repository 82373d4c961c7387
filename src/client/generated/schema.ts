// Made from the OpenAPI document by `npm run generate-client`: changed there, not here.

export interface components {
  schemas: {
    Attempt: {
      number: number;
      /**
       * Format: date-time
       * @example 2026-01-15T09:30:00.000Z
       */
      startedAt: string;
      durationMs: number;
      statusCode: number | null;
      errorClass:
        | (
            | 'http_status'
            | 'timeout'
            | 'connect_error'
            | 'dns_error'
            | 'tls_error'
            | 'protocol_error'
            | 'blocked_address'
            | 'auth_error'
          )
        | null;
      /** @description First KiB of the answer. */
      responseBody?: string;
      /** @description Headers of the answer to an attempt that failed, by lower-case name, of each its first value: up to 40, each value cut at 256 characters, 4,096 in all. Values of cookies and of what looks like a secret are `[redacted]`, for clients without `webhooks:read` those of URLs too. Null: the attempt succeeded, there was no whole answer, or it is no longer kept. */
      responseHeaders: {
        [key: string]: string;
      } | null;
    };
    AuditEntry: {
      /**
       * Format: uuid
       * @example 0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f
       */
      id: string;
      /**
       * Format: date-time
       * @example 2026-01-15T09:30:00.000Z
       */
      at: string;
      /**
       * @description `client:` and its id, `session:` or `operator:` and the id of a session of the console, `link:` and its id, `portal:` and its user name, `cli`, `worker`, or `unknown`.
       * @example client:0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f
       */
      actor: string;
      /** @example webhook.create */
      action: string;
      objectType: string;
      /** @description Empty where there is none, as in what was refused before it came to be. */
      objectId: string;
      /** @description Names of what changed, never values. */
      fields: string[];
      address: string | null;
      requestId: string | null;
      /** @enum {string} */
      outcome: 'success' | 'failure';
      /** @description Refusals of one kind and origin within a minute are one entry, with the first one's request id. */
      count: number;
    };
    BatchResults: {
      results: (
        | {
            /** @example invoice-2026-0001 */
            id: string;
            type: string;
            /** @description Published before with the same content; nothing is sent again. */
            duplicate: boolean;
            deliveries: {
              /**
               * Format: uuid
               * @example 0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f
               */
              id: string;
              /**
               * Format: uuid
               * @example 0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f
               */
              webhookId: string;
            }[];
            /** @constant */
            status: 202;
          }
        | {
            id: string | null;
            status: 409 | 422;
            detail: string;
            errors: {
              pointer: string;
              message: string;
            }[];
          }
      )[];
    };
    /**
     * @example {
     *       "consentId": "urn:everhook:0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f",
     *       "type": "DATA",
     *       "status": "AWAITING_AUTHORISATION",
     *       "permissions": [
     *         "ACCOUNTS_READ",
     *         "ACCOUNTS_BALANCES_READ",
     *         "RESOURCES_READ"
     *       ],
     *       "createdAt": "2026-01-15T09:30:00.000Z",
     *       "statusUpdatedAt": "2026-01-15T09:30:00.000Z",
     *       "expiresAt": "2026-01-15T10:30:00.000Z",
     *       "workflowId": "consent/0198c0de-0000-7000-8000-000000000001/0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f",
     *       "temporalUrl": null
     *     }
     */
    Consent: {
      /**
       * @description A URN.
       * @example urn:everhook:0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f
       */
      consentId: string;
      /** @enum {string} */
      type: 'DATA' | 'PAYMENT';
      /** @enum {string} */
      status: 'AWAITING_AUTHORISATION' | 'AUTHORISED' | 'REJECTED' | 'CONSUMED' | 'EXPIRED' | 'REVOKED';
      permissions: string[];
      /**
       * Format: date-time
       * @example 2026-01-15T09:30:00.000Z
       */
      createdAt: string;
      /**
       * Format: date-time
       * @description When the action was accepted, or the deadline passed, that led to the status.
       * @example 2026-01-15T09:30:00.000Z
       */
      statusUpdatedAt: string;
      /** @description The deadline in force; null when nothing can expire any more. */
      expiresAt: string | null;
      workflowId: string;
      /** @description The run in the Temporal Web UI; null where none is set up. */
      temporalUrl: string | null;
    };
    ConsentAction: {
      /**
       * @description Kept with the action; in no event, no answer and no log.
       * @example asked for by phone
       */
      reason?: string;
    };
    /**
     * @example {
     *       "consentId": "urn:everhook:0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f",
     *       "createdAt": "2026-01-15T09:30:00.000Z",
     *       "decisionDeadline": "2026-01-15T10:30:00.000Z",
     *       "consumptionDeadline": "2026-01-15T10:42:00.000Z",
     *       "steps": [
     *         {
     *           "on": "approve",
     *           "status": "AUTHORISED",
     *           "at": "2026-01-15T09:32:00.000Z",
     *           "event": "consent:approved"
     *         }
     *       ],
     *       "outstanding": [],
     *       "serverTime": "2026-01-15T09:33:00.000Z"
     *     }
     */
    ConsentHistory: {
      consentId: string;
      /**
       * Format: date-time
       * @example 2026-01-15T09:30:00.000Z
       */
      createdAt: string;
      /**
       * Format: date-time
       * @description Until when a decision was, or is, possible.
       * @example 2026-01-15T09:30:00.000Z
       */
      decisionDeadline: string;
      /** @description Until when it could, or can, be consumed; null: there has been no decision. */
      consumptionDeadline: string | null;
      steps: {
        /**
         * @description An action, or the deadline in force that passed.
         * @enum {string}
         */
        on: 'approve' | 'reject' | 'consume' | 'revoke' | 'deadline';
        /**
         * @description What the consent became.
         * @enum {string}
         */
        status: 'AWAITING_AUTHORISATION' | 'AUTHORISED' | 'REJECTED' | 'CONSUMED' | 'EXPIRED' | 'REVOKED';
        /**
         * Format: date-time
         * @description The time of acceptance, or the deadline itself.
         * @example 2026-01-15T09:30:00.000Z
         */
        at: string;
        /** @description What receivers were told; null: nothing. */
        event:
          | (
              | 'before:consent:create'
              | 'after:consent:create'
              | 'consent:approved'
              | 'consent:rejected'
              | 'consent:expired'
              | 'consent:revoke'
            )
          | null;
      }[];
      /** @description Accepted, and not carried out yet. */
      outstanding: {
        /** @enum {string} */
        action: 'approve' | 'reject' | 'consume' | 'revoke';
        /**
         * Format: date-time
         * @example 2026-01-15T09:30:00.000Z
         */
        acceptedAt: string;
      }[];
      /**
       * Format: date-time
       * @description For counting down: a browser’s clock may be wrong.
       * @example 2026-01-15T09:30:00.000Z
       */
      serverTime: string;
    };
    /**
     * @example {
     *       "consentId": "urn:everhook:0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f",
     *       "type": "DATA",
     *       "status": "AWAITING_AUTHORISATION",
     *       "permissions": [
     *         "ACCOUNTS_READ",
     *         "ACCOUNTS_BALANCES_READ",
     *         "RESOURCES_READ"
     *       ],
     *       "createdAt": "2026-01-15T09:30:00.000Z",
     *       "statusUpdatedAt": "2026-01-15T09:30:00.000Z",
     *       "expiresAt": "2026-01-15T10:30:00.000Z",
     *       "workflowId": "consent/0198c0de-0000-7000-8000-000000000001/0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f",
     *       "temporalUrl": null,
     *       "acceptedAt": "2026-01-15T09:31:00.000Z"
     *     }
     */
    ConsentWithAcceptance: {
      /**
       * @description A URN.
       * @example urn:everhook:0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f
       */
      consentId: string;
      /** @enum {string} */
      type: 'DATA' | 'PAYMENT';
      /** @enum {string} */
      status: 'AWAITING_AUTHORISATION' | 'AUTHORISED' | 'REJECTED' | 'CONSUMED' | 'EXPIRED' | 'REVOKED';
      permissions: string[];
      /**
       * Format: date-time
       * @example 2026-01-15T09:30:00.000Z
       */
      createdAt: string;
      /**
       * Format: date-time
       * @description When the action was accepted, or the deadline passed, that led to the status.
       * @example 2026-01-15T09:30:00.000Z
       */
      statusUpdatedAt: string;
      /** @description The deadline in force; null when nothing can expire any more. */
      expiresAt: string | null;
      workflowId: string;
      /** @description The run in the Temporal Web UI; null where none is set up. */
      temporalUrl: string | null;
      /**
       * Format: date-time
       * @description The time of the action, whenever it is carried out.
       * @example 2026-01-15T09:30:00.000Z
       */
      acceptedAt: string;
    };
    /**
     * @example {
     *       "id": "0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f",
     *       "contract": "everhook",
     *       "targetUrl": "https://example.com/hooks",
     *       "events": [
     *         "OpenIdCredentialIssued"
     *       ],
     *       "channels": [],
     *       "description": null,
     *       "disabled": false,
     *       "authType": "basic",
     *       "timeoutMs": 3000,
     *       "maxRetries": 3,
     *       "headers": {
     *         "X-Environment": "production",
     *         "X-Api-Key": "[redacted]"
     *       },
     *       "createdAt": "2026-01-15T09:30:00.000Z",
     *       "updatedAt": "2026-01-15T09:30:00.000Z",
     *       "secret": "whsec_c2hvd24gdGhpcyBvbmNlLCBzbyBrZWVwIGl0IHNhZmU="
     *     }
     */
    CreatedWebhook: {
      /**
       * Format: uuid
       * @example 0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f
       */
      id: string;
      /** @enum {string} */
      contract: 'everhook' | 'sovrin' | 'iceye' | 'celcoin' | 'tyk';
      targetUrl: string;
      events: string[];
      channels: string[];
      description: string | null;
      disabled: boolean;
      /** @enum {string} */
      authType: 'noauth' | 'basic' | 'client_credential';
      timeoutMs: number;
      maxRetries: number;
      /** @description Values of secret headers read `[redacted]`. */
      headers: {
        [key: string]: string;
      };
      /**
       * Format: date-time
       * @example 2026-01-15T09:30:00.000Z
       */
      createdAt: string;
      /**
       * Format: date-time
       * @example 2026-01-15T09:30:00.000Z
       */
      updatedAt: string;
      /** @description Standard Webhooks secret; shown this once. */
      secret: string;
    };
    /**
     * @description Never with a key value or a secret: only AWS keeps those.
     * @example {
     *       "id": "0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f",
     *       "appName": "my new aws app",
     *       "appSlug": "590d83b5c05f",
     *       "developer": "dev@example.com",
     *       "credentialType": "API_KEY",
     *       "status": "active",
     *       "apiKeyId": "k3yid00001",
     *       "usagePlans": [
     *         "1el57v"
     *       ],
     *       "steps": [
     *         {
     *           "operation": "create",
     *           "name": "create-api-key",
     *           "status": "done",
     *           "at": "2026-01-15T09:30:00.000Z"
     *         }
     *       ],
     *       "createdAt": "2026-01-15T09:30:00.000Z",
     *       "updatedAt": "2026-01-15T09:30:01.000Z",
     *       "workflowId": "credential/0198c0de-0000-7000-8000-000000000001/mYyWgJ2R5cZmZ1sJkFJ0mO6wZ8Cn0pQ3rTq1r0cUu7M",
     *       "temporalUrl": null
     *     }
     */
    Credential: {
      /**
       * Format: uuid
       * @example 0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f
       */
      id: string;
      appName: string;
      appSlug: string | null;
      developer: string;
      /** @enum {string} */
      credentialType: 'API_KEY' | 'CLIENT_CREDENTIALS';
      /** @enum {string} */
      status: 'provisioning' | 'active' | 'failed' | 'revoking' | 'revoked' | 'compensation_failed';
      /** @description Of an API key; null until AWS has made it. */
      apiKeyId?: string | null;
      /** @description Of an app client; null until AWS has made it. */
      clientId?: string | null;
      usagePlans: string[];
      /** @description Of an app client. */
      scopes?: string[];
      /** @description Every call on AWS, in the order of doing. */
      steps: {
        /** @enum {string} */
        operation: 'create' | 'update' | 'revoke' | 'repair';
        /** @example attach-usage-plan 1el57v */
        name: string;
        /** @enum {string} */
        status: 'running' | 'done' | 'failed';
        /**
         * Format: date-time
         * @example 2026-01-15T09:30:00.000Z
         */
        at: string;
        error?: string;
      }[];
      /**
       * Format: date-time
       * @example 2026-01-15T09:30:00.000Z
       */
      createdAt: string;
      /**
       * Format: date-time
       * @example 2026-01-15T09:30:00.000Z
       */
      updatedAt: string;
      workflowId: string;
      /** @description The run in the Temporal Web UI; null where none is set up. */
      temporalUrl: string | null;
    };
    /**
     * @example {
     *       "id": "0198c0de-7f3b-7001-8000-3a1b2c4d5e6f",
     *       "eventId": "credential-5f6a1c1e",
     *       "eventType": "OpenIdCredentialIssued",
     *       "webhookId": "0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f",
     *       "status": "pending",
     *       "lastErrorClass": "http_status",
     *       "attempts": [
     *         {
     *           "number": 1,
     *           "startedAt": "2026-01-15T09:30:00.012Z",
     *           "durationMs": 41,
     *           "statusCode": 503,
     *           "errorClass": "http_status",
     *           "responseBody": "try again later",
     *           "responseHeaders": {
     *             "content-type": "text/plain",
     *             "retry-after": "2",
     *             "server": "nginx",
     *             "x-request-id": "7f3a1b"
     *           }
     *         }
     *       ],
     *       "retrySchedule": [
     *         2000,
     *         4000,
     *         8000
     *       ],
     *       "nextAttemptAt": "2026-01-15T09:30:02.053Z",
     *       "createdAt": "2026-01-15T09:30:00.000Z",
     *       "completedAt": null,
     *       "workflowId": "delivery/0198c0de-0000-7000-8000-000000000001/0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f/0198c0de-7f3b-7000-8000-000000000002",
     *       "temporalUrl": null
     *     }
     */
    Delivery: {
      /**
       * Format: uuid
       * @example 0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f
       */
      id: string;
      /** @example invoice-2026-0001 */
      eventId: string;
      eventType: string;
      /**
       * Format: uuid
       * @example 0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f
       */
      webhookId: string;
      /** @enum {string} */
      status: 'pending' | 'delivered' | 'failed' | 'cancelled';
      /** @description Of its last attempt, where that failed. */
      lastErrorClass:
        | (
            | 'http_status'
            | 'timeout'
            | 'connect_error'
            | 'dns_error'
            | 'tls_error'
            | 'protocol_error'
            | 'blocked_address'
            | 'auth_error'
          )
        | null;
      nextAttemptAt: string | null;
      /**
       * Format: date-time
       * @example 2026-01-15T09:30:00.000Z
       */
      createdAt: string;
      completedAt: string | null;
      /** @description The workflow that carries it: its own, or the burst that made its last attempt. */
      workflowId: string;
      /** @description The run in the Temporal Web UI; null where none is set up. */
      temporalUrl: string | null;
      attempts: components['schemas']['Attempt'][];
      /** @description Milliseconds to wait before each retry. */
      retrySchedule: number[];
    };
    DeliveryRequest: {
      attempt: number;
      /**
       * Format: date-time
       * @example 2026-01-15T09:30:00.000Z
       */
      sentAt: string;
      /** @enum {string} */
      method: 'POST' | 'PUT' | 'PATCH';
      url: string;
      headers: {
        name: string;
        value: string;
        /**
         * @description `signature`: what receivers verify; `custom`: set on the webhook. Secret values are not shown.
         * @enum {string}
         */
        purpose: 'content' | 'signature' | 'custom';
      }[];
      /** @description Its first 16 KiB. */
      body: string;
      bodyBytes: number;
    };
    DeliveryTrend: {
      /**
       * Format: date-time
       * @example 2026-01-15T09:30:00.000Z
       */
      from: string;
      /**
       * Format: date-time
       * @example 2026-01-15T09:30:00.000Z
       */
      to: string;
      /** @enum {string} */
      step: '1m' | '5m' | '15m' | '1h' | '6h' | '1d';
      total: {
        deliveries: {
          pending: number;
          delivered: number;
          failed: number;
          cancelled: number;
        };
        /** @description delivered / (delivered + failed); null before either. */
        successRate: number | null;
        /** @description HTTP exchanges that were made for them. */
        attempts: number;
        /** @description From publishing to the answer that delivered it; null where nothing was delivered. Of a sample where there are more than a few hundred in a bucket. */
        timeToDeliveryMs: {
          p50: number | null;
          p95: number | null;
        };
      };
      /** @description By the time that deliveries were made: one after the other, without gaps. */
      buckets: {
        /**
         * Format: date-time
         * @example 2026-01-15T09:30:00.000Z
         */
        from: string;
        deliveries: {
          pending: number;
          delivered: number;
          failed: number;
          cancelled: number;
        };
        /** @description delivered / (delivered + failed); null before either. */
        successRate: number | null;
        /** @description HTTP exchanges that were made for them. */
        attempts: number;
        /** @description From publishing to the answer that delivered it; null where nothing was delivered. Of a sample where there are more than a few hundred in a bucket. */
        timeToDeliveryMs: {
          p50: number | null;
          p95: number | null;
        };
      }[];
    };
    Event: {
      /** @example invoice-2026-0001 */
      id: string;
      type: string;
      /**
       * Format: date-time
       * @example 2026-01-15T09:30:00.000Z
       */
      occurredAt: string;
      webhookId: string | null;
      channel: string | null;
      /**
       * Format: date-time
       * @example 2026-01-15T09:30:00.000Z
       */
      createdAt: string;
      /** @description Null: it is no longer kept. */
      payload: {
        [key: string]: unknown;
      } | null;
    };
    /**
     * @example {
     *       "name": "invoice.paid",
     *       "contract": "everhook",
     *       "builtIn": false,
     *       "aliases": [],
     *       "description": "An invoice was paid in full.",
     *       "schema": {
     *         "type": "object",
     *         "properties": {
     *           "invoiceId": {
     *             "type": "string"
     *           },
     *           "amount": {
     *             "type": "string",
     *             "pattern": "^[0-9]+\\.[0-9]{2}$"
     *           }
     *         },
     *         "required": [
     *           "invoiceId",
     *           "amount"
     *         ]
     *       },
     *       "example": {
     *         "invoiceId": "inv_42",
     *         "amount": "99.50"
     *       },
     *       "createdAt": "2026-01-15T09:30:00.000Z",
     *       "updatedAt": "2026-01-15T09:30:00.000Z"
     *     }
     */
    EventType: {
      name: string;
      /**
       * @description Whose it is; `everhook` for a tenant's own.
       * @enum {string}
       */
      contract: 'everhook' | 'sovrin' | 'iceye' | 'celcoin' | 'tyk';
      builtIn: boolean;
      /** @description Other spellings that are taken; `name` is stored and sent. */
      aliases: string[];
      description: string;
      /** @description JSON Schema 2020-12 of the payload; null where each object fits. */
      schema: {
        [key: string]: unknown;
      } | null;
      example: {
        [key: string]: unknown;
      } | null;
      /** @description Null for built-in ones. */
      createdAt: string | null;
      updatedAt: string | null;
    };
    /**
     * @example {
     *       "description": "An invoice was paid in full.",
     *       "schema": {
     *         "type": "object",
     *         "properties": {
     *           "invoiceId": {
     *             "type": "string"
     *           },
     *           "amount": {
     *             "type": "string",
     *             "pattern": "^[0-9]+\\.[0-9]{2}$"
     *           }
     *         },
     *         "required": [
     *           "invoiceId",
     *           "amount"
     *         ]
     *       },
     *       "example": {
     *         "invoiceId": "inv_42",
     *         "amount": "99.50"
     *       }
     *     }
     */
    EventTypeBody: {
      description: string;
      /** @description JSON Schema 2020-12 of the payload, as an object; without one, or with null, each object fits. The boolean schemas `true` and `false` are taken inside it only. References stay inside it; patterns are those of RE2, without look-around and back-references; `$dynamicRef` is not supported. */
      schema?: {
        [key: string]: unknown;
      } | null;
      /** @description A payload that fits the schema: what test deliveries have. */
      example?: {
        [key: string]: unknown;
      } | null;
    };
    /** @description Of each kind at most 10000 deliveries are looked at. */
    Failing: {
      /**
       * Format: date-time
       * @example 2026-01-15T09:30:00.000Z
       */
      since: string;
      /** @description Those that fail, are disabled, or have failed since their last success; 100 at most. */
      webhooks: {
        /**
         * Format: uuid
         * @example 0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f
         */
        webhookId: string;
        /** @enum {string} */
        contract: 'everhook' | 'sovrin' | 'iceye' | 'celcoin' | 'tyk';
        targetUrl: string;
        description: string | null;
        disabled: boolean;
        /** @description When the first attempt failed since the last that succeeded; null when the last one succeeded. Of a disabled webhook: why it is disabled, unless somebody did it for another reason. */
        failingSince: string | null;
        /** @description Deliveries that have failed for good. */
        failed: number;
        /** @description Deliveries whose last attempt failed and that will be tried again. */
        retrying: number;
        /** @description Of both, most frequent first. */
        errors: {
          /** @enum {string} */
          errorClass:
            | 'http_status'
            | 'timeout'
            | 'connect_error'
            | 'dns_error'
            | 'tls_error'
            | 'protocol_error'
            | 'blocked_address'
            | 'auth_error';
          count: number;
        }[];
        /** @description The last attempt of the newest of them. */
        last: {
          /**
           * Format: uuid
           * @example 0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f
           */
          deliveryId: string;
          /**
           * Format: date-time
           * @example 2026-01-15T09:30:00.000Z
           */
          at: string;
          statusCode: number | null;
          /** @enum {string} */
          errorClass:
            | 'http_status'
            | 'timeout'
            | 'connect_error'
            | 'dns_error'
            | 'tls_error'
            | 'protocol_error'
            | 'blocked_address'
            | 'auth_error';
        } | null;
      }[];
      /** @description All deliveries that are not finished, counted up to 10000. */
      pending: {
        count: number;
        oldestAt: string | null;
      };
    };
    ListedDelivery: {
      /**
       * Format: uuid
       * @example 0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f
       */
      id: string;
      /** @example invoice-2026-0001 */
      eventId: string;
      eventType: string;
      /**
       * Format: uuid
       * @example 0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f
       */
      webhookId: string;
      /** @enum {string} */
      status: 'pending' | 'delivered' | 'failed' | 'cancelled';
      /** @description Of its last attempt, where that failed. */
      lastErrorClass:
        | (
            | 'http_status'
            | 'timeout'
            | 'connect_error'
            | 'dns_error'
            | 'tls_error'
            | 'protocol_error'
            | 'blocked_address'
            | 'auth_error'
          )
        | null;
      nextAttemptAt: string | null;
      /**
       * Format: date-time
       * @example 2026-01-15T09:30:00.000Z
       */
      createdAt: string;
      completedAt: string | null;
      /** @description The workflow that carries it: its own, or the burst that made its last attempt. */
      workflowId: string;
      /** @description The run in the Temporal Web UI; null where none is set up. */
      temporalUrl: string | null;
    };
    ListedEvent: {
      /** @example invoice-2026-0001 */
      id: string;
      type: string;
      /**
       * Format: date-time
       * @example 2026-01-15T09:30:00.000Z
       */
      occurredAt: string;
      webhookId: string | null;
      channel: string | null;
      /**
       * Format: date-time
       * @example 2026-01-15T09:30:00.000Z
       */
      createdAt: string;
    };
    /**
     * @example {
     *       "type": "DATA",
     *       "loggedUser": {
     *         "document": {
     *           "identification": "12345678909",
     *           "rel": "CPF"
     *         }
     *       },
     *       "permissions": [
     *         "ACCOUNTS_READ",
     *         "ACCOUNTS_BALANCES_READ",
     *         "RESOURCES_READ"
     *       ]
     *     }
     */
    NewConsent: {
      /**
       * @description Which webhooks of the Celcoin contract hear of it.
       * @enum {string}
       */
      type: 'DATA' | 'PAYMENT';
      loggedUser: {
        document: {
          /**
           * @description Number of the CPF, digits only; its check digits are not verified. Stored encrypted, never shown.
           * @example 12345678909
           */
          identification: string;
          /** @constant */
          rel: 'CPF';
        };
      };
      permissions: (
        | 'ACCOUNTS_READ'
        | 'ACCOUNTS_BALANCES_READ'
        | 'ACCOUNTS_TRANSACTIONS_READ'
        | 'ACCOUNTS_OVERDRAFT_LIMITS_READ'
        | 'CREDIT_CARDS_ACCOUNTS_READ'
        | 'CREDIT_CARDS_ACCOUNTS_BILLS_READ'
        | 'CREDIT_CARDS_ACCOUNTS_BILLS_TRANSACTIONS_READ'
        | 'CREDIT_CARDS_ACCOUNTS_LIMITS_READ'
        | 'CREDIT_CARDS_ACCOUNTS_TRANSACTIONS_READ'
        | 'CUSTOMERS_PERSONAL_IDENTIFICATIONS_READ'
        | 'CUSTOMERS_PERSONAL_ADITTIONALINFO_READ'
        | 'CUSTOMERS_BUSINESS_IDENTIFICATIONS_READ'
        | 'CUSTOMERS_BUSINESS_ADITTIONALINFO_READ'
        | 'FINANCINGS_READ'
        | 'FINANCINGS_SCHEDULED_INSTALMENTS_READ'
        | 'FINANCINGS_PAYMENTS_READ'
        | 'FINANCINGS_WARRANTIES_READ'
        | 'INVOICE_FINANCINGS_READ'
        | 'INVOICE_FINANCINGS_SCHEDULED_INSTALMENTS_READ'
        | 'INVOICE_FINANCINGS_PAYMENTS_READ'
        | 'INVOICE_FINANCINGS_WARRANTIES_READ'
        | 'LOANS_READ'
        | 'LOANS_SCHEDULED_INSTALMENTS_READ'
        | 'LOANS_PAYMENTS_READ'
        | 'LOANS_WARRANTIES_READ'
        | 'UNARRANGED_ACCOUNTS_OVERDRAFT_READ'
        | 'UNARRANGED_ACCOUNTS_OVERDRAFT_SCHEDULED_INSTALMENTS_READ'
        | 'UNARRANGED_ACCOUNTS_OVERDRAFT_PAYMENTS_READ'
        | 'UNARRANGED_ACCOUNTS_OVERDRAFT_WARRANTIES_READ'
        | 'RESOURCES_READ'
        | 'BANK_FIXED_INCOMES_READ'
        | 'CREDIT_FIXED_INCOMES_READ'
        | 'FUNDS_READ'
        | 'VARIABLE_INCOMES_READ'
        | 'TREASURE_TITLES_READ'
        | 'EXCHANGES_READ'
      )[];
      /**
       * Format: date-time
       * @description Until when what is agreed on holds, at most 12 months ahead. Kept with the consent; nothing happens at it, and the two deadlines are what they are, also when it lies before them.
       */
      expirationDateTime?: string;
    };
    /**
     * @example {
     *       "id": "credential-5f6a1c1e",
     *       "type": "OpenIdCredentialIssued",
     *       "payload": {
     *         "credentialId": "5f6a1c1e-8f0b-4f0a-9a57-0d8f1b7a3c11"
     *       },
     *       "occurredAt": "2026-01-15T09:30:00.000Z"
     *     }
     */
    NewEvent: {
      /**
       * @description Receivers dedupe by it; generated when left out.
       * @example invoice-2026-0001
       */
      id?: string;
      /** @example everhook.test */
      type: string;
      /**
       * @example {
       *       "message": "Hello"
       *     }
       */
      payload: {
        [key: string]: unknown;
      };
      /** Format: date-time */
      occurredAt?: string;
      /**
       * Format: uuid
       * @description Narrows the event to one webhook.
       */
      webhookId?: string;
      /** @description Narrows it to webhooks of this channel and those of none. */
      channel?: string;
    };
    /**
     * @example {
     *       "targetUrl": "https://example.com/hooks",
     *       "events": [
     *         "invoice.*",
     *         "OpenIdCredentialIssued"
     *       ],
     *       "auth": {
     *         "type": "basic",
     *         "username": "everhook",
     *         "password": "correct horse battery staple"
     *       },
     *       "headers": {
     *         "X-Environment": "production"
     *       }
     *     }
     */
    NewWebhook: {
      /** @example https://example.com/hooks */
      targetUrl: string;
      /**
       * @description Names of event types, prefixes such as `invoice.*` or `consent:*`, or `*`.
       * @example [
       *       "invoice.*",
       *       "OpenIdCredentialIssued"
       *     ]
       */
      events: string[];
      description?: string;
      /** @default false */
      disabled?: boolean;
      auth?: components['schemas']['WebhookAuth'] | null;
      /**
       * @default {}
       * @example {
       *       "X-Environment": "production"
       *     }
       */
      headers?: {
        [key: string]: string;
      };
      /**
       * @description Only events that are published to one of these channels; empty: events of any channel and of none.
       * @default []
       * @example [
       *       "customer-42"
       *     ]
       */
      channels?: string[];
      /**
       * @description Of a whole attempt, from DNS to the end of the body.
       * @default 3000
       */
      timeoutMs?: number;
      /** @default 3 */
      maxRetries?: number;
    };
    /**
     * @description RFC 9457 problem details.
     * @example {
     *       "type": "/problems/validation-failed",
     *       "title": "The request is not valid",
     *       "status": 400,
     *       "detail": "The body is not valid.",
     *       "requestId": "0b8e6f6c-8a51-4d0f-9d3c-1f2e3d4c5b6a",
     *       "errors": [
     *         {
     *           "pointer": "/targetUrl",
     *           "message": "The URL must start with https://."
     *         }
     *       ]
     *     }
     */
    Problem: {
      /** @enum {string} */
      type:
        | '/problems/malformed-request'
        | '/problems/validation-failed'
        | '/problems/unauthorized'
        | '/problems/forbidden'
        | '/problems/not-found'
        | '/problems/method-not-allowed'
        | '/problems/request-timeout'
        | '/problems/conflict'
        | '/problems/payload-too-large'
        | '/problems/unsupported-media-type'
        | '/problems/unprocessable'
        | '/problems/too-many-requests'
        | '/problems/internal-error'
        | '/problems/bad-gateway'
        | '/problems/unavailable';
      title: string;
      status: number;
      detail: string;
      requestId: string;
      /** @description What is wrong where: JSON Pointers into the body, or `/name` of a query parameter. */
      errors?: {
        pointer: string;
        message: string;
      }[];
    };
    /**
     * @example {
     *       "id": "credential-5f6a1c1e",
     *       "type": "OpenIdCredentialIssued",
     *       "duplicate": false,
     *       "deliveries": [
     *         {
     *           "id": "0198c0de-7f3b-7001-8000-3a1b2c4d5e6f",
     *           "webhookId": "0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f"
     *         }
     *       ]
     *     }
     */
    PublishedEvent: {
      /** @example invoice-2026-0001 */
      id: string;
      type: string;
      /** @description Published before with the same content; nothing is sent again. */
      duplicate: boolean;
      deliveries: {
        /**
         * Format: uuid
         * @example 0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f
         */
        id: string;
        /**
         * Format: uuid
         * @example 0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f
         */
        webhookId: string;
      }[];
    };
    /**
     * @example {
     *       "id": "0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f",
     *       "contract": "everhook",
     *       "targetUrl": "https://example.com/hooks",
     *       "events": [
     *         "OpenIdCredentialIssued"
     *       ],
     *       "channels": [],
     *       "description": null,
     *       "disabled": false,
     *       "authType": "basic",
     *       "timeoutMs": 3000,
     *       "maxRetries": 3,
     *       "headers": {
     *         "X-Environment": "production",
     *         "X-Api-Key": "[redacted]"
     *       },
     *       "createdAt": "2026-01-15T09:30:00.000Z",
     *       "updatedAt": "2026-01-15T09:30:00.000Z"
     *     }
     */
    Webhook: {
      /**
       * Format: uuid
       * @example 0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f
       */
      id: string;
      /** @enum {string} */
      contract: 'everhook' | 'sovrin' | 'iceye' | 'celcoin' | 'tyk';
      targetUrl: string;
      events: string[];
      channels: string[];
      description: string | null;
      disabled: boolean;
      /** @enum {string} */
      authType: 'noauth' | 'basic' | 'client_credential';
      timeoutMs: number;
      maxRetries: number;
      /** @description Values of secret headers read `[redacted]`. */
      headers: {
        [key: string]: string;
      };
      /**
       * Format: date-time
       * @example 2026-01-15T09:30:00.000Z
       */
      createdAt: string;
      /**
       * Format: date-time
       * @example 2026-01-15T09:30:00.000Z
       */
      updatedAt: string;
    };
    WebhookAuth:
      | {
          /** @constant */
          type: 'noauth';
        }
      | {
          /** @constant */
          type: 'basic';
          username: string & (unknown & unknown);
          /** Format: password */
          password: string;
        }
      | {
          /** @constant */
          type: 'client_credential';
          clientID: string;
          /** Format: password */
          clientSecret: string;
          /** @description Judged by the same rules as the target. */
          tokenURL: string;
        };
    /**
     * @example {
     *       "disabled": true,
     *       "maxRetries": 5
     *     }
     */
    WebhookChanges: {
      disabled?: boolean;
      /**
       * @description Names of event types, prefixes such as `invoice.*` or `consent:*`, or `*`.
       * @example [
       *       "invoice.*",
       *       "OpenIdCredentialIssued"
       *     ]
       */
      events?: string[];
      /** @description Of a whole attempt, from DNS to the end of the body. */
      timeoutMs?: number;
      maxRetries?: number;
      /**
       * @example {
       *       "X-Environment": "production"
       *     }
       */
      headers?: {
        [key: string]: string;
      };
      /**
       * @description Only events that are published to one of these channels; empty: events of any channel and of none.
       * @example [
       *       "customer-42"
       *     ]
       */
      channels?: string[];
    };
    /**
     * @example {
     *       "since": "2026-01-15T09:30:00.000Z",
     *       "data": [
     *         {
     *           "webhookId": "0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f",
     *           "deliveries": {
     *             "pending": 2,
     *             "delivered": 97,
     *             "failed": 3,
     *             "cancelled": 0
     *           },
     *           "successRate": 0.97,
     *           "lastFailure": {
     *             "deliveryId": "0198c0de-7f3b-7001-8000-3a1b2c4d5e6f",
     *             "errorClass": "timeout",
     *             "at": "2026-01-15T12:10:00.000Z"
     *           },
     *           "failingSince": null,
     *           "disabled": null
     *         }
     *       ]
     *     }
     */
    WebhookReports: {
      /**
       * Format: date-time
       * @example 2026-01-15T09:30:00.000Z
       */
      since: string;
      data: {
        /**
         * Format: uuid
         * @example 0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f
         */
        webhookId: string;
        deliveries: {
          pending: number;
          delivered: number;
          failed: number;
          cancelled: number;
        };
        /** @description delivered / (delivered + failed); null before either. */
        successRate: number | null;
        /** @description The newest delivery since then whose last attempt failed. */
        lastFailure: {
          /**
           * Format: uuid
           * @example 0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f
           */
          deliveryId: string;
          /** @enum {string} */
          errorClass:
            | 'http_status'
            | 'timeout'
            | 'connect_error'
            | 'dns_error'
            | 'tls_error'
            | 'protocol_error'
            | 'blocked_address'
            | 'auth_error';
          /**
           * Format: date-time
           * @example 2026-01-15T09:30:00.000Z
           */
          at: string;
        } | null;
        /** @description Since when nothing has reached it; null: its last attempt did, or there was none. */
        failingSince: string | null;
        /** @description Null: it is enabled, or was registered as disabled. */
        disabled: {
          /**
           * @description `worker`: because all attempts failed for days.
           * @enum {string}
           */
          by: 'worker' | 'caller';
          /**
           * Format: date-time
           * @example 2026-01-15T09:30:00.000Z
           */
          at: string;
        } | null;
      }[];
    };
    /**
     * @example {
     *       "since": "2026-01-15T09:30:00.000Z",
     *       "deliveries": {
     *         "pending": 2,
     *         "delivered": 97,
     *         "failed": 3,
     *         "cancelled": 0
     *       },
     *       "successRate": 0.97,
     *       "durationMs": {
     *         "p50": 41,
     *         "p95": 180,
     *         "p99": 950
     *       }
     *     }
     */
    WebhookStats: {
      /**
       * Format: date-time
       * @example 2026-01-15T09:30:00.000Z
       */
      since: string;
      deliveries: {
        pending: number;
        delivered: number;
        failed: number;
        cancelled: number;
      };
      /** @description delivered / (delivered + failed); null before either. */
      successRate: number | null;
      /** @description Of attempts; null when there was none. */
      durationMs: {
        p50: number | null;
        p95: number | null;
        p99: number | null;
      };
    };
  };
  responses: never;
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}
export interface operations {
  issueToken: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/x-www-form-urlencoded': {
          /** @constant */
          grant_type: 'client_credentials';
          /** @description Unless sent with HTTP Basic. */
          client_id?: string;
          /** Format: password */
          client_secret?: string;
          /** @description Space-separated; narrows the token to these. */
          scope?: string;
        };
      };
    };
    responses: {
      /** @description A token */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            access_token: string;
            /** @constant */
            token_type: 'Bearer';
            expires_in: number;
            scope: string;
          };
        };
      };
    };
  };
  listWebhooks: {
    parameters: {
      query?: {
        limit?: number;
        /** @description `nextCursor` of the page before. */
        cursor?: string;
        contract?: 'everhook' | 'sovrin' | 'iceye' | 'celcoin' | 'tyk';
        disabled?: boolean;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            data: components['schemas']['Webhook'][];
            /** @description Give it back as `cursor`; null on the last page. */
            nextCursor: string | null;
          };
        };
      };
    };
  };
  createWebhook: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['NewWebhook'];
      };
    };
    responses: {
      /** @description Registered */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['CreatedWebhook'];
        };
      };
    };
  };
  getWebhook: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The webhook */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Webhook'];
        };
      };
    };
  };
  deleteWebhook: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Removed */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  changeWebhook: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['WebhookChanges'];
      };
    };
    responses: {
      /** @description The webhook as it is now */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Webhook'];
        };
      };
    };
  };
  rotateWebhookSecret: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': {
          /**
           * @description How long the secret before signs too.
           * @default 86400
           */
          graceSeconds?: number;
        };
      };
    };
    responses: {
      /** @description The new secret */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            /** @description Standard Webhooks secret; shown this once. */
            secret: string;
          };
        };
      };
    };
  };
  testWebhook: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': Record<string, never>;
      };
    };
    responses: {
      /** @description The delivery of the sample */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Delivery'];
        };
      };
    };
  };
  recoverWebhook: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /** Format: date-time */
          since: string;
          /** Format: date-time */
          until?: string;
          /** @default false */
          dryRun?: boolean;
        };
      };
    };
    responses: {
      /** @description How many are on their way, or would be */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            count: number;
          };
        };
      };
    };
  };
  getWebhookStats: {
    parameters: {
      query?: {
        /** @description Of deliveries made then or later; 24 hours ago by default. */
        since?: string;
      };
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Counts, success rate and durations */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['WebhookStats'];
        };
      };
    };
  };
  listWebhookReports: {
    parameters: {
      query?: {
        /** @description Of deliveries made then or later; 24 hours ago by default. */
        since?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description One report a webhook, newest first */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['WebhookReports'];
        };
      };
    };
  };
  listEvents: {
    parameters: {
      query?: {
        limit?: number;
        /** @description `nextCursor` of the page before. */
        cursor?: string;
        /** @description Created then or later. */
        after?: string;
        /** @description Created before then. */
        before?: string;
        type?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page, without payloads */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            data: components['schemas']['ListedEvent'][];
            /** @description Give it back as `cursor`; null on the last page. */
            nextCursor: string | null;
          };
        };
      };
    };
  };
  publishEvent: {
    parameters: {
      query?: never;
      header?: {
        /** @description An alternative to `id` in the body. */
        'Idempotency-Key'?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['NewEvent'];
      };
    };
    responses: {
      /** @description Stored */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['PublishedEvent'];
        };
      };
    };
  };
  publishEvents: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          events: components['schemas']['NewEvent'][];
        };
      };
    };
    responses: {
      /** @description One result an event */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['BatchResults'];
        };
      };
    };
  };
  getEvent: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The event */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Event'];
        };
      };
    };
  };
  listEventTypes: {
    parameters: {
      query?: {
        limit?: number;
        /** @description `nextCursor` of the page before. */
        cursor?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page of the catalogue */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            data: components['schemas']['EventType'][];
            /** @description Give it back as `cursor`; null on the last page. */
            nextCursor: string | null;
          };
        };
      };
    };
  };
  getEventType: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        name: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The event type */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['EventType'];
        };
      };
    };
  };
  putEventType: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        name: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['EventTypeBody'];
      };
    };
    responses: {
      /** @description Replaced */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['EventType'];
        };
      };
      /** @description Made */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['EventType'];
        };
      };
    };
  };
  deleteEventType: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        name: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Removed */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  listDeliveries: {
    parameters: {
      query?: {
        limit?: number;
        /** @description `nextCursor` of the page before. */
        cursor?: string;
        /** @description Created then or later. */
        after?: string;
        /** @description Created before then. */
        before?: string;
        status?: 'pending' | 'delivered' | 'failed' | 'cancelled';
        webhookId?: string;
        eventId?: string;
        eventType?: string;
        /** @description Only those whose last attempt failed so: failed ones, pending ones that are tried again, and cancelled ones. One that was delivered after all is none of them. */
        errorClass?:
          | 'http_status'
          | 'timeout'
          | 'connect_error'
          | 'dns_error'
          | 'tls_error'
          | 'protocol_error'
          | 'blocked_address'
          | 'auth_error';
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page, without attempts */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            data: components['schemas']['ListedDelivery'][];
            /** @description Give it back as `cursor`; null on the last page. */
            nextCursor: string | null;
          };
        };
      };
    };
  };
  getDelivery: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The delivery */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Delivery'];
        };
      };
    };
  };
  retryDelivery: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': Record<string, never>;
      };
    };
    responses: {
      /** @description The delivery on its way */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            /**
             * Format: uuid
             * @example 0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f
             */
            id: string;
          };
        };
      };
    };
  };
  cancelDelivery: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': Record<string, never>;
      };
    };
    responses: {
      /** @description Cancelled */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            /**
             * Format: uuid
             * @example 0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f
             */
            id: string;
          };
        };
      };
    };
  };
  getDeliveryRequest: {
    parameters: {
      query?: {
        /** @description The last one where left out. */
        attempt?: number;
      };
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The request */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['DeliveryRequest'];
        };
      };
    };
  };
  getDeliveryTrend: {
    parameters: {
      query?: {
        /** @description Deliveries made then or later; 24 hours before `to` by default. */
        from?: string;
        /** @description Deliveries made before then; now by default. */
        to?: string;
        /** @description Width of a bucket; chosen by the time asked for unless said. At most 200 buckets. */
        step?: '1m' | '5m' | '15m' | '1h' | '6h' | '1d';
        /** @description Of this webhook only. */
        webhookId?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Counts, success rates and times to delivery */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['DeliveryTrend'];
        };
      };
    };
  };
  getFailing: {
    parameters: {
      query?: {
        /** @description Deliveries made within the last so many minutes; 60 by default. */
        minutes?: number;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Webhooks that need somebody */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Failing'];
        };
      };
    };
  };
  listConsents: {
    parameters: {
      query?: {
        limit?: number;
        /** @description `nextCursor` of the page before. */
        cursor?: string;
        status?: 'AWAITING_AUTHORISATION' | 'AUTHORISED' | 'REJECTED' | 'CONSUMED' | 'EXPIRED' | 'REVOKED';
        type?: 'DATA' | 'PAYMENT';
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            data: components['schemas']['Consent'][];
            /** @description Give it back as `cursor`; null on the last page. */
            nextCursor: string | null;
          };
        };
      };
    };
  };
  createConsent: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['NewConsent'];
      };
    };
    responses: {
      /** @description Created */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Consent'];
        };
      };
    };
  };
  getConsent: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        consentId: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The consent */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Consent'];
        };
      };
    };
  };
  approveConsent: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        consentId: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': components['schemas']['ConsentAction'];
      };
    };
    responses: {
      /** @description Carried out */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Consent'];
        };
      };
      /** @description Accepted, and not carried out within 5 s; the consent as last known */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ConsentWithAcceptance'];
        };
      };
    };
  };
  rejectConsent: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        consentId: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': components['schemas']['ConsentAction'];
      };
    };
    responses: {
      /** @description Carried out */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Consent'];
        };
      };
      /** @description Accepted, and not carried out within 5 s; the consent as last known */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ConsentWithAcceptance'];
        };
      };
    };
  };
  consumeConsent: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        consentId: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': components['schemas']['ConsentAction'];
      };
    };
    responses: {
      /** @description Carried out */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Consent'];
        };
      };
      /** @description Accepted, and not carried out within 5 s; the consent as last known */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ConsentWithAcceptance'];
        };
      };
    };
  };
  revokeConsent: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        consentId: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': components['schemas']['ConsentAction'];
      };
    };
    responses: {
      /** @description Carried out */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Consent'];
        };
      };
      /** @description Accepted, and not carried out within 5 s; the consent as last known */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ConsentWithAcceptance'];
        };
      };
    };
  };
  getConsentHistory: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        consentId: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Its steps */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ConsentHistory'];
        };
      };
    };
  };
  listCredentials: {
    parameters: {
      query?: {
        limit?: number;
        /** @description `nextCursor` of the page before. */
        cursor?: string;
        /** @description Created then or later. */
        after?: string;
        /** @description Created before then. */
        before?: string;
        status?: 'provisioning' | 'active' | 'failed' | 'revoking' | 'revoked' | 'compensation_failed';
        credentialType?: 'API_KEY' | 'CLIENT_CREDENTIALS';
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            data: components['schemas']['Credential'][];
            /** @description Give it back as `cursor`; null on the last page. */
            nextCursor: string | null;
          };
        };
      };
    };
  };
  getCredential: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The credential */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Credential'];
        };
      };
    };
  };
  listAudit: {
    parameters: {
      query?: {
        limit?: number;
        /** @description `nextCursor` of the page before. */
        cursor?: string;
        /** @description Created then or later. */
        after?: string;
        /** @description Created before then. */
        before?: string;
        action?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page of the audit log */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            data: components['schemas']['AuditEntry'][];
            /** @description Give it back as `cursor`; null on the last page. */
            nextCursor: string | null;
          };
        };
      };
    };
  };
  live: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description It does */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            /** @constant */
            status: 'ok';
          };
        };
      };
    };
  };
  ready: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Both can */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            /** @enum {string} */
            status: 'ready' | 'unavailable';
            postgresql: boolean;
            temporal: boolean;
          };
        };
      };
    };
  };
  getOpenApi: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OpenAPI 3.1 */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            openapi: string;
          } & {
            [key: string]: unknown;
          };
        };
      };
    };
  };
}
