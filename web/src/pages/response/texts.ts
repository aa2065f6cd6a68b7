/** Texts of actions, and how they are called. */

import type { Shapes } from "../../api/server";
import { textsOf } from "../../i18n/texts";
import { defang } from "../../lib/defang";

export const responseTexts = textsOf(
  {
    heading: "What to do",
    lead: "Actions that fit, strongest containment first. What is never done, whoever asks, is not among them.",
    none: "No action follows from this by itself.",
    needsWrite: (role: string) =>
      `Your role (${role}) sees what to do. To try or ask for an action takes the right response:write.`,
    onlyRecorded: "No executor is set up for these actions: what is asked for is written down, and nothing is changed.",
    check: "Dry run",
    checkOf: (action: string, target: string) => `Dry run: ${action} ${target}`,
    ask: "Ask for it",
    asked: (action: string, state: string, id: string) => `${action}: ${state} (${id}).`,
    states: { checked: "checked", recorded: "written down, nothing was changed" },
    copyRaw: "Copy raw",
    reversible: "Can be taken back",
    irreversible: "Cannot be taken back",
    touches: "It touches:",
    reason: "Reason",
    reasonHint: "It is written to the audit log.",
    dryLead: "The dry run changes nothing and tells nobody; it stands in the audit log.",
    wouldBeTaken: "It would be taken",
    recorder: "No executor is set up for it: asked for, it is written down and nothing is changed.",
    actions: {
      isolate_endpoint: "Isolate the endpoint",
      block_ip: "Block the address",
      block_domain: "Block the domain",
      block_url: "Block the URL",
      kill_process: "End the process",
      suspend_process: "Halt the process",
      quarantine_file: "Quarantine the file",
      block_hash: "Block the hash",
      delete_file: "Delete the file",
      disable_account: "Lock the account",
      revoke_sessions: "End its sessions",
      reset_credentials: "Reset the credentials",
      remove_registry_key: "Delete the registry key",
      disable_service: "Disable the service",
      remove_service: "Remove the service",
      collect_forensics: "Collect forensics",
      restore_from_backup: "Restore from backup",
      patch: "Install updates",
      notify_owner: "Tell the owner",
      run_playbook: "Run a playbook",
    },
  },
  {
    heading: "Qué hacer",
    lead: "Acciones adecuadas, primero la contención más fuerte. Lo que nunca se hace, lo pida quien lo pida, no está entre ellas.",
    none: "De esto por sí solo no se sigue ninguna acción.",
    needsWrite: (role) =>
      `Tu rol (${role}) ve qué hacer. Probar o pedir una acción requiere el permiso response:write.`,
    onlyRecorded: "No hay ejecutor configurado para estas acciones: lo que se pide queda anotado y no se cambia nada.",
    check: "Probar",
    checkOf: (action, target) => `Probar: ${action} ${target}`,
    ask: "Pedir la acción",
    asked: (action, state, id) => `${action}: ${state} (${id}).`,
    states: { checked: "comprobada", recorded: "anotada, no se ha cambiado nada" },
    copyRaw: "Copiar original",
    reversible: "Se puede deshacer",
    irreversible: "No se puede deshacer",
    touches: "Afecta a:",
    reason: "Motivo",
    reasonHint: "Se escribe en el registro de auditoría.",
    dryLead: "La prueba no cambia nada ni avisa a nadie; consta en el registro de auditoría.",
    wouldBeTaken: "Se aceptaría",
    recorder: "No hay ejecutor configurado: si se pide, queda anotada y no se cambia nada.",
    actions: {
      isolate_endpoint: "Aislar el equipo",
      block_ip: "Bloquear la dirección",
      block_domain: "Bloquear el dominio",
      block_url: "Bloquear la URL",
      kill_process: "Terminar el proceso",
      suspend_process: "Detener el proceso",
      quarantine_file: "Poner el fichero en cuarentena",
      block_hash: "Bloquear el hash",
      delete_file: "Borrar el fichero",
      disable_account: "Bloquear la cuenta",
      revoke_sessions: "Cerrar sus sesiones",
      reset_credentials: "Renovar las credenciales",
      remove_registry_key: "Borrar la clave del registro",
      disable_service: "Desactivar el servicio",
      remove_service: "Quitar el servicio",
      collect_forensics: "Recoger pruebas forenses",
      restore_from_backup: "Restaurar la copia de seguridad",
      patch: "Instalar actualizaciones",
      notify_owner: "Avisar al responsable",
      run_playbook: "Ejecutar un plan de respuesta",
    },
  },
);

/** One that the console has no words for is called as the API does. */
export function nameOfAction(action: string, texts: (typeof responseTexts)["en"]): string {
  return (texts.actions as Readonly<Record<string, string>>)[action] ?? action;
}

const DEFANGED: ReadonlySet<string> = new Set(["block_ip", "block_domain", "block_url"]);

export function shownTarget({ action, target }: Pick<Shapes["ContainmentReply"], "action" | "target">): string {
  return DEFANGED.has(action) ? defang(target) : target;
}
