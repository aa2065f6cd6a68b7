/** Who did something: by name where there is one, and as the server keeps it for who wants to know exactly. */

import { useQuery } from "@tanstack/react-query";
import { textsOf, useTexts } from "../i18n/texts";
import { actorQuery } from "./actors";

const texts = textsOf(
  {
    key: (name: string) => `key “${name}”`,
    account: (name: string) => `service account “${name}”`,
    operator: "the operator of this server",
    system: "this server",
  },
  {
    key: (name) => `clave «${name}»`,
    account: (name) => `cuenta de servicio «${name}»`,
    operator: "el operador de este servidor",
    system: "este servidor",
  },
);

/** The id in what an audit calls somebody, such as `member:usr_…` or `key:key_… (cbr_live_…4f)`. */
export function idOf(actor: string): string | null {
  return /^[a-z_]+:((?:usr|key|sva)_[0-9a-z]{12})(?![0-9a-z])/.exec(actor)?.[1] ?? null;
}

export function Who({ actor }: { actor: string }) {
  const name = useWho(actor);
  return name === actor ? <span className="mono break">{actor}</span> : <span title={actor}>{name}</span>;
}

/** The same as words alone. */
export function useWho(actor: string): string {
  const words = useTexts(texts);
  const id = idOf(actor);
  const name = useQuery({ ...actorQuery(id ?? ""), enabled: id !== null }).data;
  if (actor === "operator") return words.operator;
  if (actor === "system") return words.system;
  if (id === null || name === undefined || name === null) return actor;
  if (id.startsWith("key_")) return words.key(name);
  return id.startsWith("sva_") ? words.account(name) : name;
}
