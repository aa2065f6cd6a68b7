/** Texts of the page of service accounts. */

import { textsOf } from "../../../i18n/texts";

export const accountTexts = textsOf(
  {
    title: "Service accounts",
    lead: "For programs that work for the workspace and for no person. An account caps what each of its keys may do.",
    needsManager: "Service accounts are for Owners and Admins.",
    create: "Create service account",
    edit: "Edit",
    editThis: (name: string) => `Edit ${name}`,
    remove: "Delete",
    removeThis: (name: string) => `Delete ${name}`,
    columns: { name: "Name", scopes: "Most that its keys may", created: "Created", actions: "Actions" },
    none: "No service accounts yet",
    noneLead: "Make one for a pipeline or an integration, then create a service key for it on the page API Keys.",
    noScopes: "nothing",
    form: {
      name: "Name",
      description: "Description",
      scopes: "The most that each of its keys may do",
      save: "Save",
      caps: "Fewer scopes cap all its keys at once.",
    },
    removal: {
      title: (name: string) => `Delete ${name}?`,
      lead: "All its keys are revoked with it, now and for good:",
      noKeys: "It has no living keys.",
      submit: "Delete",
      done: (name: string, count: number) =>
        `${name} is deleted. ${count === 1 ? "1 key was" : `${count} keys were`} revoked with it.`,
    },
    made: (name: string) => `${name} is made.`,
    saved: (name: string) => `${name} is saved.`,
  },
  {
    title: "Cuentas de servicio",
    lead: "Para programas que trabajan para el espacio y no para una persona. Una cuenta limita lo que puede cada una de sus claves.",
    needsManager: "Las cuentas de servicio son cosa de propietarios y administradores.",
    create: "Crear cuenta de servicio",
    edit: "Editar",
    editThis: (name) => `Editar ${name}`,
    remove: "Eliminar",
    removeThis: (name) => `Eliminar ${name}`,
    columns: { name: "Nombre", scopes: "Lo máximo que pueden sus claves", created: "Creada", actions: "Acciones" },
    none: "Todavía no hay cuentas de servicio",
    noneLead:
      "Crea una para un proceso o una integración, y después una clave de servicio para ella en la página API Keys.",
    noScopes: "nada",
    form: {
      name: "Nombre",
      description: "Descripción",
      scopes: "Lo máximo que puede cada una de sus claves",
      save: "Guardar",
      caps: "Menos permisos limitan al momento todas sus claves.",
    },
    removal: {
      title: (name) => `¿Eliminar ${name}?`,
      lead: "Con ella se revocan todas sus claves, ahora y para siempre:",
      noKeys: "No tiene claves vivas.",
      submit: "Eliminar",
      done: (name, count) =>
        `${name} está eliminada. ${count === 1 ? "Se revocó 1 clave" : `Se revocaron ${count} claves`} con ella.`,
    },
    made: (name) => `${name} está creada.`,
    saved: (name) => `${name} está guardada.`,
  },
);
