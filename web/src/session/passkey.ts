/** The browser's side of passkeys: its own JSON forms, so that no bytes are converted here. */

import type { Shapes } from "../api/server";

/** `options` are for `navigator.credentials`; `ticket` goes back with what it gives. */
export type Ceremony = Shapes["CeremonyReply"];

export interface Shown {
  ticket: string;
  credential: Record<string, unknown>;
}

export function havePasskeys(): boolean {
  return typeof window.PublicKeyCredential?.parseRequestOptionsFromJSON === "function";
}

/** Shows a passkey; null when the person stopped it. */
export async function showPasskey({ options, ticket }: Ceremony): Promise<Shown | null> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(
    options as unknown as PublicKeyCredentialRequestOptionsJSON,
  );
  return shownBy(ticket, () => navigator.credentials.get({ publicKey }));
}

export function canMakePasskeys(): boolean {
  return typeof window.PublicKeyCredential?.parseCreationOptionsFromJSON === "function";
}

/** Makes a passkey; null when the person stopped it. */
export async function makePasskey({ options, ticket }: Ceremony): Promise<Shown | null> {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(
    options as unknown as PublicKeyCredentialCreationOptionsJSON,
  );
  return shownBy(ticket, () => navigator.credentials.create({ publicKey }));
}

async function shownBy(ticket: string, ask: () => Promise<Credential | null>): Promise<Shown | null> {
  try {
    const credential = await ask();
    if (!(credential instanceof PublicKeyCredential)) return null;
    return { ticket, credential: credential.toJSON() as unknown as Record<string, unknown> };
  } catch (error) {
    if (error instanceof DOMException && error.name === "NotAllowedError") return null;
    throw error;
  }
}
