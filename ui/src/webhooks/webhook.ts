import type { components } from "../api/schema.d.ts";

export type Webhook = components["schemas"]["WebhookAnswer"];
